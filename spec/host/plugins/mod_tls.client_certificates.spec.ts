// Certificates of clients: whether they are asked for, and SASL EXTERNAL by the module of Prosody's community that logs in with them.

import { copyFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { ConnectionOptions } from "node:tls";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ConfigValue } from "../../../host/core/config/config.ts";
import { ns } from "../../../host/util/ns.ts";
import { find_prosody, type Reference, start_reference } from "../../../tools/reference.ts";
import { start_test_server, type TestServer } from "../../helper.ts";
import { not_installed } from "../../needs.ts";
import { bind, features, header, RawClient } from "../raw_client.ts";
import { Neighbourhood } from "../servers.ts";

const modules = "/usr/lib/prosody/modules";
const prosody = find_prosody(process.env["ENJAMB_REFERENCE"]);
const no_module = not_installed(
	existsSync(`${modules}/mod_auth_ccert`),
	"mod_auth_ccert",
	"logins with certificates are not tried",
);
const no_prosody = not_installed(prosody, "Prosody", "logins with certificates are not compared");
const xmpp_address = (jid: string): string => `otherName:1.3.6.1.5.5.7.8.5;UTF8:${jid}`;

let files: Neighbourhood;
let running: TestServer | undefined;
let reference: Reference | undefined;
const clients: RawClient[] = [];

beforeEach(() => {
	files = new Neighbourhood();
});

afterEach(async () => {
	for (const client of clients.splice(0)) client.destroy();
	await running?.stop();
	await reference?.stop();
	running = undefined;
	reference = undefined;
	files.remove();
});

async function start(config: Record<string, ConfigValue>): Promise<number> {
	const { certificate, key } = files.certify("server", ["localhost"]);
	running = await start_test_server({
		config: {
			"*": {
				modules_enabled: ["disco", "roster", "saslauth", "tls"],
				c2s_require_encryption: true,
				ssl: { certificate, key, cafile: files.authority },
				plugin_paths: [modules],
				...config,
			},
		},
		data_path: files.folder,
	});
	return running.port;
}

/** The settings of both servers. */
const asks = { verify: ["peer", "client_once"], verifyext: ["lsec_continue"] };

async function start_with_module(): Promise<number> {
	return start({ authentication: "ccert", c2s_ssl: asks });
}

async function start_prosody(): Promise<number> {
	const { certificate, key } = files.certify("server", ["localhost"]);
	const started = await start_reference({
		prosody,
		plugin_paths: [modules],
		config: `
modules_enabled = { "saslauth", "tls", "disco", "roster" }
modules_disabled = { "s2s" }
authentication = "ccert"
ssl = { certificate = "${certificate}", key = "${key}", cafile = "${files.authority}" }
c2s_ssl = { verify = { "peer", "client_once" }, verifyext = { "lsec_continue" } }
VirtualHost "localhost"
`,
	});
	if (!started.ok) throw new Error(started.error);
	reference = started.value;
	return reference.port;
}

function shown(name: string, names: readonly string[], by?: "authority" | "itself", extensions?: string[]): ConnectionOptions {
	const pair = files.certify(name, names, by, extensions);
	return { cert: readFileSync(pair.certificate), key: readFileSync(pair.key) };
}

/** Up to the features behind TLS; what came until the end where the server ended the connection. */
async function encrypt(port: number, options: ConnectionOptions = {}): Promise<{ client: RawClient; offer: string }> {
	const client = await RawClient.connect(port);
	clients.push(client);
	await client.ask(header(), features);
	await client.ask("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>", "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
	try {
		await client.starttls("localhost", options);
	} catch {
		return { client, offer: "" };
	}
	return { client, offer: await client.ask(header(), features) };
}

const external = (text: string): string => `<auth xmlns='${ns.sasl}' mechanism='EXTERNAL'>${text}</auth>`;

describe("certificates of clients", () => {
	it("are not asked for by default", async () => {
		const { offer } = await encrypt(await start({}), shown("nobody", ["x.example"], "itself"));
		expect(offer).toContain("<mechanisms");
	});

	it.each([
		["a good one", () => shown("ada", ["x.example"]), true],
		["none", () => ({}), true],
		["one that nobody vouches for", () => shown("ada", ["x.example"], "itself"), false],
		["one for servers only", () => shown("ada", ["x.example"], "authority", ["extendedKeyUsage=serverAuth"]), false],
	] as const)("where they are asked for, whoever shows %s is served or not", async (_, options, is_taken) => {
		const port = await start({ c2s_ssl: { verify: "peer" } });
		const { offer } = await encrypt(port, options());
		expect(offer.includes("<mechanisms")).toBe(is_taken);
	});

	it("may have to be there", async () => {
		const port = await start({ c2s_ssl: { verify: ["peer", "fail_if_no_peer_cert"] } });
		expect((await encrypt(port)).offer).not.toContain("<mechanisms");
		expect((await encrypt(port, shown("ada", ["x.example"]))).offer).toContain("<mechanisms");
	});

	it("may be vouched for by authorities in a folder", async () => {
		const folder = join(files.folder, "authorities");
		mkdirSync(folder);
		copyFileSync(files.authority, join(folder, "0123abcd.0"));
		const options = shown("ada", ["x.example"]);
		const { certificate, key } = files.certify("server", ["localhost"]);
		const port = await start({ ssl: { certificate, key }, c2s_ssl: { verify: "peer", capath: folder } });
		expect((await encrypt(port, options)).offer).toContain("<mechanisms");
		await running?.stop();
		const other = await start({ ssl: { certificate, key }, c2s_ssl: { verify: "peer" } });
		expect((await encrypt(other, options)).offer).not.toContain("<mechanisms");
	});

	it("may be those of servers", async () => {
		const port = await start({ c2s_ssl: { verify: "peer", verifyext: ["lsec_ignore_purpose"] } });
		const only_servers = ["extendedKeyUsage=serverAuth"];
		expect((await encrypt(port, shown("a", ["x.example"], "authority", only_servers))).offer).toContain("<mechanisms");
		expect((await encrypt(port, shown("b", ["x.example"], "itself", only_servers))).offer).not.toContain("<mechanisms");
	});
});

describe.each([
	["this server", start_with_module, no_module],
	["a real Prosody", start_prosody, no_module || no_prosody],
] as const)("SASL EXTERNAL by mod_auth_ccert on %s", (_, begin, is_missing) => {
	it.skipIf(is_missing)("logs in whom the certificate names", { timeout: 30_000 }, async () => {
		const { client, offer } = await encrypt(await begin(), shown("ada", [xmpp_address("ada@localhost")]));
		expect(offer).toContain("<mechanism>EXTERNAL</mechanism>");
		expect(await client.ask(external("="), "/>")).toBe(`<success xmlns='${ns.sasl}'/>`);
		await client.ask(header(), features);
		expect(await client.ask(bind("desk"), "</iq>")).toContain("<jid>ada@localhost/desk</jid>");
	});

	it.skipIf(is_missing)("logs in as the one of several that is asked for", { timeout: 30_000 }, async () => {
		const names = ["ada@localhost", "bea@localhost"].map(xmpp_address);
		const { client } = await encrypt(await begin(), shown("both", names));
		const bea = Buffer.from("bea@localhost").toString("base64");
		expect(await client.ask(external(bea), "/>")).toContain("<success");
		await client.ask(header(), features);
		expect(await client.ask(bind("desk"), "</iq>")).toContain("<jid>bea@localhost/desk</jid>");
	});

	it.skipIf(is_missing)("refuses others", { timeout: 60_000 }, async () => {
		const port = await begin();
		const named = [xmpp_address("ada@localhost")];
		// The module says of certificates that are not good that their account is disabled
		for (const [options, text, condition] of [
			[shown("host", [xmpp_address("ada@other.example")]), "=", "not-authorized"],
			[shown("ada", named), Buffer.from("bea@localhost").toString("base64"), "not-authorized"],
			[shown("self", named, "itself"), "=", "account-disabled"],
			[shown("none", ["x.example"]), "=", "account-disabled"],
			[{}, "=", "account-disabled"],
		] as const) {
			const { client } = await encrypt(port, options);
			expect(await client.ask(external(text), "</failure>")).toBe(`<failure xmlns='${ns.sasl}'><${condition}/></failure>`);
		}
	});
});
