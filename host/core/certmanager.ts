// Counterpart: core/certmanager.lua

import { createPrivateKey, X509Certificate } from "node:crypto";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { createSecureContext, type TlsOptions } from "node:tls";
import { failed, ok, type Result } from "../util/error.ts";
import { adopt_file } from "../util/file_owner.ts";
import { get_identities, self_signed_certificate } from "../util/x509.ts";
import { type CertificateFiles, find_cert, find_cert_in_index, index_certs, parent_domain } from "./certificate_files.ts";
import type { ConfigValue } from "./config/config.ts";
import { ServiceCertificates } from "./service_certificates.ts";
import { core_defaults, profile_names, profile_settings } from "./tls_profiles.ts";
import {
	alpn_protocols,
	context_options,
	merge_settings,
	read_settings,
	type TlsSettings,
	useless_settings,
} from "./tls_settings.ts";
import { asks_for_certificates, read_tls_file, read_verification } from "./tls_verification.ts";
import type { Server, ServicePort, TlsContext } from "./types.ts";

/** Finds certificates for hosts and services. */
export interface CertManager {
	/**
	 * What a host's streams are encrypted with; undefined where it has no usable certificate, which the log says once.
	 */
	tls_context(host: string): TlsContext | undefined;
	/** The same for streams with other servers; these are asked for their certificates. Options: s2s_ssl; cafile in ssl. */
	peer_tls_context(host: string): TlsContext | undefined;
	/** The same for a port that speaks TLS from the first byte. Its context takes that of the host that a client names. */
	service_tls_context(at: ServicePort): TlsContext | undefined;
	/**
	 * The files of a host's certificate, which may be unusable; undefined where there are none, so that a certificate is made. An
	 * error says which files the configuration names that cannot be read.
	 */
	host_certificate(host: string): Result<CertificateFiles | undefined, string>;
}

/** What of a server its certificates need. */
export type CertificateServices = Pick<Server, "config" | "events" | "hosts" | "logger" | "paths">;

/** The option with settings for these streams only. */
const ssl_options = { c2s: "c2s_ssl", s2s: "s2s_ssl" } as const;

/** Whose streams a context is for. */
type StreamsOf = keyof typeof ssl_options;

/** How long a certificate is valid that this program makes. Only its user can tell whether it is the right one anyway. */
const self_signed_days = 3650;

function message_of(error: unknown): string {
	return error instanceof Error ? error.message : String(error);
}

/** A certificate and its key, read and found to belong together. */
export interface LoadedPair {
	/** The domains that the certificate is for. */
	readonly names: readonly string[];
	readonly parsed: X509Certificate;
	readonly cert: string | Buffer;
	readonly key: string | Buffer;
}

/** Where a certificate is kept that this program makes for a host. */
export function own_certificate_files(host: string, data: string): CertificateFiles {
	const path = join(data, "certificates", encodeURIComponent(host));
	return { certificate: `${path}.crt`, key: `${path}.key` };
}

/** Reads a certificate with its key, and makes sure that they belong together. */
export function load_pair({ certificate, key }: CertificateFiles, passphrase: string | undefined): Result<LoadedPair, string> {
	const cert = read_tls_file(certificate, "certificate");
	if (!cert.ok) return cert;
	const secret = read_tls_file(key, "key");
	if (!secret.ok) return secret;
	let parsed: X509Certificate;
	try {
		parsed = new X509Certificate(cert.value);
	} catch {
		return failed(`the certificate ${certificate} is none: expected a file with -----BEGIN CERTIFICATE-----`);
	}
	try {
		const private_key = createPrivateKey(passphrase === undefined ? secret.value : { key: secret.value, passphrase });
		if (!parsed.checkPrivateKey(private_key)) return failed(`the key ${key} does not belong to the certificate ${certificate}`);
	} catch {
		if (secret.value.includes("ENCRYPTED")) {
			return failed(`the key ${key} is encrypted: set its password in ssl = { password = "…" }`);
		}
		return failed(`the key ${key} is none: expected a file with -----BEGIN PRIVATE KEY-----`);
	}
	return ok({ names: [...get_identities(parsed)], parsed, cert: cert.value, key: secret.value });
}

/** Keeps the certificates of one server. */
export function create_certmanager(server: CertificateServices): CertManager {
	const log = server.logger("certmanager");
	const { config } = server;
	let index: Map<string, CertificateFiles> | undefined;
	const contexts = new Map<string, TlsContext | undefined>();

	let former: ReadonlyMap<string, TlsContext | undefined> = new Map();

	server.events.add_handler("config-reloaded", () => {
		index = undefined;
		former = new Map([...former, ...contexts]);
		contexts.clear();
		services.forget();
	});

	/** A host's own option, not one that it inherits from the global section. */
	function own(host: string, option: string): ConfigValue | undefined {
		const value = config.get(host, option);
		return value === config.get("*", option) ? undefined : value;
	}

	function path_option(value: ConfigValue | undefined): string | undefined {
		return typeof value === "string" ? resolve(server.paths.config, value) : undefined;
	}

	function certificates_folder(): string {
		return path_option(config.get("*", "certificates")) ?? resolve(server.paths.config, "certs");
	}

	function find_host_cert(host: string): CertificateFiles | undefined {
		index ??= index_certs(certificates_folder(), log);
		const named = path_option(config.get(host, "certificate"));
		const found = find_cert_in_index(index, host) ?? find_cert(named ?? certificates_folder(), host);
		if (found !== undefined) return found;
		const parent = parent_domain(host);
		return parent === undefined ? undefined : find_host_cert(parent);
	}

	/** Certificate and key that settings name. */
	function named_files(settings: TlsSettings): Result<CertificateFiles | undefined, string> {
		const certificate = path_option(settings.get("certificate"));
		if (certificate === undefined) return ok(undefined);
		const key = path_option(settings.get("key"));
		return key === undefined ? failed(`ssl names the certificate ${certificate} but no key`) : ok({ certificate, key });
	}

	/**
	 * Makes a context for a certificate, or without one where only the names that clients send decide. Settings may name another
	 * one.
	 */
	function create_context(
		layers: readonly TlsSettings[],
		found: CertificateFiles | LoadedPair | undefined,
	): Result<TlsContext, string> {
		const profile_name = config.get("*", "tls_profile") ?? "intermediate";
		const profile = profile_settings(String(profile_name));
		if (profile === undefined) {
			return failed(`tls_profile is ${JSON.stringify(profile_name)}: expected one of ${profile_names.join(", ")}`);
		}
		for (const what of useless_settings(layers)) log("warn", "The %s", what);
		const merged = merge_settings([core_defaults, profile, ...layers]);
		const named = named_files(merged.settings);
		if (!named.ok) return named;
		const chosen = named.value ?? found;
		const { options, problem } = context_options(merged);
		if (problem !== undefined) return failed(`ssl: ${problem}`);
		const dhparam = merged.settings.get("dhparam");
		if (dhparam === "auto") options.dhparam = "auto";
		else if (typeof dhparam === "string" && dhparam.startsWith("-----BEGIN")) options.dhparam = dhparam;
		else if (typeof dhparam === "string") {
			const parameters = read_tls_file(resolve(server.paths.config, dhparam), "file of DH parameters");
			if (!parameters.ok) return parameters;
			options.dhparam = parameters.value;
		}
		const verification = read_verification(merged, server.paths.config);
		if (!verification.ok) return failed(`ssl: ${verification.error}`);
		const loaded = chosen === undefined || "parsed" in chosen ? ok(chosen) : load_pair(chosen, options.passphrase);
		if (!loaded.ok) return loaded;
		const pair = loaded.value;
		if (pair !== undefined && Date.parse(pair.parsed.validTo) < Date.now()) {
			log("warn", "The certificate for %s expired on %s", pair.names.join(", "), pair.parsed.validTo);
		}
		try {
			const { peers, asks, context = {} } = verification.value;
			const { honorCipherOrder: honor_cipher_order = false } = options;
			const of_pair = pair === undefined ? {} : { cert: pair.cert, key: pair.key };
			const secure_context = createSecureContext({ ...options, ...context, ...of_pair });
			const alpn = alpn_protocols(merged);
			const of_connections: TlsOptions = {
				secureContext: secure_context,
				honorCipherOrder: honor_cipher_order,
				...(options.maxVersion === undefined ? {} : { maxVersion: options.maxVersion }),
				...asks,
				...(alpn === undefined ? {} : { ALPNProtocols: alpn }),
			};
			return ok({
				names: pair?.names ?? [],
				options: of_connections,
				...(peers === undefined ? {} : { verification: peers }),
			});
		} catch (error) {
			return failed(`ssl: ${message_of(error)}`);
		}
	}

	/** A certificate that this program makes. It is kept with the data, where data are kept, so that it stays the same. */
	function own_certificate(host: string): Result<LoadedPair, string> {
		const files = own_certificate_files(host, server.paths.data);
		const folder = dirname(files.certificate);
		if (existsSync(files.certificate) && existsSync(files.key)) {
			const existing = load_pair(files, undefined);
			// A file that cannot be read must not be overwritten.
			if (!existing.ok || Date.parse(existing.value.parsed.validTo) > Date.now()) return existing;
		}
		const made = self_signed_certificate([host], self_signed_days);
		const is_kept = existsSync(server.paths.data);
		if (is_kept) {
			try {
				const is_new = mkdirSync(folder, { recursive: true, mode: 0o700 }) !== undefined;
				if (is_new) adopt_file(folder, server.paths.data);
				for (const [path, text] of [
					[files.key, made.key],
					[files.certificate, made.certificate],
				] as const) {
					writeFileSync(path, text, { mode: 0o600 });
					adopt_file(path, folder);
				}
			} catch (error) {
				return failed(`there is no certificate for ${host}, and none can be kept in ${folder}: ${message_of(error)}`);
			}
		}
		log(
			"warn",
			"There is no certificate for %s in %s, so a self-signed one was made (%s). Clients will warn about it.",
			host,
			certificates_folder(),
			is_kept ? files.certificate : "until the server stops",
		);
		const parsed = new X509Certificate(made.certificate);
		return ok({ names: [...get_identities(parsed)], parsed, cert: made.certificate, key: made.key });
	}

	/** What the options say about a host's streams, the most general first. */
	function host_layers(host: string, kind: StreamsOf = "c2s"): TlsSettings[] {
		const parent = parent_domain(host);
		const own_or_parent = (option: string): ConfigValue | undefined =>
			own(host, option) ?? (parent === undefined ? undefined : own(parent, option));
		return [
			read_settings(config.get("*", "ssl")),
			...(kind === "s2s" ? [asks_for_certificates] : []),
			read_settings(config.get("*", ssl_options[kind])),
			read_settings(own_or_parent("ssl")),
			read_settings(own_or_parent(ssl_options[kind])),
		];
	}

	function host_certificate(host: string): Result<CertificateFiles | undefined, string> {
		const named = named_files(merge_settings(host_layers(host)).settings);
		if (!named.ok || named.value !== undefined) return named;
		const files = find_host_cert(host);
		const wanted = path_option(own(host, "certificate"));
		if (files !== undefined || wanted === undefined) return ok(files);
		return failed(`certificate of ${host}: ${wanted} with a matching key does not exist`);
	}

	function create_host_context(host: string, kind: StreamsOf): Result<TlsContext, string> {
		const layers = host_layers(host, kind);
		const files = host_certificate(host);
		if (!files.ok) return files;
		if (files.value !== undefined) {
			log("debug", "Certificate for %s: %s with key %s", host, files.value.certificate, files.value.key);
			return create_context(layers, files.value);
		}
		const made = own_certificate(host);
		return made.ok ? create_context(layers, made.value) : made;
	}

	function tls_context(host: string, kind: StreamsOf = "c2s"): TlsContext | undefined {
		const name = kind === "c2s" ? host : `${kind} ${host}`;
		if (contexts.has(name)) return contexts.get(name);
		const made = create_host_context(host, kind);
		const context = made.ok ? made.value : former.get(name);
		if (!made.ok && context !== undefined) log("error", "TLS for %s stays as it was: %s", name, made.error);
		else if (!made.ok) log("error", "No TLS for %s: %s", name, made.error);
		contexts.set(name, context);
		return context;
	}

	const services = new ServiceCertificates(server, {
		create_context,
		find_host_cert,
		host_certificate,
		tls_context: (host) => tls_context(host),
		path_option,
		get certificates_folder() {
			return certificates_folder();
		},
	});

	return {
		tls_context: (host) => tls_context(host),
		peer_tls_context: (host) => tls_context(host, "s2s"),
		service_tls_context: (at) => services.context(at),
		host_certificate,
	};
}
