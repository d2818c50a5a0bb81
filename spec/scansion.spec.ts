import { describe, expect, it } from "vitest";
import { ns } from "../host/util/ns.ts";
import * as st from "../host/util/stanza.ts";
import { find_prosody, start_reference } from "../tools/reference.ts";
import { Client } from "../tools/scansion/client.ts";
import type { ScratchServer } from "../tools/scansion.ts";
import { patience } from "./helper.ts";
import { not_installed } from "./needs.ts";
import { common_names, names, newer_only, play_on, tag_of } from "./scripts.ts";

describe("our scansion scripts, on this server", () => {
	/** Loaded late: a server that cannot even be loaded must not keep a real Prosody from judging the scripts. */
	async function start_ours(): Promise<ScratchServer> {
		const { start_scratch_server } = await import("../host/composition.ts");
		return start_scratch_server();
	}

	it.each(names)("%s", async (name) => {
		expect(await play_on(start_ours, name)).toBe("");
	});
});

// The judge of the scripts themselves: what a real Prosody does not do, they must not ask for.
const prosody = find_prosody();
const no_prosody = not_installed(prosody, "Prosody", "our scripts are not judged by a real one");

describe.skipIf(no_prosody)("our scansion scripts, on a real Prosody", () => {
	async function start_prosody(): Promise<ScratchServer> {
		const started = await start_reference();
		if (!started.ok) throw new Error(started.error);
		return started.value;
	}

	/** Asked once: whether scripts that need Prosody 13 have to be left out. */
	let is_old: Promise<boolean> | undefined;

	async function ask_whether_old(): Promise<boolean> {
		const server = await start_prosody();
		try {
			const account = { jid: "asker@localhost", password: "password" };
			const client = await Client.connect({ ...account, host: "127.0.0.1", port: server.port, timeout: patience });
			if (!client.ok) throw new Error(client.error);
			client.value.send(st.iq({ type: "get", id: "version", to: "localhost" }).query(ns.version));
			const answer = await client.value.take((stanza) => stanza.attr["id"] === "version", patience);
			await client.value.disconnect();
			return answer?.get_child("query", ns.version)?.get_child_text("version")?.startsWith("0.") ?? false;
		} finally {
			await server.stop();
		}
	}

	it.for(common_names)("%s", async (name, { skip }) => {
		const newer = tag_of(name, newer_only);
		if (newer !== undefined) {
			is_old ??= ask_whether_old();
			skip(await is_old, `${newer_only}: ${newer}`);
		}
		expect(await play_on(start_prosody, name)).toBe("");
	});
});
