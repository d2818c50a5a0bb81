import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import * as st from "../../../host/util/stanza.ts";
import type { MucExports } from "../../../muc/mod_muc.ts";
import { type OurStage, play_on, scene, start_ours, start_prosody, without_prosody } from "./community.ts";

// A module of our own with all that plugins for meetings use, such as those of jitsi-contrib; on each server the same.

const troupe = {
	rooms: ["meeting"],
	accounts: ["meeting"],
	folders: [resolve(import.meta.dirname, "../../lua")],
	options: "muc_room_locking = false\nmeeting_limits = { council = 2 }\nmeeting_patience = 0.05",
};
const no_prosody = without_prosody();

function rooms_of(stage: OurStage): MucExports {
	return stage.server.modulemanager.get_module("conference.localhost", "muc")?.exports as MucExports;
}

describe("a module for meetings in Lua", () => {
	it("does on this server", async () => {
		expect(await play_on(start_ours, scene("meeting"), troupe)).toBe("");
	});

	it.skipIf(no_prosody)("what it does on a real Prosody", async () => {
		expect(await play_on(start_prosody, scene("meeting"), troupe)).toBe("");
	});

	it("keeps what it knows with the room, and tells modules in TypeScript of it", async () => {
		const stage = await start_ours(troupe);
		try {
			const { server } = stage;
			const planned: unknown[] = [];
			server.events.add_handler(
				"meeting-planned" as "server-started",
				((event: { by?: unknown }) => {
					planned.push(event.by);
				}) as never,
			);
			const mira = await stage.client("mira", "a");
			mira.send(
				st.presence({ to: "council@conference.localhost/Mira" }).tag("x", { xmlns: "http://jabber.org/protocol/muc" }).reset(),
			);
			await mira.settle(true);
			const room = rooms_of(stage).get_room_from_jid("council@conference.localhost");
			if (!room) throw new Error("there is no such room");
			expect(server.modulemanager.get_module("localhost", "meeting")?.exports).toMatchObject({
				last_activated: "conference.localhost",
			});
			expect(planned).toEqual(["mira@localhost/a"]);
			expect(Reflect.get(room._data, "meeting")).toEqual({ topics: ["Mira"], rounds: 0 });
			expect(Reflect.get(room._data, "meeting_limit")).toBe(2);
		} finally {
			await stage.stop();
		}
	});
});
