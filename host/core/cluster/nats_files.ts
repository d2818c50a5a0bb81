// No counterpart: files by which a node trusts NATS, and NATS a node.

import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { type Authenticator, credsAuthenticator, nkeyAuthenticator } from "@nats-io/transport-node";
import { failed, ok, type Result } from "../../util/error.ts";

/** What the option names. */
export interface NatsFiles {
	/** Certificates in PEM of those who sign NATS' own. */
	readonly ca?: string | undefined;
	/** What `nsc` writes for a user (a JWT and a seed), or a file with the seed of an NKey alone. */
	readonly credentials?: string | undefined;
}

/** What a connection takes of them. */
export interface NatsTrust {
	readonly ca?: string;
	readonly authenticator?: Authenticator;
}

/** In bytes: such files are far shorter. */
const longest_file = 1_000_000;
const one_certificate = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;
const seed_line = /^SU[A-Z2-7]{56}$/;

function read(what: string, path: string): Result<Buffer, string> {
	try {
		const bytes = readFileSync(path);
		return bytes.length > longest_file ? failed(`${what}: ${path} is too long`) : ok(bytes);
	} catch (error) {
		return failed(`${what}: ${path} cannot be read: ${error instanceof Error ? error.message : error}`);
	}
}

function read_ca(path: string): Result<string, string> {
	const file = read("nats_ca", path);
	if (!file.ok) return file;
	const ca = file.value.toString();
	const certificates = ca.match(one_certificate) ?? [];
	try {
		for (const certificate of certificates) new X509Certificate(certificate);
	} catch (error) {
		return failed(`nats_ca: ${path}: expected certificates in PEM: ${error instanceof Error ? error.message : error}`);
	}
	return certificates.length > 0 ? ok(ca) : failed(`nats_ca: ${path}: expected certificates in PEM: there is none`);
}

function read_credentials(path: string): Result<Authenticator, string> {
	const file = read("nats_credentials", path);
	if (!file.ok) return file;
	const text = file.value.toString();
	const line = text.trim();
	const authenticator = seed_line.test(line) ? nkeyAuthenticator(Buffer.from(line)) : credsAuthenticator(file.value);
	try {
		// What cannot sign anything, or is no JWT, is found here and not at the first connection
		authenticator("nonce");
		return ok(authenticator);
	} catch {
		return failed(
			`nats_credentials: ${path}: expected the credentials of a user as nsc writes them, or the seed of an NKey (SU…)`,
		);
	}
}

/** Reads the files; the error says which one is wrong, and nothing of what is in it. */
export function read_nats_files({ ca, credentials }: NatsFiles): Result<NatsTrust, string> {
	const certificates = ca === undefined ? undefined : read_ca(ca);
	if (certificates?.ok === false) return certificates;
	const user = credentials === undefined ? undefined : read_credentials(credentials);
	if (user?.ok === false) return user;
	return ok({
		...(certificates === undefined ? {} : { ca: certificates.value }),
		...(user === undefined ? {} : { authenticator: user.value }),
	});
}
