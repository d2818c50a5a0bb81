// Counterpart: core/certmanager.lua (where certificates are found)

import { X509Certificate } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { get_identities } from "../util/x509.ts";
import type { Log } from "./types.ts";

/** A certificate's file and that of its key, which may be the same. */
export interface CertificateFiles {
	readonly certificate: string;
	readonly key: string;
}

/** How many folders deep certificates are looked for. */
const deepest = 3;

function is_file(path: string): boolean {
	return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

/** The key that lies beside a certificate. */
function matching_key(certificate: string): string {
	return certificate.replace(/\.crt$/, ".key").replaceAll("fullchain", "privkey");
}

/**
 * Files for a name by their own names: `NAME.crt` with `NAME.key`, `NAME/fullchain.pem` with `NAME/privkey.pem`, or `NAME.pem`
 * with both; `path` may also be the certificate itself.
 */
export function find_cert(path: string, name: string): CertificateFiles | undefined {
	const candidates: CertificateFiles[] = [
		{ certificate: path, key: path.endsWith("/fullchain.pem") || path.endsWith(".crt") ? matching_key(path) : path },
		{ certificate: join(path, `${name}.crt`), key: join(path, `${name}.key`) },
		{ certificate: join(path, name, "fullchain.pem"), key: join(path, name, "privkey.pem") },
		{ certificate: join(path, `${name}.pem`), key: join(path, `${name}.pem`) },
	];
	return candidates.find(({ certificate, key }) => is_file(certificate) && is_file(key));
}

/** Certificates of a folder by the names they are for; of several for one name, the one that is valid longest. */
export function index_certs(folder: string, log: Log): Map<string, CertificateFiles> {
	const found = new Map<string, { files: CertificateFiles; valid_to: number }>();
	const search = (path: string, depth: number): void => {
		let entries: string[];
		try {
			entries = readdirSync(path).sort();
		} catch (error) {
			log("error", "Error indexing certificate directory %s: %s", path, error instanceof Error ? error.message : error);
			return;
		}
		for (const entry of entries) {
			const full = join(path, entry);
			const stat = statSync(full, { throwIfNoEntry: false });
			if (stat?.isDirectory()) {
				if (!entry.startsWith(".") && depth < deepest) search(full, depth + 1);
			} else if (entry.endsWith(".crt") || entry.includes("fullchain")) consider(full);
		}
	};
	const consider = (path: string): void => {
		const files = { certificate: path, key: matching_key(path) };
		if (!is_file(files.key)) return;
		let certificate: X509Certificate;
		try {
			certificate = new X509Certificate(readFileSync(path));
		} catch (error) {
			log("debug", "Skipping %s: %s", path, error instanceof Error ? error.message : error);
			return;
		}
		const valid_to = Date.parse(certificate.validTo);
		if (valid_to < Date.now() || Date.parse(certificate.validFrom) > Date.now()) {
			log("debug", "Skipping certificate that is not valid now: %s", path);
			return;
		}
		for (const name of get_identities(certificate)) {
			const other = found.get(name);
			if (other === undefined || other.valid_to < valid_to) found.set(name, { files, valid_to });
		}
	};
	if (statSync(folder, { throwIfNoEntry: false })?.isDirectory()) search(folder, 1);
	return new Map([...found].map(([name, { files }]) => [name, files]));
}

/** The domain above; undefined at the top. */
export function parent_domain(host: string): string | undefined {
	const dot = host.indexOf(".");
	return dot < 0 ? undefined : host.slice(dot + 1);
}

/** A certificate of the index for a domain, or for all domains beside it. */
export function find_cert_in_index(index: ReadonlyMap<string, CertificateFiles>, host: string): CertificateFiles | undefined {
	return index.get(host) ?? index.get(host.replace(/^[^.]+\./, "*."));
}
