// Paths of certificates, judged here and by OpenSSL.

import { execFileSync, spawnSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { path_problem } from "../../../host/util/x509_path.ts";

const folder = mkdtempSync(join(tmpdir(), "enjamb-spec-"));
const file = (name: string): string => join(folder, name);
const certificate = (name: string): X509Certificate => new X509Certificate(readFileSync(file(`${name}.crt`)));

function openssl(...args: string[]): void {
	execFileSync("openssl", args, { stdio: "pipe" });
}

/** Makes a certificate, signed by another or by itself. */
function issue(name: string, by: string | undefined, extensions: string, days = 2, subject = name): void {
	const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", file(`${name}.key`)];
	writeFileSync(file(`${name}.ext`), extensions);
	openssl("req", ...key, "-subj", `/CN=${subject}`, "-out", file(`${name}.csr`));
	const signer =
		by === undefined
			? ["-signkey", file(`${name}.key`)]
			: ["-CA", file(`${by}.crt`), "-CAkey", file(`${by}.key`), "-CAcreateserial"];
	openssl(
		"x509",
		"-req",
		"-in",
		file(`${name}.csr`),
		...signer,
		"-days",
		String(days),
		"-extfile",
		file(`${name}.ext`),
		"-out",
		file(`${name}.crt`),
	);
}

const authority = "basicConstraints=critical,CA:TRUE\nkeyUsage=keyCertSign";

beforeAll(() => {
	issue("root", undefined, authority);
	issue("stranger", undefined, authority);
	issue("middle", "root", authority);
	issue("last", "root", "basicConstraints=critical,CA:TRUE,pathlen:0");
	issue("too low", "last", authority);
	issue("old", "root", authority, -1);
	issue("no authority", "root", "basicConstraints=CA:FALSE");
	for (const by of ["root", "middle", "last", "too low", "old", "no authority", "stranger"]) {
		issue(`by ${by}`, by, "extendedKeyUsage=serverAuth");
	}
	issue("expired", "root", "extendedKeyUsage=serverAuth", -1);
	issue("itself", undefined, "extendedKeyUsage=serverAuth");
	issue("impostor", undefined, authority, 2, "root");
}, 60_000);

afterAll(() => rmSync(folder, { recursive: true }));

describe("a path of certificates", () => {
	it.each([
		["by root", [], undefined],
		["by middle", ["middle"], undefined],
		["by middle", [], "UNABLE_TO_GET_ISSUER_CERT_LOCALLY"],
		["by middle", ["stranger", "middle", "root"], undefined],
		["by last", ["last"], undefined],
		["by too low", ["too low", "last"], "PATH_LENGTH_EXCEEDED"],
		["by old", ["old"], "CERT_HAS_EXPIRED"],
		["by no authority", ["no authority"], "INVALID_CA"],
		["by stranger", ["stranger"], "SELF_SIGNED_CERT_IN_CHAIN"],
		["by stranger", [], "UNABLE_TO_GET_ISSUER_CERT_LOCALLY"],
		["expired", [], "CERT_HAS_EXPIRED"],
		["itself", [], "DEPTH_ZERO_SELF_SIGNED_CERT"],
	] as const)("%s, which comes with %j", (leaf, given, expected) => {
		const path = { leaf: certificate(leaf), given: given.map(certificate), trusted: [certificate("root")], depth: 9 };
		expect(path_problem(path)).toBe(expected);
		writeFileSync(file("given.pem"), given.map((name) => readFileSync(file(`${name}.crt`), "utf8")).join("\n"));
		const untrusted = given.length === 0 ? [] : ["-untrusted", file("given.pem")];
		const verified = spawnSync("openssl", [
			"verify",
			"-no-CApath",
			"-no-CAstore",
			"-CAfile",
			file("root.crt"),
			...untrusted,
			file(`${leaf}.crt`),
		]);
		expect(verified.status === 0).toBe(expected === undefined);
	});

	it("may be too long", () => {
		const path = { leaf: certificate("by middle"), given: [certificate("middle")], trusted: [certificate("root")] };
		expect(path_problem({ ...path, depth: 1 })).toBeUndefined();
		expect(path_problem({ ...path, depth: 0 })).toBe("CERT_CHAIN_TOO_LONG");
	});

	it("does not go on from somebody who only has the name", () => {
		const path = { leaf: certificate("by root"), given: [], trusted: [certificate("impostor")], depth: 9 };
		expect(path_problem(path)).toBe("UNABLE_TO_GET_ISSUER_CERT_LOCALLY");
	});
});
