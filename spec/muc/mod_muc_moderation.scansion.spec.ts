import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { start_scratch_server } from "../../host/composition.ts";
import { default_config } from "../../host/core/configmanager.ts";
import { ns } from "../../host/util/ns.ts";
import * as st from "../../host/util/stanza.ts";
import { find_prosody, scratch_config, start_reference } from "../../tools/reference.ts";
import { Client } from "../../tools/scansion/client.ts";
import { play } from "../../tools/scansion/play.ts";
import { create_reporter } from "../../tools/scansion/report.ts";
import { find_scripts, read_script, type ScratchServer } from "../../tools/scansion.ts";
import { ask, patience } from "../helper.ts";
import { not_installed } from "../needs.ts";
import { enter, room_of, service } from "./service.ts";

// Scripts that need a module which room services do not have unless their configuration names it

const found = find_scripts([join(import.meta.dirname, "../scansion/muc_moderation")]);
if (!found.ok) throw new Error(found.error);
const scripts = found.value.map((file) => {
	const script = read_script(file);
	if (!script.ok) throw new Error(`${file}:${script.error.line}: ${script.error.message}`);
	return { name: file.slice(file.lastIndexOf("/") + 1), script: script.value };
});

/** Scripts with this tag show what we do otherwise than Prosody's community; its value says what that is. */
const ours_only = "not on Prosody";
/** Names a feature that a real Prosody's rooms have to have for it to judge the script. */
const needs_feature = "needs feature";

/** Plays a script on a server that is there for it alone; answers with why it failed, or with nothing. */
async function play_on(server: ScratchServer, script: (typeof scripts)[number]["script"]): Promise<string> {
	try {
		const outcome = await play(script, { host: "127.0.0.1", port: server.port, timeout: patience });
		let report = "";
		if (outcome.failure) create_reporter("text", (text) => (report += text), false).result({ kind: "played", outcome });
		return report;
	} finally {
		await server.stop();
	}
}

async function start_ours(): Promise<ScratchServer> {
	const config = default_config("");
	config.set("*", "storage", "memory");
	config.set("*", "modules_disabled", ["s2s", "tls"]);
	config.set(service, "modules_enabled", ["muc_mam", "muc_moderation"]);
	return start_scratch_server(config);
}

async function start_prosody(): Promise<ScratchServer> {
	const config = scratch_config.replace('{ "muc_mam" }', '{ "muc_mam", "muc_moderation" }');
	const started = await start_reference({ config });
	if (!started.ok) throw new Error(started.error);
	return started.value;
}

describe("scripts of moderation, on this server", () => {
	it.each(scripts)("$name", async ({ script }) => {
		expect(await play_on(await start_ours(), script)).toBe("");
	});
});

const no_prosody = not_installed(find_prosody(), "Prosody", "scripts of moderation are not judged by a real one");

describe.skipIf(no_prosody)("scripts of moderation, on a real Prosody", () => {
	/** Features of its rooms; asked once. */
	let features: Promise<(string | undefined)[]> | undefined;
	const clients: Client[] = [];
	afterAll(() => Promise.all(clients.map((client) => client.disconnect())));

	async function ask_features(): Promise<(string | undefined)[]> {
		const server = await start_prosody();
		try {
			const account = { jid: "asker@localhost", password: "password" };
			const client = await Client.connect({ ...account, host: "127.0.0.1", port: server.port, timeout: patience });
			if (!client.ok) throw new Error(client.error);
			clients.push(client.value);
			await enter(client.value, "asked", "asker");
			const iq = st.iq({ type: "get", id: "info", to: room_of("asked") }).query(ns.disco_info);
			const query = (await ask(client.value, iq.reset())).get_child("query", ns.disco_info);
			return [...(query?.childtags("feature") ?? [])].map(({ attr }) => attr["var"]);
		} finally {
			await server.stop();
		}
	}

	const common = scripts.filter(({ script }) => !script.tags.has(ours_only));

	it.for(common)("$name", async ({ script }, { skip }) => {
		const feature = script.tags.get(needs_feature);
		features ??= ask_features();
		skip(feature !== undefined && !(await features).includes(feature), `this Prosody has no module with ${feature}`);
		expect(await play_on(await start_prosody(), script)).toBe("");
	});
});
