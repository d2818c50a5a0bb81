import { X509Certificate } from "node:crypto";
import { describe, expect, it } from "vitest";
import { get_identities, self_signed_certificate } from "../../../host/util/x509.ts";

const day = 24 * 60 * 60 * 1000;

describe("a certificate that vouches for itself", () => {
	it("is for all its names, in Unicode and on the wire", () => {
		const { certificate } = self_signed_certificate(["example.com", "m\u00fcnchen.example"], 100);
		const parsed = new X509Certificate(certificate);
		expect(parsed.checkHost("example.com")).toBe("example.com");
		expect(parsed.checkHost("xn--mnchen-3ya.example")).toBe("xn--mnchen-3ya.example");
		expect(parsed.checkHost("other.example")).toBeUndefined();
		expect(parsed.subjectAltName).toContain("XmppAddr:m\u00fcnchen.example");
		expect(get_identities(parsed)).toEqual(new Set(["example.com", "m\u00fcnchen.example"]));
	});

	it("is signed with its own key, and is no authority", () => {
		const { certificate, key } = self_signed_certificate(["example.com"], 100);
		const parsed = new X509Certificate(certificate);
		expect(parsed.verify(parsed.publicKey)).toBe(true);
		expect(parsed.issuer).toBe(parsed.subject);
		expect(parsed.ca).toBe(false);
		expect(key).toContain("-----BEGIN PRIVATE KEY-----");
	});

	it.each([30, 3650, 20_000])("is valid for %d days", (days) => {
		const parsed = new X509Certificate(self_signed_certificate(["example.com"], days).certificate);
		expect(Date.parse(parsed.validFrom)).toBeLessThan(Date.now());
		expect(Math.round((Date.parse(parsed.validTo) - Date.now()) / day)).toBe(days);
	});

	it("has room for long names and many", () => {
		const names = Array.from({ length: 40 }, (_, index) => `${"x".repeat(60)}.${"y".repeat(60)}.host${index}.example`);
		expect(get_identities(new X509Certificate(self_signed_certificate(names, 1).certificate))).toEqual(
			new Set([...names, names[0]?.slice(0, 64)]),
		);
	});

	it("is another one each time", () => {
		const [one, two] = [self_signed_certificate(["a"], 1), self_signed_certificate(["a"], 1)].map(
			({ certificate }) => new X509Certificate(certificate),
		);
		expect(one?.serialNumber).not.toBe(two?.serialNumber);
		expect(one?.fingerprint256).not.toBe(two?.fingerprint256);
	});

	it("can be for all domains below one", () => {
		const parsed = new X509Certificate(self_signed_certificate(["*.example.com"], 1).certificate);
		expect(get_identities(parsed)).toContain("*.example.com");
	});
});
