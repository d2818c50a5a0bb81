import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import type { ConfigValue } from "../../../host/core/configmanager.ts";
import { start_test_server, type TestServer } from "../../helper.ts";
import { auth_plain, bind, features, header, RawClient } from "../raw_client.ts";

const modules = ["roster", "saslauth", "ping", "tls", "limits"];
const pings = 500;

let test: TestServer | undefined;
const clients: RawClient[] = [];
afterEach(async () => {
	for (const client of clients.splice(0)) client.destroy();
	await test?.stop();
	test = undefined;
});

async function serve(options: Record<string, ConfigValue>): Promise<TestServer> {
	test = await start_test_server({
		config: { "*": { modules_enabled: modules, allow_unencrypted_plain_auth: true, c2s_require_encryption: false, ...options } },
	});
	return test;
}

async function log_in(port: number, name: string, with_tls = false): Promise<RawClient> {
	const client = await RawClient.connect(port);
	clients.push(client);
	await client.ask(header(), features);
	if (with_tls) {
		await client.ask("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>", "/>");
		await client.starttls();
		await client.ask(header(), features);
	}
	await client.ask(auth_plain(name), "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
	await client.ask(header(), features);
	await client.ask(bind("r"), "</iq>");
	return client;
}

/** Sends many pings at once; answers with their ids in the order of the answers, and with how long that took in seconds. */
async function storm(client: RawClient): Promise<{ ids: number[]; seconds: number; bytes: number }> {
	const text = Array.from({ length: pings }, (_, id) => `<iq type='get' id='p${id}'><ping xmlns='urn:xmpp:ping'/></iq>`).join("");
	const before = client.said.length;
	const start = performance.now();
	client.send(text);
	await client.until(() => client.said.includes(`'p${pings - 1}'`) || client.said.includes(`"p${pings - 1}"`));
	const seconds = (performance.now() - start) / 1000;
	const ids = [...client.said.slice(before).matchAll(/id=['"]p(\d+)['"]/g)].map(([, id]) => Number(id));
	return { ids, seconds, bytes: text.length };
}

const all = Array.from({ length: pings }, (_, id) => id);

describe.each([
	["in the clear", false],
	["under TLS", true],
])("limits of clients %s", (_, with_tls) => {
	it("hold back who sends too fast, lose nothing, and leave others alone", async () => {
		const rate = 10_000;
		const { port } = await serve({ limits: { c2s: { rate: "10kb/s", burst: "1s" } }, limits_resolution: 0.2 });
		const [fast, calm] = [await log_in(port, "fast", with_tls), await log_in(port, "calm", with_tls)];
		const stormed = storm(fast);
		let finished = false;
		void stormed.then(() => {
			finished = true;
		});
		expect(await calm.ask("<iq type='get' id='calm'><ping xmlns='urn:xmpp:ping'/></iq>", "/>")).toContain("calm");
		expect(finished).toBe(false);
		const { ids, seconds, bytes } = await stormed;
		expect(ids).toEqual(all);
		expect(seconds).toBeGreaterThan((bytes - rate) / rate - 0.5);
	});

	it("are not for whom unlimited_jids names", async () => {
		// At this rate, the pings would take an hour.
		const { port } = await serve({ limits: { c2s: { rate: "1b/s", burst: "200s" } }, unlimited_jids: ["fast@localhost"] });
		const fast = await log_in(port, "fast", with_tls);
		expect((await storm(fast)).ids).toEqual(all);
	});
});

describe("a client that is held back", () => {
	it("is heard to its end, though it ended its side of the connection at once", async () => {
		const { port } = await serve({ limits: { c2s: { rate: "20kb/s", burst: "1s" } }, limits_resolution: 0.1 });
		const client = await log_in(port, "fast");
		const stormed = storm(client);
		client.end();
		expect((await stormed).ids).toEqual(all);
	});

	it("is heard to its end, though it closed its stream at once", async () => {
		const { port } = await serve({ limits: { c2s: { rate: "20kb/s", burst: "1s" } }, limits_resolution: 0.1 });
		const client = await log_in(port, "fast");
		const stormed = storm(client);
		client.send("</stream:stream>");
		expect((await stormed).ids).toEqual(all);
		expect(await client.closed()).toContain("</stream:stream>");
	});
});

describe("what cannot be meant", () => {
	it("is said at start", async () => {
		const folder = mkdtempSync(join(tmpdir(), "enjamb-limits-"));
		const file = join(folder, "log");
		test = await start_test_server({
			config: { "*": { modules_enabled: modules, limits: { c2s: { rate: "fast" }, s2s: { rate: "1kb/s" } } } },
			log: [{ to: { file }, level: "error" }],
		});
		const lines = readFileSync(file, "utf8").trimEnd().split("\n");
		rmSync(folder, { recursive: true });
		expect(lines).toEqual([
			expect.stringContaining('Error parsing rate for c2s: "fast", using default rate (3000 bytes/s)'),
			expect.stringContaining("there are no sessions of the kind s2s"),
		]);
	});
});
