// Counterpart: util/prosodyctl/check.lua (checks.certs)

import { resolve } from "node:path";
import { type CertificateFiles, find_cert } from "../../core/certificate_files.ts";
import { create_certmanager, load_pair } from "../../core/certmanager.ts";
import type { Config } from "../../core/configmanager.ts";
import { read_settings } from "../../core/tls_settings.ts";
import type { EventMap, Server } from "../../core/types.ts";
import { Events } from "../../util/events.ts";
import type { Finding } from "./findings.ts";

const day = 24 * 60 * 60 * 1000;

/** How many days before a certificate expires there is a warning. */
const soon = 14;

/** Whether a certificate for these names is one for a domain (RFC 6125 §6.4). */
function covers(names: readonly string[], host: string): boolean {
	return names.includes(host) || names.includes(host.replace(/^[^.]+\./, "*."));
}

/** Looks at the certificates of all hosts that clients log in on, by the rules of the server itself. Writes nothing. */
export function check_certificates(config: Config, config_folder: string, now = Date.now()): Finding[] {
	const hosts: Server["hosts"] = new Map();
	const manager = create_certmanager({
		config,
		hosts,
		events: new Events<EventMap>(),
		logger: () => () => {},
		paths: { data: "", config: config_folder, plugins: [] },
	});
	const findings: Finding[] = [];
	const wanted = config.hosts().filter((host) => config.host_type(host) === "local" && config.get(host, "enabled") !== false);
	for (const host of wanted) {
		const option = config.raw(host)?.has("certificate") ? "certificate" : config.raw(host)?.has("ssl") ? "ssl" : "defined";
		const place = { area: "certificate", host, ...config.location(host, option) } as const;
		const files = manager.host_certificate(host);
		if (!files.ok) {
			findings.push({ ...place, severity: "error", message: `${host} gets no TLS: ${files.error}` });
			continue;
		}
		if (files.value === undefined) {
			findings.push({
				...place,
				severity: "warning",
				message: `there is no certificate for ${host}, so a self-signed one is made; clients will warn about it`,
				expected: `expected ${host}.crt with ${host}.key, or ${host}/fullchain.pem with ${host}/privkey.pem, in the folder of the option certificates`,
			});
			continue;
		}
		findings.push(...check_pair(place, host, files.value, passphrase(config, host), now));
	}
	for (const service of tls_services) findings.push(...check_service(config, config_folder, service, now));
	return findings;
}

/** Services that speak TLS from the first byte. */
const tls_services = ["c2s_direct_tls", "legacy_ssl", "https"];

/** Looks at the certificate that a service's own options name; it is for whatever its clients call the machine. */
function check_service(config: Config, config_folder: string, service: string, now: number): Finding[] {
	const findings: Finding[] = [];
	const path = (value: unknown): string | undefined => (typeof value === "string" ? resolve(config_folder, value) : undefined);
	const settings = read_settings(config.get("*", `${service}_ssl`));
	const [certificate, key] = [path(settings.get("certificate")), path(settings.get("key"))];
	const place = (option: string) => ({ area: "certificate", option, ...config.location("*", option) }) as const;
	if (certificate !== undefined) {
		const here = place(`${service}_ssl`);
		const password = settings.get("password");
		if (key !== undefined) {
			const files = { certificate, key };
			findings.push(...check_pair(here, service, files, typeof password === "string" ? password : undefined, now, false));
		} else findings.push({ ...here, severity: "error", message: `${service} gets no TLS: ${certificate} has no key` });
	}
	const named = path(config.get("*", `${service}_certificate`));
	if (named === undefined) return findings;
	const here = place(`${service}_certificate`);
	const files = find_cert(named, service);
	if (files !== undefined) return [...findings, ...check_pair(here, service, files, undefined, now, false)];
	return [
		...findings,
		{ ...here, severity: "error", message: `${service} gets no TLS: ${named} with a matching key does not exist` },
	];
}

/** Checks a certificate of a host or service. */
function check_pair(
	place: Pick<Finding, "area" | "host" | "option" | "file" | "line">,
	name: string,
	files: CertificateFiles,
	password: string | undefined,
	now: number,
	is_host = true,
): Finding[] {
	const findings: Finding[] = [];
	const { certificate } = files;
	const pair = load_pair(files, password);
	if (!pair.ok) return [{ ...place, severity: "error", message: `${name} gets no TLS: ${pair.error}` }];
	const { names, parsed } = pair.value;
	if (is_host && !covers(names, name)) {
		findings.push({
			...place,
			severity: "warning",
			message: `the certificate ${certificate} is for ${names.join(", ")}, not for ${name}`,
			expected: `expected one that names ${name}`,
		});
	}
	const days_left = Math.floor((Date.parse(parsed.validTo) - now) / day);
	if (Date.parse(parsed.validFrom) > now) {
		const message = `the certificate ${certificate} is not valid before ${parsed.validFrom}`;
		findings.push({ ...place, severity: "warning", message });
	}
	if (days_left < soon) {
		const when = days_left < 0 ? "expired on" : "expires on";
		const message = `the certificate ${certificate} ${when} ${parsed.validTo}`;
		findings.push({ ...place, severity: "warning", message, expected: "expected one that is renewed in time" });
	}
	return findings;
}

/** The password that the options name for a key. */
function passphrase(config: Config, host: string): string | undefined {
	const ssl = config.get(host, "ssl");
	const password = typeof ssl === "object" && !Array.isArray(ssl) && !(ssl instanceof Map) ? ssl["password"] : undefined;
	return typeof password === "string" ? password : undefined;
}
