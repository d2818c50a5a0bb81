import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { compose_server, load_config, make_config_reader } from "../../../host/composition.ts";
import type { RunningServer } from "../../../host/running_server.ts";
import { ns } from "../../../host/util/ns.ts";
import * as st from "../../../host/util/stanza.ts";
import { find_prosody, type Reference, start_reference } from "../../../tools/reference.ts";
import { Client } from "../../../tools/scansion/client.ts";
import { patience } from "../../helper.ts";
import { not_installed } from "../../needs.ts";
import { lines, type TypedLine } from "./admin_shell/lines.ts";
import { lua_lines } from "./admin_shell/lua_lines.ts";
import { type Typed, Typist, words } from "./admin_shell/typing.ts";

const modules = resolve(import.meta.dirname, "../../lua");

const config = `
modules_enabled = { "disco", "roster", "saslauth", "admin_shell", "cron", "ping", "version", "time", "uptime", "shell_words", "invites" }
modules_disabled = { "s2s", "s2s_auth_certs", "tls" }
c2s_require_encryption = false
allow_unencrypted_plain_auth = true
authentication = "internal_hashed"
storage = "internal"
admins = { "admin@localhost" }
statistics = "internal"
statistics_interval = "manual"
VirtualHost "localhost"
	name = "Home"
VirtualHost "other.example"
Component "rooms.localhost" "muc"
	name = "Rooms"
	muc_room_locking = false
`;

/** A server with somebody at its console, and a client. */
class Scene {
	private client: Client | undefined;

	constructor(
		private readonly port: number,
		readonly console: Typist,
		private readonly end: () => Promise<void>,
	) {}

	/** Has people come, who are to be seen from the console. */
	async people(): Promise<void> {
		for (const name of ["romeo", "juliet"]) await this.console.type(`user:create("${name}@localhost", "secret")`);
		const client = await Client.connect({
			host: "127.0.0.1",
			port: this.port,
			jid: "romeo@localhost",
			password: "secret",
			resource: "orchard",
			timeout: patience,
		});
		if (!client.ok) throw new Error(client.error);
		this.client = client.value;
		client.value.send(st.presence());
		client.value.send(st.presence({ to: "tea@rooms.localhost/Romeo" }).tag("x", { xmlns: ns.muc }).reset());
		await client.value.take((stanza) => stanza.name === "message" && stanza.get_child("subject") !== undefined, patience);
	}

	async close(): Promise<void> {
		await this.client?.disconnect();
		this.console.close();
		await this.end();
	}
}

/** Starts ours. */
async function ours(folder: string): Promise<Scene> {
	const data = join(folder, "ours");
	mkdirSync(data);
	const path = join(folder, "prosody.cfg.lua");
	writeFileSync(
		path,
		`data_path = "${data}"\ninterfaces = { "127.0.0.1" }\nc2s_ports = { 0 }\nhttp_ports = {}\nplugin_paths = { "${modules}" }\n${config}`,
	);
	const loaded = await load_config(path);
	if (!loaded.ok) throw new Error(loaded.error.message);
	const read_config = make_config_reader(path);
	const composed = compose_server(loaded.value.config, { log: [], config_path: path, read_config });
	if (!composed.ok) throw new Error(composed.error);
	const server: RunningServer = composed.value;
	const listening = await server.start();
	if (!listening.ok) throw new Error(listening.error);
	const console = await Typist.connect(data, { password: "typed" });
	return new Scene(listening.value[0]?.port ?? 0, console, () => server.stop("The test is over"));
}

async function theirs(folder: string, prosody: string): Promise<Scene> {
	const data_folder = join(folder, "theirs");
	mkdirSync(data_folder);
	const started = await start_reference({ prosody, config, data_folder, plugin_paths: [modules] });
	if (!started.ok) throw new Error(started.error);
	const reference: Reference = started.value;
	const console = await Typist.connect(data_folder, { password: "typed" });
	return new Scene(reference.port, console, () => reference.stop());
}

/** What is not the same in two runs of one server: numbers, ids, addresses in memory, paths, how wide a table is. */
function plain(line: string): string {
	return line
		.replace(/\bc2s[\w-]{6,}/g, "c2sID")
		.replace(/role<\[[\w-]+\]/g, "role<[ID]")
		.replace(/0x[0-9a-f]+/g, "ADDRESS")
		.replace(/[\d.]+ [KMG]i?B/g, "SIZE")
		.replace(/[\d.]+(e-\d+)? [mμnpkM]?events\/s/g, "RATE events/s")
		.replace(/\d+/g, "N")
		.replace(/\s+/g, " ")
		.replace(/-{5,}/g, "-----")
		.trimEnd();
}

function comparable({ lines: printed, text, is_error }: Typed, { unordered }: TypedLine): object {
	const shown = printed.map(plain);
	return { lines: unordered ? shown.sort() : shown, text: plain(text), is_error };
}

/** The version of a Prosody, by its name. */
function compare_with(name: string, prosody: string, version: "0.12" | "13"): void {
	describe(`typed into both, and Prosody ${name}`, () => {
		const folder = mkdtempSync(join(tmpdir(), "enjamb-shell-"));
		const scenes: Scene[] = [];
		beforeAll(async () => {
			for (const scene of await Promise.all([ours(folder), theirs(folder, prosody)])) scenes.push(scene);
			for (const scene of scenes) await scene.people();
		});
		afterAll(async () => {
			for (const scene of scenes) await scene.close();
			rmSync(folder, { recursive: true, force: true });
		});

		for (const typed of [...lines, ...lua_lines]) {
			const { line, differs } = typed;
			const shown = typeof line === "string" ? line : line.join(" ");
			const only_13 = version === "0.12" ? typed.only_13 : undefined;
			it(`${shown}${only_13 === undefined ? "" : ` (not in 0.12: ${only_13})`}`, async () => {
				const text = typeof line === "string" ? line : words(...line);
				const is_interactive = typeof line === "string";
				const [mine, other] = scenes;
				if (!mine || !other) throw new Error("no scene");
				const [got, wanted] = [await mine.console.type(text, is_interactive), await other.console.type(text, is_interactive)];
				// The scene goes on in the same way
				if (only_13 !== undefined) return;
				const [a, b] = [comparable(got, typed), comparable(wanted, typed)];
				if (differs === undefined) expect(a).toEqual(b);
				else expect(a, `the same by now, though listed as different: ${differs}`).not.toEqual(b);
			});
		}
	});
}

const debian = find_prosody();
if (!not_installed(debian, "Prosody", "its console is not compared with ours") && debian !== undefined) {
	compare_with("as installed", debian, "0.12");
}
const named = process.env["ENJAMB_REFERENCE"];
const thirteen = named === undefined ? undefined : find_prosody(named);
if (thirteen !== undefined) compare_with("13", thirteen, "13");
else console.warn("ENJAMB_REFERENCE names no Prosody 13: what its console alone has is not compared");
