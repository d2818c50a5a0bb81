import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "node:tls";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import type { ConfigValue } from "../../../host/core/config/config.ts";
import { self_signed_certificate } from "../../../host/util/x509.ts";
import { start_test_server, type TestServer } from "../../helper.ts";
import { features, header, RawClient } from "../raw_client.ts";

type Kind = "ecdsa" | "rsa";
type Pair = { readonly certificate: string; readonly key: string };

const made = new Map<string, Pair>();
let folder: string;
let running: TestServer | undefined;

/** A certificate for a name, with a key of a kind. */
function pair(name: string, kind: Kind): Pair {
	const known = made.get(`${name} ${kind}`);
	if (known) return known;
	const keys = mkdtempSync(join(tmpdir(), "enjamb-keys-"));
	const [cert, key] = [join(keys, "a.crt"), join(keys, "a.key")];
	const args = [
		"req",
		"-x509",
		"-newkey",
		"rsa:2048",
		"-nodes",
		"-days",
		"9",
		"-subj",
		`/CN=${name}`,
		"-out",
		cert,
		"-keyout",
		key,
	];
	if (kind === "rsa") execFileSync("openssl", [...args, "-addext", `subjectAltName=DNS:${name}`], { stdio: "ignore" });
	const read = (path: string): string => execFileSync("cat", [path], { encoding: "utf8" });
	const result = kind === "rsa" ? { certificate: read(cert), key: read(key) } : self_signed_certificate([name], 9);
	rmSync(keys, { recursive: true });
	made.set(`${name} ${kind}`, result);
	return result;
}

/** Puts a certificate where it is found by its name. */
function install(name: string, kind: Kind, file = name): { certificate: string; key: string } {
	const files = { certificate: join(folder, `${file}.crt`), key: join(folder, `${file}.key`) };
	const { certificate, key } = pair(name, kind);
	writeFileSync(files.certificate, certificate);
	writeFileSync(files.key, key);
	return files;
}

beforeAll(() => {
	for (const name of ["localhost", "chat.example", "service.example"]) pair(name, "rsa");
});

afterEach(async () => {
	await running?.stop();
	running = undefined;
	if (folder) rmSync(folder, { recursive: true, force: true });
});

function new_folder(): void {
	folder = mkdtempSync(join(tmpdir(), "enjamb-certs-"));
	mkdirSync(join(folder, "data"));
}

async function start(
	options: Record<string, ConfigValue> = {},
	hosts: Record<string, Record<string, ConfigValue>> = { "chat.example": { defined: true } },
): Promise<void> {
	running = await start_test_server({
		config: {
			"*": {
				certificates: folder,
				modules_enabled: ["saslauth", "tls", "http"],
				c2s_require_encryption: true,
				c2s_direct_tls_ports: [0],
				legacy_ssl_ports: [0],
				http_ports: [],
				https_ports: [0],
				https_interfaces: ["127.0.0.1"],
				...options,
			},
			...hosts,
		},
	});
}

function port_of(service: string): number {
	return running?.server.addresses().find((address) => address.service === service)?.port ?? 0;
}

/** The certificate that a client is shown, as `name kind`. */
async function shown(service: string, name: string | undefined, version: "TLSv1.2" | "TLSv1.3" = "TLSv1.3"): Promise<string> {
	const tls = connect({
		host: "127.0.0.1",
		port: port_of(service),
		rejectUnauthorized: false,
		minVersion: version,
		maxVersion: version,
		...(name === undefined ? {} : { servername: name }),
	});
	await once(tls, "secureConnect");
	const certificate = tls.getPeerX509Certificate();
	tls.destroy();
	return `${certificate?.subject?.replace("CN=", "")} ${certificate?.publicKey.asymmetricKeyType?.replace(/^ec$/, "ecdsa")}`;
}

/** The certificate that STARTTLS for a host shows. */
async function shown_by_starttls(host: string): Promise<string> {
	const client = await RawClient.connect(port_of("c2s"));
	await client.ask(header(`to='${host}' version='1.0'`), features);
	await client.ask("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>", "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
	const tls = await client.starttls(host);
	const certificate = tls.getPeerX509Certificate();
	client.destroy();
	return `${certificate?.subject?.replace("CN=", "")} ${certificate?.publicKey.asymmetricKeyType?.replace(/^ec$/, "ecdsa")}`;
}

const services = ["c2s_direct_tls", "legacy_ssl", "https"] as const;
const versions = ["TLSv1.2", "TLSv1.3"] as const;

describe("each host's own certificate is shown", () => {
	const kinds: readonly [first: Kind | "none", second: Kind | "none"][] = [
		["ecdsa", "rsa"],
		["rsa", "ecdsa"],
		["rsa", "rsa"],
		["ecdsa", "ecdsa"],
		["none", "rsa"],
		["none", "ecdsa"],
		["rsa", "none"],
	];

	it.each(kinds)("where the first host has %s and the second %s", async (first, second) => {
		new_folder();
		if (first !== "none") install("localhost", first);
		if (second !== "none") install("chat.example", second);
		await start();
		const of_first = `localhost ${first === "none" ? "ecdsa" : first}`;
		const of_second = `chat.example ${second === "none" ? "ecdsa" : second}`;
		// Whoever does not say whom it wants gets a real one where there is one
		const otherwise = first === "none" ? of_second : of_first;
		for (const service of services) {
			for (const version of versions) {
				expect([service, version, await shown(service, "localhost", version)]).toEqual([service, version, of_first]);
				expect([service, version, await shown(service, "chat.example", version)]).toEqual([service, version, of_second]);
				expect([service, version, await shown(service, "CHAT.example", version)]).toEqual([service, version, of_second]);
				expect([service, version, await shown(service, undefined, version)]).toEqual([service, version, otherwise]);
				expect([service, version, await shown(service, "elsewhere.example", version)]).toEqual([service, version, otherwise]);
			}
		}
		expect(await shown_by_starttls("localhost")).toBe(of_first);
		expect(await shown_by_starttls("chat.example")).toBe(of_second);
	});
});

describe("a service's own certificate", () => {
	it.each(services)("is shown to everybody where %s_ssl names it", async (service) => {
		new_folder();
		install("localhost", "ecdsa");
		const files = install("service.example", "rsa");
		await start({ [`${service}_ssl`]: files });
		for (const name of ["localhost", "chat.example", "elsewhere.example", undefined]) {
			for (const version of versions) expect(await shown(service, name, version)).toBe("service.example rsa");
		}
		const other = service === "https" ? "legacy_ssl" : "https";
		expect(await shown(other, "localhost")).toBe("localhost ecdsa");
		expect(await shown_by_starttls("localhost")).toBe("localhost ecdsa");
	});

	it("of a host's own settings goes before that", async () => {
		new_folder();
		const general = install("service.example", "rsa");
		const special = install("chat.example", "rsa", "elsewhere");
		await start({ https_ssl: general }, { "chat.example": { https_ssl: special } });
		expect(await shown("https", "chat.example")).toBe("chat.example rsa");
		expect(await shown("https", "localhost")).toBe("service.example rsa");
	});

	it.each(services)("that %s_certificate names is for those who are found no other", async (service) => {
		new_folder();
		install("localhost", "ecdsa");
		mkdirSync(join(folder, "..", `${folder.split("/").at(-1)}-own`));
		const { certificate } = install("service.example", "rsa", `../${folder.split("/").at(-1)}-own/a`);
		await start({ [`${service}_certificate`]: certificate });
		expect(await shown(service, "localhost")).toBe("localhost ecdsa");
		for (const name of ["chat.example", "elsewhere.example", undefined]) {
			expect(await shown(service, name)).toBe("service.example rsa");
		}
		rmSync(`${folder}-own`, { recursive: true });
	});

	it("of the folder of certificates has its name", async () => {
		new_folder();
		install("localhost", "ecdsa");
		install("service.example", "rsa", "https");
		await start();
		expect(await shown("https", undefined)).toBe("service.example rsa");
		expect(await shown("https", "localhost")).toBe("localhost ecdsa");
		expect(await shown("legacy_ssl", undefined)).toBe("localhost ecdsa");
	});

	it("may be for one port or interface only", async () => {
		new_folder();
		install("localhost", "ecdsa");
		const files = install("service.example", "rsa");
		await start({ https_ssl: { "127.0.0.1": files }, legacy_ssl_ssl: { "::1": files } });
		expect(await shown("https", "localhost")).toBe("service.example rsa");
		expect(await shown("legacy_ssl", "localhost")).toBe("localhost ecdsa");
	});

	it("is that of the name which the web is reached by", async () => {
		new_folder();
		install("localhost", "ecdsa");
		install("service.example", "rsa");
		await start({}, { "chat.example": { http_host: "service.example" } });
		expect(await shown("https", "service.example")).toBe("service.example rsa");
		expect(await shown("legacy_ssl", "service.example")).toBe("localhost ecdsa");
	});

	it("of a host's ssl serves that host", async () => {
		new_folder();
		install("localhost", "ecdsa");
		const files = install("service.example", "rsa");
		await start({}, { "chat.example": { ssl: files } });
		for (const service of services) expect(await shown(service, "chat.example")).toBe("service.example rsa");
		expect(await shown_by_starttls("chat.example")).toBe("service.example rsa");
	});
});
