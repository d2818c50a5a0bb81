// Who is in rooms after the server was killed: as after a clean stop.

import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ModuleDefinition } from "../../host/core/types.ts";
import { ns } from "../../host/util/ns.ts";
import * as st from "../../host/util/stanza.ts";
import type { Client } from "../../tools/scansion/client.ts";
import { expect_stanza, start_test_server, type TestServer } from "../helper.ts";

const service = "conference.localhost";
let folder: string;
const running: TestServer[] = [];

/** Takes what goes to other servers, as a connection to them would. */
const far_away: ModuleDefinition = {
	name: "far_away",
	load(module) {
		module.hook("route/remote", () => true);
	},
};

async function start(name: string, storage: string, cache_size: number, modules = ["muc_mam"]): Promise<TestServer> {
	const server = await start_test_server({
		data_path: join(folder, name),
		config: {
			"*": { storage, muc_room_default_persistent: true, muc_room_cache_size: cache_size },
			[service]: { modules_enabled: modules },
		},
		modules: [far_away],
	});
	running.push(server);
	return server;
}

/** Enters a room; answers with who was there already. */
async function enter(client: Client, room: string, nick: string): Promise<string[]> {
	client.send(
		st
			.presence({ to: `${room}@${service}/${nick}` })
			.tag("x", { xmlns: ns.muc })
			.up(),
	);
	const others: string[] = [];
	for (;;) {
		const { attr } = await expect_stanza(
			client,
			({ name, attrs: { from } }) => name === "presence" && from?.startsWith(`${room}@`) === true,
		);
		if (attr["from"] === `${room}@${service}/${nick}`) return others;
		others.push(attr["from"] ?? "");
	}
}

beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "enjamb-crash-"));
});
afterEach(async () => {
	for (const server of running.splice(0)) await server.stop();
	rmSync(folder, { recursive: true, force: true });
});

describe.each(["internal", "sql"])("with storage %s", (storage) => {
	it("nobody of this server is in a room any more, also where it had been moved to storage with them", async () => {
		const first = await start("first", storage, 1);
		const romeo = await first.client("romeo");
		for (const room of ["a", "b", "c"]) {
			await enter(romeo, room, "romeo");
			const form = st.iq({ type: "set", to: `${room}@${service}`, id: room }).query(ns.muc_owner);
			romeo.send(form.tag("x", { xmlns: ns.data, type: "submit" }).reset());
			await expect_stanza(romeo, ({ name, attr }) => name === "iq" && attr["id"] === room);
		}
		// While they are here, those that were moved away have them still.
		const juliet = await first.client("juliet");
		expect(await enter(juliet, "a", "juliet")).toEqual([`a@${service}/romeo`]);
		// What a machine has that stops now.
		cpSync(join(folder, "first"), join(folder, "second"), { recursive: true });
		const second = await start("second", storage, 10);
		const nurse = await second.client("nurse");
		for (const room of ["a", "b", "c"]) expect([room, await enter(nurse, room, "nurse")]).toEqual([room, []]);
	});

	it.runIf(storage === "internal")("those of other servers are, as Prosody has left them", async () => {
		const put = (path: string, text: string): void => {
			mkdirSync(dirname(join(folder, path)), { recursive: true });
			writeFileSync(join(folder, path), text);
		};
		const room = `a@${service}`;
		const files = "first/conference%2elocalhost";
		put(`${files}/persistent.dat`, `return {\n\t["${room}"] = true;\n};\n`);
		put(
			`${files}/config/a.dat`,
			`return {\n\t["_jid"] = "${room}";\n\t["_data"] = {\n\t\t["persistent"] = true;\n\t};\n\t["_affiliation_data"] = {};\n};\n`,
		);
		const occupant = (nick: string, jid: string): string =>
			`\t["${room}/${nick}"] = {\n\t\t["bare_jid"] = "${jid}";\n\t\t["role"] = "participant";\n\t\t["jid"] = "${jid}/x";\n\t};\n` +
			`\t["${jid}/x"] = {\n\t\t["name"] = "presence";\n\t\t["attr"] = {\n\t\t\t["from"] = "${room}/${nick}";\n\t\t};\n\t};\n`;
		put(`${files}/state/a.dat`, `return {\n${occupant("far", "far@elsewhere.example")}${occupant("near", "near@localhost")}};\n`);
		const connected = ["muc_mam", "far_away"];
		const first = await start("first", storage, 10, connected);
		expect(await enter(await first.client("nurse"), "a", "nurse")).toEqual([`${room}/far`]);
		cpSync(join(folder, "first"), join(folder, "second"), { recursive: true });
		const second = await start("second", storage, 10, connected);
		expect(await enter(await second.client("nurse"), "a", "nurse")).toEqual([`${room}/far`]);
		// Where nothing reaches them, they leave, and that is known after the next time.
		cpSync(join(folder, "first"), join(folder, "third"), { recursive: true });
		const third = await start("third", storage, 10);
		expect(await enter(await third.client("nurse"), "a", "nurse")).toContain(`${room}/far`);
		cpSync(join(folder, "third"), join(folder, "fourth"), { recursive: true });
		const fourth = await start("fourth", storage, 10);
		expect(await enter(await fourth.client("nurse"), "a", "nurse")).toEqual([]);
	});
});
