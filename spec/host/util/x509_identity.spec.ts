import { execFileSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { certificate_names, verify_identity } from "../../../host/util/x509_identity.ts";

function certificate(names: string | undefined, subject = "/CN=common.example"): X509Certificate {
	const folder = mkdtempSync(join(tmpdir(), "enjamb-x509-"));
	const file = join(folder, "made.crt");
	const further = names === undefined ? [] : ["-addext", `subjectAltName=${names}`];
	const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", join(folder, "key")];
	execFileSync("openssl", ["req", "-x509", ...key, "-subj", subject, ...further, "-out", file], { stdio: "ignore" });
	const made = new X509Certificate(readFileSync(file));
	rmSync(folder, { recursive: true });
	return made;
}

const xmpp_addr = "otherName:1.3.6.1.5.5.7.8.5;UTF8:";
const dns_srv = "otherName:1.3.6.1.5.5.7.8.7;IA5STRING:";

describe("the names of a certificate", () => {
	it("are read by their kind", () => {
		const made = certificate(
			`DNS:verona.example,${xmpp_addr}mantua.example,${dns_srv}_xmpp-server.milan.example,IP:127.0.0.1,email:a@b.example`,
		);
		expect(certificate_names(made)).toEqual({
			dns: ["verona.example"],
			xmpp: ["mantua.example"],
			srv: ["_xmpp-server.milan.example"],
		});
	});

	it.each([
		["DNS:verona.example", "verona.example", true],
		["DNS:VERONA.example", "verona.example", true],
		["DNS:*.verona.example", "conference.verona.example", true],
		["DNS:*.verona.example", "verona.example", false],
		["DNS:*.verona.example", "a.b.verona.example", false],
		["DNS:*.example", "verona.example", false],
		["DNS:mantua.example", "verona.example", false],
		["DNS:verona.example.evil", "verona.example", false],
		[`${xmpp_addr}verona.example`, "verona.example", true],
		[`${dns_srv}_xmpp-server.verona.example`, "verona.example", true],
		[`${dns_srv}_xmpp-client.verona.example`, "verona.example", false],
		["DNS:xn--bcher-kva.example", "bücher.example", true],
		[undefined, "common.example", true],
		[undefined, "verona.example", false],
		["DNS:mantua.example", "common.example", false],
	])("%s, for %s: %s", (names, host, expected) => {
		expect(verify_identity(host, "xmpp-server", certificate(names))).toBe(expected);
	});
});
