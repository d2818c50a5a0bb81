// The configurations that Debian's Prosody and Prosody 13 come with, and a newcomer's: each runs without any Lua, and each module that it
// names has its effect. PROSODY_SOURCE names a source of Prosody 13.

import { accessSync, constants, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fengari from "fengari";
import { afterEach, describe, expect, it, vi } from "vitest";
import { run as check } from "../../host/cli/check/run.ts";
import { built_in_modules, compose_server, load_config } from "../../host/composition.ts";
import { ClientSession } from "../../host/core/c2s_session.ts";
import { config_to_lua } from "../../host/core/config/config_to_lua.ts";
import { type Config, default_config } from "../../host/core/configmanager.ts";
import type { RunningServer } from "../../host/running_server.ts";
import { ns } from "../../host/util/ns.ts";
import type { Stanza } from "../../host/util/stanza.ts";
import * as st from "../../host/util/stanza.ts";
import { Client } from "../../tools/scansion/client.ts";
import { ask, patience } from "../helper.ts";
import { not_installed, not_packaged } from "../needs.ts";
import { RawStream } from "./raw_stream.ts";

const debian = "/etc/prosody/prosody.cfg.lua";
const source = process.env["PROSODY_SOURCE"];
const of_13 = source === undefined ? undefined : join(source, "prosody.cfg.lua.dist");

function is_readable(path: string): boolean {
	try {
		accessSync(path, constants.R_OK);
		return true;
	} catch {
		return false;
	}
}

const consequence = "the configuration that it comes with is not run";
const no_debian =
	not_installed(existsSync(debian), "Prosody", consequence) ||
	not_packaged(is_readable(debian) ? undefined : `${debian} may not be read`, consequence);
const no_13 = not_packaged(
	of_13 !== undefined && existsSync(of_13) ? undefined : "PROSODY_SOURCE names no Prosody 13",
	consequence,
);

let folder: string | undefined;
let server: RunningServer | undefined;
afterEach(async () => {
	vi.restoreAllMocks();
	await server?.stop("The test is over");
	server = undefined;
	if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
	folder = undefined;
});

/** Everything but where the server is, and that clients may log in without TLS. */
const whereabouts = {
	interfaces: ["127.0.0.1"],
	c2s_ports: [0],
	c2s_direct_tls_ports: [],
	s2s_ports: [0],
	http_ports: [],
	https_ports: [],
};
const in_the_clear = { c2s_require_encryption: false, allow_unencrypted_plain_auth: true, admins: ["admin@localhost"] };

async function read(path: string): Promise<Config> {
	const own = mkdtempSync(join(tmpdir(), "enjamb-default-"));
	folder = own;
	// Debian's includes what is in there
	mkdirSync(join(own, "conf.d"));
	const copy = join(own, "prosody.cfg.lua");
	writeFileSync(copy, readFileSync(path));
	const loaded = await load_config(copy);
	if (!loaded.ok) throw new Error(loaded.error.message);
	return loaded.value.config;
}

/** Starts it, and says how many Lua states it has made. */
async function start(config: Config): Promise<() => number> {
	const states = vi.spyOn(fengari.lauxlib, "luaL_newstate");
	for (const [option, value] of Object.entries({ ...whereabouts, ...in_the_clear, data_path: folder, pidfile: undefined })) {
		config.set("*", option, value);
	}
	const composed = compose_server(config, { log: [] });
	if (!composed.ok) throw new Error(composed.error);
	server = composed.value;
	const listening = await server.start();
	if (!listening.ok) throw new Error(listening.error);
	return () => states.mock.calls.length;
}

function port_of(service: string): number {
	return server?.addresses().find((address) => address.service === service)?.port ?? 0;
}

async function log_in(name: string): Promise<Client> {
	server?.usermanager.create_user(name, "localhost", "secret");
	const account = { jid: `${name}@localhost`, password: "secret", resource: "desk" };
	const client = await Client.connect({ ...account, host: "127.0.0.1", port: port_of("c2s"), timeout: patience });
	if (!client.ok) throw new Error(client.error);
	return client.value;
}

let asked = 0;
function iq(type: "get" | "set", to: string | undefined, content: Stanza): Stanza {
	asked++;
	return st
		.iq({ type, to, id: `q${asked}` })
		.add_child(content)
		.reset();
}

/** What a module makes of something, as text; and what stands in it. */
type Effect = readonly [(client: Client) => Promise<string>, expected: string];

function answers(to: string | undefined, content: () => Stanza, expected: string, type: "get" | "set" = "get"): Effect {
	return [async (client) => String(await ask(client, iq(type, to, content()))), expected];
}

const query = (xmlns: string): Stanza => st.stanza("query", { xmlns });
const says = (expected: string, to?: string): Effect => answers(to, () => query(ns.disco_info), expected);

/** What the server offers at the beginning of a stream. */
function offers(service: "c2s" | "s2s", expected: string): Effect {
	return [
		async () => {
			const stream = new RawStream(port_of(service));
			const [xmlns, from] = service === "c2s" ? [ns.client, "romeo@localhost"] : [ns.server, "verona.example"];
			stream.write(
				`<stream:stream to='localhost' from='${from}' version='1.0' xmlns='${xmlns}' xmlns:db='jabber:server:dialback' xmlns:stream='http://etherx.jabber.org/streams'>`,
			);
			const features = await stream.take(/<\/stream:features>/);
			stream.close();
			return features ?? "";
		},
		expected,
	];
}

/** Nonzas are answered, too. */
function reacts(content: Stanza, expected: string): Effect {
	return [
		async (client) => {
			client.send(content);
			return String(await client.take(({ attr }) => attr["xmlns"] === content.attr["xmlns"], patience));
		},
		expected,
	];
}

const commands = (who: "admin" | "romeo", expected: string): Effect => [
	async (client) => {
		const asking = who === "admin" ? await log_in("admin") : client;
		return String(await ask(asking, iq("get", "localhost", st.stanza("query", { xmlns: ns.disco_items, node: ns.commands }))));
	},
	expected,
];

const effects: Readonly<Record<string, Effect>> = {
	disco: says("category='server'", "localhost"),
	roster: answers(undefined, () => query(ns.roster), "xmlns='jabber:iq:roster'"),
	saslauth: offers("c2s", "<mechanism>"),
	sasl2: offers("c2s", "urn:xmpp:sasl:2"),
	sasl2_bind2: offers("c2s", "urn:xmpp:bind:0"),
	sasl2_fast: offers("c2s", "urn:xmpp:fast:0"),
	sasl2_sm: offers("c2s", "<sm xmlns='urn:xmpp:sm:3'"),
	blocklist: answers(undefined, () => st.stanza("blocklist", { xmlns: ns.blocking }), "<blocklist "),
	bookmarks: says("urn:xmpp:bookmarks:1#compat"),
	carbons: says("urn:xmpp:carbons:2", "localhost"),
	dialback: offers("s2s", "urn:xmpp:features:dialback"),
	pep: says("type='pep'"),
	private: answers(undefined, () => query(ns.private).tag("notes", { xmlns: "urn:example:notes" }).reset(), "<notes "),
	smacks: reacts(st.stanza("enable", { xmlns: ns.sm3, resume: "true" }), "<enabled "),
	vcard4: answers(undefined, () => st.stanza("vcard", { xmlns: ns.vcard4 }), "<item-not-found "),
	vcard_legacy: says("urn:xmpp:pep-vcard-conversion:0"),
	cloud_notify: says("urn:xmpp:push:0"),
	csi_simple: [
		async (client) => {
			client.send(st.stanza("inactive", { xmlns: ns.csi }));
			await client.settle(true);
			const session = server?.hosts.get("localhost")?.sessions.get("romeo")?.sessions.get("desk");
			// What it says itself brings what was held back
			return session instanceof ClientSession ? String(session.state) : "";
		},
		"flushing",
	],
	invites_adhoc: commands("admin", "urn:xmpp:invite#create-account"),
	invites_register: offers("c2s", "urn:xmpp:invite"),
	ping: answers("localhost", () => st.stanza("ping", { xmlns: ns.ping }), "type='result'"),
	register: answers(undefined, () => query(ns.register), "<registered"),
	time: answers("localhost", () => st.stanza("time", { xmlns: ns.time }), "<utc>"),
	uptime: answers("localhost", () => query(ns.last), "seconds="),
	version: answers("localhost", () => query(ns.version), "<name>Enjamb</name>"),
	admin_adhoc: commands("admin", "http://jabber.org/protocol/admin#add-user"),
	account_activity: [
		async () => {
			const stored = server?.open_store("localhost", "account_activity", "map");
			const time = stored?.ok ? stored.value.get("romeo", "timestamp") : undefined;
			return time?.ok ? String(typeof time.value) : "";
		},
		"number",
	],
	lastactivity: answers(undefined, () => query(ns.last), "seconds="),
	mam: answers(undefined, () => st.stanza("prefs", { xmlns: ns.mam }), "<prefs "),
};

/** What does nothing that a client could see here: there is no certificate, nobody is fast enough, nobody asks, or nobody logs in by SCRAM. */
const unseen = ["tls", "limits", "invites", "admin_shell", "posix", "sasl_ssdp"];

function config_names(config: Config): string[] {
	const names = config.get("localhost", "modules_enabled");
	return Array.isArray(names) ? names.flatMap((name) => (typeof name === "string" ? [name] : [])) : [];
}

const configurations: readonly [what: string, is_left_out: boolean, read: () => Promise<Config>][] = [
	["Debian's Prosody", no_debian, () => read(debian)],
	["Prosody 13", no_13, () => read(of_13 ?? "")],
	[
		"a newcomer",
		false,
		() => {
			folder = mkdtempSync(join(tmpdir(), "enjamb-default-"));
			return Promise.resolve(default_config(folder));
		},
	],
];

describe.each(configurations)("the configuration of %s", (_, is_left_out, make) => {
	it.skipIf(is_left_out)("is said to need none", async () => {
		const config = await make();
		const path = join(folder ?? "", "checked.cfg.lua");
		writeFileSync(path, config_to_lua(config));
		let said = "";
		await check(
			path,
			{ built_in: built_in_modules, surface: undefined, prosody_folders: [] },
			{
				json: false,
				write: (text) => {
					said += text;
				},
			},
		);
		const [, all, built_in] = /: (\d+) modules: (\d+) built in, 0 in TypeScript, 0 in Lua/.exec(said) ?? [];
		expect(Number(built_in), said).toBe(Number(all));
		expect(Number(all)).toBeGreaterThan(15);
	});

	it.skipIf(is_left_out)("runs without any Lua, and each of its modules has its effect", async () => {
		const config = await make();
		const names = config_names(config);
		const lua_states = await start(config);
		const romeo = await log_in("romeo");
		const loaded = ["*", "localhost"].flatMap((host) => server?.modulemanager.loaded_on(host).map(({ name }) => name) ?? []);
		for (const name of names) {
			expect(loaded, name).toContain(name);
			expect(built_in_modules.has(name), name).toBe(true);
			const effect = effects[name];
			if (effect === undefined) expect(unseen).toContain(name);
			else expect(await effect[0](romeo), name).toContain(effect[1]);
		}
		expect(lua_states()).toBe(0);
		await romeo.disconnect();
	});
});
