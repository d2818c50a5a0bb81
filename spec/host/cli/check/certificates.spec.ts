import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { check_certificates } from "../../../../host/cli/check/certificates.ts";
import { Config, type ConfigValue } from "../../../../host/core/configmanager.ts";
import { self_signed_certificate } from "../../../../host/util/x509.ts";

let folder: string;

beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "enjamb-spec-"));
	mkdirSync(join(folder, "certs"));
});

afterEach(() => rmSync(folder, { recursive: true }));

function write_pair(name: string, names: readonly string[], days: number): void {
	const { certificate, key } = self_signed_certificate(names, days);
	writeFileSync(join(folder, "certs", `${name}.crt`), certificate);
	writeFileSync(join(folder, "certs", `${name}.key`), key);
}

function check(options: Record<string, ConfigValue> = {}, now?: number): string[] {
	const config = Config.from({ "*": {}, "example.com": options, "rooms.example.com": { component_module: "muc" } });
	return check_certificates(config, folder, now).map(({ severity, message }) => `${severity}: ${message}`);
}

describe("certificates", () => {
	it("that fit are nothing to speak of", () => {
		write_pair("example.com", ["example.com"], 90);
		expect(check()).toEqual([]);
	});

	it("that are missing are told of, and none is made", () => {
		mkdirSync(join(folder, "data"));
		expect(check()).toEqual([expect.stringContaining("warning: there is no certificate for example.com")]);
		expect(existsSync(join(folder, "data", "certificates"))).toBe(false);
	});

	it("that are named but not there leave the host without TLS", () => {
		expect(check({ ssl: { certificate: "nowhere.crt", key: "nowhere.key" } })).toEqual([
			expect.stringMatching(/^error: example.com gets no TLS: .*nowhere.crt/),
		]);
	});

	it("must not be for others, nor end soon", () => {
		write_pair("example.com", ["example.org"], 5);
		expect(check()).toEqual([
			expect.stringContaining("is for example.org, not for example.com"),
			expect.stringContaining("expires on"),
		]);
		const later = Date.now() + 20 * 24 * 60 * 60 * 1000;
		expect(check({}, later)[1]).toContain("expired on");
	});

	it("must have their own key", () => {
		write_pair("example.com", ["example.com"], 90);
		writeFileSync(join(folder, "certs", "example.com.key"), self_signed_certificate(["example.com"], 9).key);
		expect(check()).toEqual([expect.stringContaining("does not belong to the certificate")]);
	});

	it("of services are looked at as well, whatever they are for", () => {
		write_pair("example.com", ["example.com"], 90);
		write_pair("web", ["www.example.com"], 90);
		const service = (options: Record<string, ConfigValue>): string[] =>
			check_certificates(Config.from({ "*": options, "example.com": {} }), folder).map(
				({ severity, option, message }) => `${severity} ${option}: ${message}`,
			);
		const pair = { certificate: "certs/web.crt", key: "certs/web.key" };
		expect(service({ https_ssl: pair, legacy_ssl_certificate: "certs/web.crt" })).toEqual([]);
		expect(service({ https_ssl: { ...pair, key: "certs/example.com.key" } })).toEqual([
			expect.stringMatching(/^error https_ssl: https gets no TLS: the key .* does not belong to the certificate/),
		]);
		expect(service({ legacy_ssl_ssl: { certificate: "certs/web.crt" } })).toEqual([
			expect.stringMatching(/^error legacy_ssl_ssl: legacy_ssl gets no TLS: .*web.crt has no key/),
		]);
		expect(service({ c2s_direct_tls_certificate: "nowhere.crt" })).toEqual([
			expect.stringMatching(/^error c2s_direct_tls_certificate: c2s_direct_tls gets no TLS: .*nowhere.crt with a matching key/),
		]);
	});
});
