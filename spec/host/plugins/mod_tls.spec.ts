import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ConfigValue } from "../../../host/core/config/config.ts";
import { self_signed_certificate } from "../../../host/util/x509.ts";
import { start_test_server, type TestServer } from "../../helper.ts";
import { auth_plain, bind, features, header, RawClient } from "../raw_client.ts";

const starttls = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";
const proceed = "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";

let folder: string;
let running: TestServer | undefined;
const clients: RawClient[] = [];

beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "enjamb-spec-"));
});

afterEach(async () => {
	for (const client of clients.splice(0)) client.destroy();
	await running?.stop();
	running = undefined;
	rmSync(folder, { recursive: true });
});

async function start(config: Record<string, ConfigValue> = {}): Promise<TestServer> {
	running = await start_test_server({
		config: {
			"*": {
				modules_enabled: ["disco", "roster", "saslauth", "tls"],
				c2s_require_encryption: true,
				allow_unencrypted_plain_auth: false,
				...config,
			},
		},
		data_path: folder,
	});
	return running;
}

async function dial(port: number): Promise<RawClient> {
	const client = await RawClient.connect(port);
	clients.push(client);
	return client;
}

describe("STARTTLS (RFC 6120 §5, RFC 7590)", () => {
	it("is the only feature before encryption, and SASL comes after it", async () => {
		const { port } = await start();
		const client = await dial(port);
		const offer = await client.ask(header(), features);
		expect(offer).toContain("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls>");
		expect(offer).not.toContain("<mechanisms");
		expect(await client.ask(starttls, proceed)).toBe(proceed);
		const tls = await client.starttls();
		expect(tls.getProtocol()).toBe("TLSv1.3");
		const secured = await client.ask(header(), features);
		expect(secured).toContain("<mechanism>PLAIN</mechanism>");
		expect(secured).not.toContain("<starttls");
		await client.ask(auth_plain("ada"), "/>");
		await client.ask(header(), features);
		expect(await client.ask(bind("desk"), "</iq>")).toContain("<jid>ada@localhost/desk</jid>");
		expect(running?.server.full_sessions.get("ada@localhost/desk")?.secure).toBe(true);
	});

	it("need not be required", async () => {
		const { port } = await start({ c2s_require_encryption: false });
		const client = await dial(port);
		expect(await client.ask(header(), features)).toContain("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
	});

	it("refuses to log in without it", async () => {
		const { port } = await start();
		const client = await dial(port);
		await client.ask(header(), features);
		expect(await client.ask(auth_plain("ada"), "</failure>")).toContain("<encryption-required/>");
	});

	it("does not take over what came in the clear behind it", async () => {
		const { port } = await start();
		const client = await dial(port);
		await client.ask(header(), features);
		// As if it came from somebody in between: a new stream, whose answer would come encrypted.
		await client.ask(`${starttls}${header()}${auth_plain("mallory")}`, proceed);
		await client.starttls();
		const answer = await client.ask(header(), features);
		expect(answer.match(/<stream:stream/g)).toHaveLength(1);
		expect(answer).not.toContain("<success");
	});

	it("is refused a second time", async () => {
		const { port } = await start();
		const client = await dial(port);
		await client.ask(header(), features);
		await client.ask(starttls, proceed);
		await client.starttls();
		await client.ask(header(), features);
		expect(await client.ask(starttls)).toBe("<failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:stream>");
	});

	it("says which protocol it is for, where that is set", async () => {
		const { port } = await start({ c2s_ssl: { alpn: "xmpp-client" } });
		const client = await dial(port);
		await client.ask(header(), features);
		await client.ask(starttls, proceed);
		const tls = await client.starttls("localhost", { ALPNProtocols: ["other", "xmpp-client"] });
		expect(tls.alpnProtocol).toBe("xmpp-client");
	});

	it("survives clients that say something else than TLS", async () => {
		const { port } = await start();
		const client = await dial(port);
		await client.ask(header(), features);
		await client.ask(starttls, proceed);
		await client.ask("hello? this is no handshake");
		expect(client.ended).toBe(true);
		const next = await dial(port);
		expect(await next.ask(header(), features)).toContain("<starttls");
	});
});

describe("direct TLS (XEP-0368)", () => {
	it("is encrypted from the first byte, and needs no STARTTLS", async () => {
		const { server } = await start({ c2s_direct_tls_ports: [0] });
		const port = server.addresses().find(({ service }) => service === "c2s_direct_tls")?.port ?? 0;
		const client = await dial(port);
		const tls = await client.starttls();
		expect(tls.getPeerCertificate().subject.CN).toBe("localhost");
		const offer = await client.ask(header(), features);
		expect(offer).toContain("<mechanisms");
		expect(offer).not.toContain("<starttls");
	});

	it("shows each name its certificate", async () => {
		const { certificate, key } = self_signed_certificate(["chat.example"], 10);
		writeFileSync(join(folder, "chat.crt"), certificate);
		writeFileSync(join(folder, "chat.key"), key);
		running = await start_test_server({
			config: {
				"*": { modules_enabled: ["disco", "saslauth", "tls"], c2s_direct_tls_ports: [0], certificates: folder },
				"chat.example": { defined: true },
			},
			data_path: folder,
		});
		const port = running.server.addresses().find(({ service }) => service === "c2s_direct_tls")?.port ?? 0;
		for (const [name, subject] of [
			["chat.example", "chat.example"],
			["localhost", "localhost"],
			// rather a real one than one that was made
			["unknown.example", "chat.example"],
		] as const) {
			const client = await dial(port);
			const tls = await client.starttls(name);
			expect(tls.getPeerCertificate().subject.CN).toBe(subject);
		}
	});
});

describe("a certificate of our own", () => {
	it("is made where there is none, kept, and read by nobody else", async () => {
		const { port } = await start();
		const files = ["localhost.crt", "localhost.key"].map((name) => join(folder, "certificates", name));
		for (const file of files) expect(statSync(file).mode & 0o777).toBe(0o600);
		const before = files.map((file) => readFileSync(file, "utf8"));
		const shown = async (port: number): Promise<string> => {
			const client = await dial(port);
			await client.ask(header(), features);
			await client.ask(starttls, proceed);
			return (await client.starttls()).getPeerCertificate().fingerprint256;
		};
		const fingerprint = await shown(port);
		for (const client of clients.splice(0)) client.destroy();
		await running?.stop();
		const again = await start();
		expect(await shown(again.port)).toBe(fingerprint);
		expect(files.map((file) => readFileSync(file, "utf8"))).toEqual(before);
	});
});
