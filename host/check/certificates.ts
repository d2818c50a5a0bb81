// Counterpart: util/prosodyctl/check.lua (checks.certs)

import { create_certmanager, load_pair } from "../core/certmanager.ts";
import type { Config } from "../core/configmanager.ts";
import type { EventMap, Server } from "../core/types.ts";
import { Events } from "../util/events.ts";
import type { Finding } from "./findings.ts";

const day = 24 * 60 * 60 * 1000;

/** Days before a certificate's end from which on somebody should be told. */
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
				message: `there is no certificate for ${host}, so that one is made that vouches for itself, about which clients warn`,
				expected: `expected ${host}.crt with ${host}.key, or ${host}/fullchain.pem with ${host}/privkey.pem, in the folder of the option certificates`,
			});
			continue;
		}
		const { certificate } = files.value;
		const pair = load_pair(files.value, passphrase(config, host));
		if (!pair.ok) {
			findings.push({ ...place, severity: "error", message: `${host} gets no TLS: ${pair.error}` });
			continue;
		}
		const { names, parsed } = pair.value;
		if (!covers(names, host)) {
			findings.push({
				...place,
				severity: "warning",
				message: `the certificate ${certificate} is for ${names.join(", ")}, not for ${host}`,
				expected: `expected one that names ${host}`,
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
	}
	return findings;
}

/** The password that the options name for a key. */
function passphrase(config: Config, host: string): string | undefined {
	const ssl = config.get(host, "ssl");
	const password = typeof ssl === "object" && !Array.isArray(ssl) && !(ssl instanceof Map) ? ssl["password"] : undefined;
	return typeof password === "string" ? password : undefined;
}
