import { execFileSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { end_point_hash } from "../../../host/util/x509_signature.ts";

const folder = mkdtempSync(join(tmpdir(), "enjamb-spec-"));

afterAll(() => rmSync(folder, { recursive: true }));

function made_by_openssl(...options: string[]): X509Certificate {
	const file = join(folder, "made.crt");
	const common = ["req", "-x509", "-nodes", "-days", "2", "-subj", "/CN=x", "-keyout", join(folder, "made.key"), "-out", file];
	execFileSync("openssl", [...common, ...options], { stdio: "pipe" });
	return new X509Certificate(readFileSync(file));
}

const ec = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"];
const rsa = ["-newkey", "rsa:2048"];
const pss = [...rsa, "-sigopt", "rsa_padding_mode:pss"];

describe("the hash for tls-server-end-point", () => {
	it.each([
		["ECDSA with SHA-256", [...ec, "-sha256"], "sha256"],
		["ECDSA with SHA-384", [...ec, "-sha384"], "sha384"],
		["ECDSA with SHA-512", [...ec, "-sha512"], "sha512"],
		["ECDSA with SHA-1, which is too weak", [...ec, "-sha1"], "sha256"],
		["RSA with SHA-256", [...rsa, "-sha256"], "sha256"],
		["RSA with SHA-384", [...rsa, "-sha384"], "sha384"],
		["RSA with SHA-512", [...rsa, "-sha512"], "sha512"],
		["RSA with SHA-1, which is too weak", [...rsa, "-sha1"], "sha256"],
		["RSASSA-PSS with SHA-384", [...pss, "-sha384"], "sha384"],
		["RSASSA-PSS with SHA-256", [...pss, "-sha256"], "sha256"],
		["Ed25519, which has none of its own", ["-newkey", "ed25519"], "sha256"],
	] as const)("is that of the signature: %s", (_, options, hash) => {
		expect(end_point_hash(made_by_openssl(...options))).toBe(hash);
	});
});
