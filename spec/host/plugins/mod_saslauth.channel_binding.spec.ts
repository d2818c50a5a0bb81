// Logins that are bound to their TLS connection (RFC 5802 §6, RFC 5929, RFC 9266, XEP-0440), here and on a real Prosody.

import { createHash, X509Certificate } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type SecureVersion, TLSSocket } from "node:tls";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import type { ConfigValue } from "../../../host/core/config/config.ts";
import { ns } from "../../../host/util/ns.ts";
import { type ClientOptions, create_sasl_client } from "../../../host/util/sasl_client.ts";
import { self_signed_certificate } from "../../../host/util/x509.ts";
import { find_prosody, type Reference, start_reference } from "../../../tools/reference.ts";
import { start_test_server, type TestServer } from "../../helper.ts";
import { features, header, RawClient } from "../raw_client.ts";
import { open } from "../raw_websocket.ts";

const prosody = find_prosody(process.env["ENJAMB_REFERENCE"]);
const required = process.env["CI"] === "true";
const plus = ["512", "256", "1"].map((hash) => `<mechanism>SCRAM-SHA-${hash}-PLUS</mechanism>`).join("");

let folder: string;
let running: TestServer | undefined;
let reference: Reference | undefined;
const clients: RawClient[] = [];

beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "enjamb-spec-"));
	const accounts = join(folder, "data", "localhost", "accounts");
	mkdirSync(accounts, { recursive: true });
	writeFileSync(join(accounts, "ada.dat"), 'return {\n\t["password"] = "secret";\n};\n');
	const { certificate, key } = self_signed_certificate(["localhost"], 10);
	writeFileSync(join(folder, "localhost.crt"), certificate);
	writeFileSync(join(folder, "localhost.key"), key);
});

afterEach(async () => {
	for (const client of clients.splice(0)) client.destroy();
	await running?.stop();
	await reference?.stop();
	running = undefined;
	reference = undefined;
	rmSync(folder, { recursive: true });
});

/** Starts this server; answers with its port for clients. */
async function start(config: Record<string, ConfigValue> = {}): Promise<number> {
	running = await start_test_server({
		config: {
			"*": {
				modules_enabled: ["disco", "roster", "saslauth", "tls", "websocket"],
				c2s_require_encryption: true,
				allow_unencrypted_plain_auth: false,
				c2s_direct_tls_ports: [0],
				https_ports: [0],
				authentication: "internal_plain",
				storage: "internal",
				certificates: folder,
				...config,
			},
		},
		data_path: join(folder, "data"),
	});
	return running.port;
}

/** Starts a Prosody; the same. */
async function start_prosody(options = ""): Promise<number> {
	const started = await start_reference({
		prosody,
		data_folder: join(folder, "data"),
		config: `
modules_enabled = { "saslauth", "tls", "disco", "roster" }
modules_disabled = { "s2s" }
authentication = "internal_plain"
storage = "internal"
ssl = { certificate = "${join(folder, "localhost.crt")}", key = "${join(folder, "localhost.key")}" }
${options}
VirtualHost "localhost"
`,
	});
	if (!started.ok) throw new Error(started.error);
	reference = started.value;
	return reference.port;
}

/** Up to the features behind TLS. */
async function encrypt(port: number, version: SecureVersion, session?: Buffer) {
	const client = await RawClient.connect(port);
	clients.push(client);
	await client.ask(header(), features);
	await client.ask("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>", "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
	const options = { minVersion: version, maxVersion: version, ...(session === undefined ? {} : { session }) };
	const tls = await client.starttls("localhost", options);
	return { client, tls, offer: await client.ask(header(), features) };
}

function exported(tls: TLSSocket): Buffer {
	return tls.exportKeyingMaterial(32, "EXPORTER-Channel-Binding", Buffer.alloc(0));
}

type Talk = (text: string) => Promise<string>;

/** Logs in; answers with the last that the server said. */
async function log_in(talk: Talk, offer: string, channel_binding: ClientOptions["channel_binding"]): Promise<string> {
	const offered = [...offer.matchAll(/<mechanism>([^<]+)/g)].map(([, name = ""]) => name);
	const options = channel_binding === undefined ? {} : { channel_binding };
	const sasl = create_sasl_client({ username: "ada", password: "secret" }, offered, options);
	if (!sasl.ok) throw new Error(sasl.error);
	const { mechanism } = sasl.value;
	const first = sasl.value.first().toString("base64");
	const challenge = await talk(`<auth xmlns='${ns.sasl}' mechanism='${mechanism}'>${first}</auth>`);
	const data = /^<challenge[^>]*>([^<]+)/.exec(challenge)?.[1];
	if (data === undefined) return challenge;
	const answer = sasl.value.challenge(Buffer.from(data, "base64"));
	if (!answer.ok) throw new Error(answer.error);
	const last = await talk(`<response xmlns='${ns.sasl}'>${answer.value.toString("base64")}</response>`);
	const proof = /^<success[^>]*>([^<]+)/.exec(last)?.[1];
	if (proof !== undefined) expect(sasl.value.success(Buffer.from(proof, "base64"))).toEqual({ ok: true, value: true });
	return `${mechanism} ${last}`;
}

const over =
	(client: RawClient): Talk =>
	async (text) => {
		const before = client.said.length;
		client.send(text);
		await client.until(() => /<\/(?:challenge|success|failure)>$/.test(client.said.slice(before)));
		return client.said.slice(before);
	};

const bound_success = /^SCRAM-SHA-(1|256|512)-PLUS <success/;

describe.each([
	["this server", start, false],
	["a real Prosody", () => start_prosody(), prosody === undefined && !required],
] as const)("%s", (_, begin, is_missing) => {
	it.skipIf(is_missing)("binds TLS 1.2 by tls-unique", { timeout: 30_000 }, async () => {
		const { client, tls, offer } = await encrypt(await begin(), "TLSv1.2");
		expect(offer).toContain("SCRAM-SHA-1-PLUS");
		const data = tls.getFinished() ?? Buffer.alloc(0);
		expect(await log_in(over(client), offer, { type: "tls-unique", data })).toMatch(bound_success);
	});

	it.skipIf(is_missing)("refuses who is bound to another connection", { timeout: 30_000 }, async () => {
		const { client, offer } = await encrypt(await begin(), "TLSv1.2");
		const data = Buffer.from("another one");
		expect(await log_in(over(client), offer, { type: "tls-unique", data })).toContain(
			"<malformed-request/><text>Invalid channel binding value.</text>",
		);
	});

	it.skipIf(is_missing)("refuses bindings that it has not offered", { timeout: 30_000 }, async () => {
		const { client, offer } = await encrypt(await begin(), "TLSv1.2");
		const data = Buffer.from("x");
		expect(await log_in(over(client), offer, { type: "tls-unknown", data })).toContain(
			"<malformed-request/><text>Proposed channel binding type isn't supported.</text>".replace("'", "&apos;"),
		);
	});

	it.skipIf(is_missing)("refuses who saw no mechanism that binds, though there is one", { timeout: 30_000 }, async () => {
		const { client, offer } = await encrypt(await begin(), "TLSv1.2");
		expect(await log_in(over(client), offer, "missed")).toContain(
			"<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><malformed-request/>",
		);
	});

	it.skipIf(is_missing)("lets others log in without", { timeout: 30_000 }, async () => {
		const { client, offer } = await encrypt(await begin(), "TLSv1.2");
		expect(await log_in(over(client), offer, undefined)).toMatch(/^SCRAM-SHA-(1|256|512) <success/);
	});

	it.skipIf(is_missing)("binds TLS 1.3 by tls-exporter, where its TLS can", { timeout: 30_000 }, async () => {
		const { client, tls, offer } = await encrypt(await begin(), "TLSv1.3");
		// Prosody needs a newer LuaSec for it than Debian 12 has
		if (reference !== undefined && !offer.includes("-PLUS")) return;
		expect(await log_in(over(client), offer, { type: "tls-exporter", data: exported(tls) })).toMatch(bound_success);
	});
});

describe("this server", () => {
	it("names what it can be bound by, strongest mechanisms first", async () => {
		const port = await start();
		const { offer } = await encrypt(port, "TLSv1.3");
		expect(offer).toContain(`<mechanisms xmlns='${ns.sasl}'>${plus}`);
		expect(offer).toContain(
			"<sasl-channel-binding xmlns='urn:xmpp:sasl-cb:0'><channel-binding type='tls-exporter'/></sasl-channel-binding>",
		);
		expect((await encrypt(port, "TLSv1.2")).offer).toContain("'><channel-binding type='tls-unique'/></sasl-channel-binding>");
	});

	it("knows the first Finished message of a session that was there before", async () => {
		const port = await start({ ssl: { options: { no_ticket: false } } });
		const { tls: before } = await encrypt(port, "TLSv1.2");
		const { client, tls, offer } = await encrypt(port, "TLSv1.2", before.getSession());
		expect(tls.isSessionReused()).toBe(true);
		const data = tls.getPeerFinished() ?? Buffer.alloc(0);
		expect(await log_in(over(client), offer, { type: "tls-unique", data })).toMatch(bound_success);
	});

	it.each([
		["of the certificate", "auto"],
		["that is set", "0123456789abcdef"],
	])("binds by a hash %s, for every client", async (_, option) => {
		const port = await start({ tls_server_end_point_hash: option });
		for (const version of ["TLSv1.2", "TLSv1.3"] as const) {
			const { client, tls, offer } = await encrypt(port, version);
			expect(offer).toContain("<channel-binding type='tls-server-end-point'/>");
			const { raw } = new X509Certificate(tls.getPeerCertificate().raw);
			const data = option === "auto" ? createHash("sha256").update(raw).digest() : Buffer.from(option, "hex");
			expect(await log_in(over(client), offer, { type: "tls-server-end-point", data })).toMatch(bound_success);
		}
	});

	it("says what is wrong with a hash that is none, and goes without", async () => {
		const port = await start({ tls_server_end_point_hash: "yes" });
		expect((await encrypt(port, "TLSv1.3")).offer).not.toContain("tls-server-end-point");
	});

	it("may be told not to bind; then who could is right that it cannot", async () => {
		const port = await start({ disable_sasl_mechanisms: ["SCRAM-SHA-1-PLUS", "SCRAM-SHA-256-PLUS"] });
		const { client, offer } = await encrypt(port, "TLSv1.3");
		expect(offer).not.toContain("channel-binding");
		expect(await log_in(over(client), offer, "missed")).toMatch(/^SCRAM-SHA-512 <success/);
	});

	it("binds a second try as well", async () => {
		const { client, tls, offer } = await encrypt(await start(), "TLSv1.3");
		const talk = over(client);
		expect(await log_in(talk, offer, { type: "tls-exporter", data: Buffer.from("wrong") })).toContain("<malformed-request/>");
		expect(await log_in(talk, offer, { type: "tls-exporter", data: exported(tls) })).toMatch(bound_success);
	});

	it("does not offer it in the clear", async () => {
		const client = await RawClient.connect(await start({ c2s_require_encryption: false }));
		clients.push(client);
		const offer = await client.ask(header(), features);
		expect(offer).toContain("<mechanism>SCRAM-SHA-1</mechanism>");
		expect(offer).not.toMatch(/PLUS|channel-binding/);
	});

	it("binds direct TLS", async () => {
		await start();
		const port = running?.server.addresses().find(({ service }) => service === "c2s_direct_tls")?.port ?? 0;
		const client = await RawClient.connect(port);
		clients.push(client);
		const tls = await client.starttls();
		const offer = await client.ask(header(), features);
		expect(await log_in(over(client), offer, { type: "tls-exporter", data: exported(tls) })).toMatch(bound_success);
	});

	it("binds WebSocket over HTTPS", async () => {
		await start();
		const port = running?.server.addresses().find(({ service }) => service === "https")?.port ?? 0;
		const socket = new WebSocket(`wss://localhost:${port}/xmpp-websocket`, "xmpp", { rejectUnauthorized: false });
		const upgraded = once(socket, "upgrade");
		await once(socket, "open");
		const [response] = (await upgraded) as [IncomingMessage];
		const tls = response.socket;
		if (!(tls instanceof TLSSocket)) throw new Error("expected TLS");
		const messages: string[] = [];
		let more = (): void => {};
		socket.on("message", (data) => {
			messages.push(data.toString());
			more();
		});
		const read = async (): Promise<string> => {
			for (;;) {
				const message = messages.shift();
				if (message !== undefined) return message;
				await new Promise<void>((resolve) => {
					more = resolve;
				});
			}
		};
		const talk: Talk = (text) => {
			socket.send(text);
			return read();
		};
		await talk(open);
		const offer = await read();
		expect(await log_in(talk, offer, { type: "tls-exporter", data: exported(tls) })).toMatch(bound_success);
		socket.terminate();
	});
});
