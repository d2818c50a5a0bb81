import { execFileSync, spawnSync } from "node:child_process";
import { constants, createPrivateKey } from "node:crypto";
import { chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { SecureContextOptions } from "node:tls";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { find_cert, find_cert_in_index, index_certs } from "../../../host/core/certificate_files.ts";
import { create_certmanager } from "../../../host/core/certmanager.ts";
import type { ConfigValue } from "../../../host/core/config/config.ts";
import { core_defaults, profile_names, profile_settings } from "../../../host/core/tls_profiles.ts";
import { context_options, merge_settings, read_settings } from "../../../host/core/tls_settings.ts";
import type { Log } from "../../../host/core/types.ts";
import { self_signed_certificate } from "../../../host/util/x509.ts";
import { start_test_server, type TestServer } from "../../helper.ts";
import { not_installed } from "../../needs.ts";

let folder: string;
let running: TestServer | undefined;

beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "enjamb-spec-"));
});

afterEach(async () => {
	await running?.stop();
	running = undefined;
	rmSync(folder, { recursive: true });
});

function write(path: string, text: string): string {
	const full = join(folder, path);
	mkdirSync(dirname(full), { recursive: true });
	writeFileSync(full, text);
	return full;
}

/** Writes a certificate with its key. */
function write_pair(certificate: string, key: string, names: readonly string[], days = 10): void {
	const made = self_signed_certificate(names, days);
	if (certificate === key) write(certificate, made.certificate + made.key);
	else {
		write(certificate, made.certificate);
		write(key, made.key);
	}
}

const no_log: Log = () => {};

describe("find_cert", () => {
	it.each([
		["certs/example.com.crt", "certs/example.com.key"],
		["certs/example.com/fullchain.pem", "certs/example.com/privkey.pem"],
		["certs/example.com.pem", "certs/example.com.pem"],
	])("finds %s", (certificate, key) => {
		write_pair(certificate, key, ["example.com"]);
		expect(find_cert(join(folder, "certs"), "example.com")).toEqual({
			certificate: join(folder, certificate),
			key: join(folder, key),
		});
	});

	it.each([
		["mine.crt", "mine.key"],
		["mine/fullchain.pem", "mine/privkey.pem"],
		["mine.pem", "mine.pem"],
	])("takes a file: %s", (certificate, key) => {
		write_pair(certificate, key, ["example.com"]);
		expect(find_cert(join(folder, certificate), "example.com")).toEqual({
			certificate: join(folder, certificate),
			key: join(folder, key),
		});
	});

	it("finds no certificate without its key", () => {
		write("example.com.crt", "");
		expect(find_cert(folder, "example.com")).toBeUndefined();
	});
});

describe("index_certs", () => {
	it("finds certificates by what they are for, three folders deep", () => {
		write_pair("a.crt", "a.key", ["one.example", "two.example"]);
		write_pair("live/x/fullchain.pem", "live/x/privkey.pem", ["three.example"]);
		write_pair("live/x/deep/fullchain.pem", "live/x/deep/privkey.pem", ["four.example"]);
		write_pair(".hidden/b.crt", ".hidden/b.key", ["five.example"]);
		write_pair("other.pem", "other.pem", ["six.example"]);
		const index = index_certs(folder, no_log);
		expect([...index.keys()].sort()).toEqual(["one.example", "three.example", "two.example"]);
		expect(index.get("three.example")).toEqual({
			certificate: join(folder, "live/x/fullchain.pem"),
			key: join(folder, "live/x/privkey.pem"),
		});
	});

	it("passes over what is broken, expired or without a key", () => {
		write_pair("old.crt", "old.key", ["old.example"], -1);
		write("broken.crt", "nonsense");
		write("broken.key", "nonsense");
		write("lonely.crt", self_signed_certificate(["lonely.example"], 1).certificate);
		expect(index_certs(folder, no_log).size).toBe(0);
	});

	it("takes the certificate that is valid longest", () => {
		write_pair("a.crt", "a.key", ["example.com"], 20);
		write_pair("b.crt", "b.key", ["example.com"], 30);
		write_pair("c.crt", "c.key", ["example.com"], 10);
		expect(index_certs(folder, no_log).get("example.com")?.certificate).toBe(join(folder, "b.crt"));
	});

	it("finds wildcards for the domains beside them only", () => {
		write_pair("a.crt", "a.key", ["*.example.com"]);
		const index = index_certs(folder, no_log);
		expect(find_cert_in_index(index, "chat.example.com")).toBeDefined();
		expect(find_cert_in_index(index, "a.chat.example.com")).toBeUndefined();
		expect(find_cert_in_index(index, "example.com")).toBeUndefined();
	});

	it("is empty where there is no folder", () => {
		expect(index_certs(join(folder, "nowhere"), no_log).size).toBe(0);
	});
});

describe("tls_context", () => {
	/** What comes of a configuration for a host, and the errors that are logged. */
	async function context_for(
		host: string,
		config: Record<string, ConfigValue>,
		hosts: Record<string, Record<string, ConfigValue>> = {},
	) {
		await running?.stop();
		running = await start_test_server({
			config: { "*": { certificates: folder, modules_enabled: ["saslauth"], ...config }, ...hosts },
		});
		const log = vi.fn<Log>();
		const manager = create_certmanager({
			...running.server,
			logger: () => log,
			paths: { ...running.server.paths, config: folder },
		});
		const context = manager.tls_context(host);
		const errors = log.mock.calls.filter(([level]) => level === "error").map(([, , ...args]) => args.join(": "));
		return { context, errors, log, manager, server: running.server };
	}

	it("takes the certificate that is for the host", async () => {
		write_pair("whatever.crt", "whatever.key", ["localhost"]);
		expect((await context_for("localhost", {})).context?.names).toEqual(["localhost"]);
	});

	it("takes the parent domain's certificate where it has none itself", async () => {
		write_pair("example.com.crt", "example.com.key", ["unrelated.example"]);
		expect((await context_for("chat.example.com", {})).context?.names).toEqual(["unrelated.example"]);
	});

	it("takes files that ssl names, relative to the configuration's folder", async () => {
		write_pair("mine.pem", "mine-key.pem", ["mine.example"]);
		const ssl = { certificate: "mine.pem", key: "mine-key.pem" };
		expect((await context_for("localhost", { ssl })).context?.names).toEqual(["mine.example"]);
		await running?.stop();
		expect((await context_for("localhost", {}, { localhost: { ssl } })).context?.names).toEqual(["mine.example"]);
		await running?.stop();
		expect((await context_for("chat.localhost", {}, { localhost: { ssl } })).context?.names).toEqual(["mine.example"]);
	});

	it("takes the host's option certificate", async () => {
		write_pair("special/cert.crt", "special/cert.key", ["special.example"]);
		write("empty/readme", "");
		const hosts = { localhost: { certificate: "special/cert.crt" } };
		expect((await context_for("localhost", { certificates: "empty" }, hosts)).context?.names).toEqual(["special.example"]);
	});

	it("makes a certificate where there is none, and keeps it where data are kept", async () => {
		const { context, log, server } = await context_for("localhost", {});
		expect(context?.names).toEqual(["localhost"]);
		expect(log.mock.calls.find(([level]) => level === "warn")?.[1]).toContain("self-signed");
		const kept = find_cert(join(server.paths.data, "certificates"), "localhost");
		expect(kept).toBeDefined();
		for (const file of [kept?.certificate, kept?.key]) expect(statSync(file ?? "").mode & 0o777).toBe(0o600);
	});

	it.skipIf(process.geteuid?.() !== 0)("gives what root makes to whom the data belong", async () => {
		const { server } = await context_for("localhost", {});
		const made = join(server.paths.data, "certificates");
		rmSync(made, { recursive: true });
		chownSync(server.paths.data, 1234, 1234);
		create_certmanager({ ...server, logger: () => no_log }).tls_context("localhost");
		for (const path of [made, join(made, "localhost.crt"), join(made, "localhost.key")])
			expect([path, statSync(path).uid, statSync(path).gid]).toEqual([path, 1234, 1234]);
	});

	it("makes no other one where its own is broken, but where it expired", async () => {
		const { server } = await context_for("localhost", {});
		const [certificate, key] = ["crt", "key"].map((end) => join(server.paths.data, "certificates", `localhost.${end}`));
		if (certificate === undefined || key === undefined) throw new Error("no files");
		const log = vi.fn<Log>();
		const again = () => create_certmanager({ ...server, logger: () => log }).tls_context("localhost");
		writeFileSync(certificate, "broken");
		expect(again()).toBeUndefined();
		expect(log.mock.calls.at(-1)?.[3]).toContain(`the certificate ${certificate} is none`);
		expect(readFileSync(certificate, "utf8")).toBe("broken");
		const expired = self_signed_certificate(["localhost"], -1);
		writeFileSync(certificate, expired.certificate);
		writeFileSync(key, expired.key);
		expect(again()?.names).toEqual(["localhost"]);
		expect(readFileSync(certificate, "utf8")).not.toBe(expired.certificate);
	});

	it("makes one for as long as the server runs where no data are kept", async () => {
		running = await start_test_server({ config: { "*": { certificates: folder } } });
		const paths = { ...running.server.paths, data: join(folder, "nowhere") };
		expect(create_certmanager({ ...running.server, paths }).tls_context("localhost")?.names).toEqual(["localhost"]);
		expect(existsSync(paths.data)).toBe(false);
	});

	it("reads files anew when the configuration is reloaded", async () => {
		write_pair("a.crt", "a.key", ["localhost"], 10);
		const { context, manager, server } = await context_for("localhost", {});
		expect(manager.tls_context("localhost")).toBe(context);
		server.events.fire_event("config-reloaded", { filename: undefined });
		expect(manager.tls_context("localhost")).not.toBe(context);
	});

	it.each<[string, Record<string, ConfigValue>, () => void, RegExp]>([
		[
			"a certificate that does not exist",
			{ ssl: { certificate: "no.crt", key: "no.key" } },
			() => {},
			/the certificate .*\/no\.crt does not exist/,
		],
		["no key", { ssl: { certificate: "no.crt" } }, () => {}, /ssl names the certificate .*\/no\.crt but no key/],
		[
			"a key that does not exist",
			{ ssl: { certificate: "a.crt", key: "no.key" } },
			() => write_pair("a.crt", "a.key", ["a"]),
			/the key .*\/no\.key does not exist/,
		],
		[
			"a certificate that is none",
			{ ssl: { certificate: "a.crt", key: "a.key" } },
			() => {
				write_pair("a.crt", "a.key", ["a"]);
				write("a.crt", "hello");
			},
			/the certificate .*\/a\.crt is none/,
		],
		[
			"a key that is none",
			{ ssl: { certificate: "a.crt", key: "a.key" } },
			() => {
				write_pair("a.crt", "a.key", ["a"]);
				write("a.key", "hello");
			},
			/the key .*\/a\.key is none/,
		],
		[
			"another certificate's key",
			{ ssl: { certificate: "a.crt", key: "b.key" } },
			() => {
				write_pair("a.crt", "a.key", ["a"]);
				write_pair("b.crt", "b.key", ["b"]);
			},
			/the key .*\/b\.key does not belong to the certificate .*\/a\.crt/,
		],
		[
			"an encrypted key without its password",
			{ ssl: { certificate: "a.crt", key: "a.key" } },
			() => write_encrypted("a.crt", "a.key", "secret"),
			/the key .*\/a\.key is encrypted: set its password/,
		],
		[
			"an unknown profile",
			{ tls_profile: "newest" },
			() => {},
			/tls_profile is "newest": expected one of modern, intermediate, old, legacy/,
		],
		["an unknown protocol", { ssl: { protocol: "sslv2" } }, () => {}, /protocol is "sslv2"/],
		["no protocol left", { ssl: { protocol: "tlsv1_3", options: ["no_tlsv1_3"] } }, () => {}, /leave no version of TLS/],
		["ciphers that do not exist", { ssl: { ciphers: "NOT-A-CIPHER" } }, () => {}, /ssl: .*/],
		[
			"DH parameters that do not exist",
			{ ssl: { dhparam: "no.pem" } },
			() => {},
			/the file of DH parameters .*\/no\.pem does not exist/,
		],
	])("has an error for %s, which names it", async (_, config, prepare, message) => {
		prepare();
		const { context, errors } = await context_for("localhost", config);
		expect(context).toBeUndefined();
		expect(errors).toHaveLength(1);
		expect(errors[0]).toMatch(message);
	});

	it("reads encrypted keys with their password", async () => {
		write_encrypted("a.crt", "a.key", "secret");
		const ssl = { certificate: "a.crt", key: "a.key", password: "secret" };
		expect((await context_for("localhost", { ssl })).context?.names).toEqual(["a"]);
	});

	it("says which settings have no effect", async () => {
		const ssl = { cyphers: "HIGH", mode: "server", options: ["no_tickets", "no_ticket"], verifyext: ["lsec_else"] };
		const { log } = await context_for("localhost", { ssl });
		const said = log.mock.calls.filter(([level]) => level === "warn").map(([, , what]) => what);
		expect(said.filter((what) => /ssl|verifyext/.test(String(what)))).toEqual([
			"'cyphers' in ssl is not known, and has no effect",
			"'mode' in ssl has no effect here",
			"option 'no_tickets' in ssl has no effect here",
			"'lsec_else' in verifyext has no effect here",
		]);
	});

	it("takes DH parameters as they are", async () => {
		const dhparam = execFileSync("openssl", ["dhparam", "-dsaparam", "2048"], {
			encoding: "utf8",
			stdio: ["ignore", "pipe", "ignore"],
		});
		expect((await context_for("localhost", { ssl: { dhparam } })).context).toBeDefined();
	});

	it.each([
		["how certificates are asked for", { verify: "please" }, /verify is "please": expected "none", or "peer"/],
		["revocation without a list", { verify: "peer", verifyext: ["crl_check"] }, /there is no X509 CRL/],
		["authorities that are not there", { verify: "peer", cafile: "none.crt" }, /trusted authorities .*none\.crt does not exist/],
		[
			"a folder of authorities that is not there",
			{ verify: "peer", capath: "none" },
			/trusted authorities .*none cannot be read/,
		],
		["a depth that is none", { verify: "peer", depth: "deep" }, /depth is "deep": expected a number/],
	])("says what is wrong with %s", async (_, ssl, expected) => {
		const { context, log } = await context_for("localhost", { ssl });
		expect(context).toBeUndefined();
		expect(log.mock.calls.map(([, text, ...args]) => [text, ...args].join(" "))).toEqual(
			expect.arrayContaining([expect.stringMatching(expected)]),
		);
	});

	function write_encrypted(certificate: string, key: string, passphrase: string): void {
		const made = self_signed_certificate(["a"], 10);
		write(certificate, made.certificate);
		write(key, createPrivateKey(made.key).export({ type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase }).toString());
	}
});

describe("ssl settings", () => {
	const options_of = (...layers: ConfigValue[]): SecureContextOptions =>
		context_options(merge_settings(layers.map(read_settings))).options;

	it.each([
		["tlsv1_2", "TLSv1.2", "TLSv1.2"],
		["tlsv1_2+", "TLSv1.2", "TLSv1.3"],
		["tlsv1_3", "TLSv1.3", "TLSv1.3"],
		["tlsv1+", "TLSv1", "TLSv1.3"],
		["sslv23", "TLSv1", "TLSv1.3"],
	])("of protocol %s allow %s to %s", (protocol, min_version, max_version) => {
		expect(options_of({ protocol })).toMatchObject({ minVersion: min_version, maxVersion: max_version });
	});

	it("add up their options, and later ones count more", () => {
		expect(
			options_of({ protocol: "tlsv1+", options: ["no_tlsv1", "no_tlsv1_1"] }, { options: { no_tlsv1_1: false } }),
		).toMatchObject({
			minVersion: "TLSv1.1",
		});
		expect(options_of({ ciphers: ["A", "B"] }, { ciphers: "C:D" }).ciphers).toBe("C:D");
		expect(options_of({ curve: "secp384r1" }).ecdhCurve).toBe("secp384r1");
	});

	it("keep no tickets, and let nobody negotiate anew, unless they say so", () => {
		const bits = (...layers: ConfigValue[]): number =>
			context_options(merge_settings([core_defaults, ...layers.map(read_settings)])).options.secureOptions ?? 0;
		expect(bits() & constants.SSL_OP_NO_TICKET).not.toBe(0);
		expect(bits() & constants.SSL_OP_NO_RENEGOTIATION).not.toBe(0);
		expect(bits({ options: { no_ticket: false } }) & constants.SSL_OP_NO_TICKET).toBe(0);
		expect(bits({ options: ["prioritize_chacha"] }) & constants.SSL_OP_PRIORITIZE_CHACHA).not.toBe(0);
	});

	it("of all profiles are understood by OpenSSL", async () => {
		const { createSecureContext: create_secure_context } = await import("node:tls");
		for (const name of profile_names) {
			const profile = profile_settings(name);
			if (profile === undefined) throw new Error(name);
			const { options, problem } = context_options(merge_settings([profile]));
			expect(problem).toBeUndefined();
			expect(() => create_secure_context(options)).not.toThrow();
		}
	});
});

describe("certificates of ours", () => {
	const is_there = spawnSync("openssl", ["version"]).error === undefined;
	it.skipIf(not_installed(is_there, "openssl", "certificates of ours are not checked with it"))("are good for OpenSSL", () => {
		write_pair("a.crt", "a.key", ["example.com"]);
		const file = join(folder, "a.crt");
		expect(execFileSync("openssl", ["verify", "-x509_strict", "-CAfile", file, file], { encoding: "utf8" })).toContain("OK");
	});
});
