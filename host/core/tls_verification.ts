// Counterpart: LuaSec's ssl.lua and context.c (verify, verifyext, depth, cafile, capath)

import { X509Certificate } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { rootCertificates, type SecureContextOptions, type TlsOptions } from "node:tls";
import { failed, ok, type Result } from "../util/error.ts";
import { type MergedSettings, type TlsSettings, texts } from "./tls_settings.ts";
import type { PeerVerification } from "./types.ts";

/** What settings say about peers' certificates. */
export interface Verification {
	/** Undefined where peers are not asked for certificates. */
	readonly peers?: PeerVerification;
	/** Options of connections. */
	readonly asks?: Pick<TlsOptions, "requestCert" | "rejectUnauthorized">;
	/** Options of the context. */
	readonly context?: Pick<SecureContextOptions, "ca" | "crl">;
}

/**
 * For streams with other servers: they are asked for certificates, which mod_s2s_auth_certs judges. Source: mod_tls.lua,
 * mod_s2s.lua.
 */
export const asks_for_certificates: TlsSettings = new Map([
	["verify", ["peer", "client_once"]],
	["verifyext", ["lsec_continue", "lsec_ignore_purpose"]],
]);

/** Where systems keep the certificates of the authorities that they trust. */
const system_authorities = ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"];
/** How OpenSSL finds certificates in a folder: `c_rehash` names them after their subjects. */
const hashed_name = /^[0-9a-f]{8}\.\d+$/;
const default_depth = 9;
const certificate_block = /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----[^-]+-----END (?:TRUSTED |X509 )?CERTIFICATE-----/g;
const revocation_block = /-----BEGIN X509 CRL-----[^-]+-----END X509 CRL-----/g;

/** Reads a file that TLS needs. The error says which one, and why it cannot be read. */
export function read_tls_file(path: string, what: string): Result<Buffer, string> {
	try {
		return ok(readFileSync(path));
	} catch (error) {
		const code = error instanceof Error && "code" in error ? error.code : undefined;
		if (code === "ENOENT") return failed(`the ${what} ${path} does not exist`);
		if (code === "EACCES") return failed(`the ${what} ${path} cannot be read: this user has no permission to`);
		return failed(`the ${what} ${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
	}
}

function read_folder(path: string): Result<string, string> {
	let names: string[];
	try {
		names = readdirSync(path);
	} catch (error) {
		return failed(`the folder of trusted authorities ${path} cannot be read: ${error instanceof Error ? error.message : error}`);
	}
	const found: string[] = [];
	for (const name of names.filter((given) => hashed_name.test(given))) {
		const file = read_tls_file(join(path, name), "file of a trusted authority");
		if (!file.ok) return file;
		found.push(file.value.toString("latin1"));
	}
	return ok(found.join("\n"));
}

/**
 * Certificates of trusted authorities: those of `cafile`, and those of `capath` or of the system; undefined where there are only
 * those that come with Node.
 */
function read_authorities(settings: TlsSettings, folder: string): Result<string | undefined, string> {
	const [cafile, capath] = ["cafile", "capath"].map((name) => {
		const value = settings.get(name);
		return typeof value === "string" ? resolve(folder, value) : undefined;
	});
	const texts_found: string[] = [];
	if (cafile !== undefined) {
		const own = read_tls_file(cafile, "file of trusted authorities");
		if (!own.ok) return own;
		texts_found.push(own.value.toString("latin1"));
	}
	const system = system_authorities.find(existsSync);
	if (capath !== undefined) {
		const own = read_folder(capath);
		if (!own.ok) return own;
		texts_found.push(own.value);
	} else if (system !== undefined) {
		const shared = read_tls_file(system, "file of trusted authorities");
		if (!shared.ok) return shared;
		texts_found.push(shared.value.toString("latin1"));
	}
	return ok(texts_found.length === 0 ? undefined : texts_found.join("\n"));
}

/** Certificates out of PEM; those that OpenSSL cannot read are left out, as it does. */
function certificates_in(pem: string): X509Certificate[] {
	return [...pem.matchAll(certificate_block)].flatMap(([block]) => {
		try {
			return [new X509Certificate(block)];
		} catch {
			return [];
		}
	});
}

/**
 * How the certificates of peers are asked for and checked.
 * @param folder where relative paths begin
 */
export function read_verification({ settings, verifyext }: MergedSettings, folder: string): Result<Verification, string> {
	const verify = texts(settings.get("verify"));
	const unknown = verify.find((name) => !["none", "peer", "fail_if_no_peer_cert", "client_once"].includes(name));
	if (unknown !== undefined) {
		return failed(`verify is "${unknown}": expected "none", or "peer" with "client_once" and "fail_if_no_peer_cert" as wanted`);
	}
	if (!verify.includes("peer")) return ok({});
	const depth = settings.get("depth") ?? default_depth;
	if (typeof depth !== "number") return failed(`depth is ${JSON.stringify(depth)}: expected a number`);
	const read = read_authorities(settings, folder);
	if (!read.ok) return read;
	const pem = read.value;
	const revoked = pem === undefined ? [] : [...pem.matchAll(revocation_block)].map(([block]) => block);
	const checks_revocation = verifyext.get("crl_check") === true || verifyext.get("crl_check_chain") === true;
	if (checks_revocation && revoked.length === 0) {
		return failed("verifyext asks for crl_check, but there is no X509 CRL in cafile");
	}
	let known: readonly X509Certificate[] | undefined;
	return ok({
		peers: {
			goes_on: verifyext.get("lsec_continue") === true,
			any_purpose: verifyext.get("lsec_ignore_purpose") === true,
			depth,
			trusted() {
				known ??= certificates_in(pem ?? rootCertificates.join("\n"));
				return known;
			},
		},
		asks: { requestCert: true, rejectUnauthorized: verify.includes("fail_if_no_peer_cert") },
		context: { ...(pem === undefined ? {} : { ca: pem }), ...(checks_revocation ? { crl: revoked } : {}) },
	});
}
