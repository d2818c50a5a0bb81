import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { play_on, start_ours, start_prosody, type Troupe, without_prosody } from "./community.ts";

// Room plugins of https://github.com/jitsi-contrib/prosody-plugins, which are not ours to bring along: JITSI_PLUGINS names a
// folder that holds them. spec/lua/mod_meeting.lua uses what they use, for all who do not have them.

const plugins = process.env["JITSI_PLUGINS"];
const is_there = plugins !== undefined && existsSync(join(plugins, "frozen_nick/mod_frozen_nick.lua"));
if (!is_there) {
	console.warn("JITSI_PLUGINS names no folder with the plugins of jitsi-contrib: they are not tried here");
}
const no_prosody = without_prosody();

const folders = [plugins ?? "", join(import.meta.dirname, "jitsi")];
const accounts = ["stagehand"];
const open = "muc_room_locking = false";

const plays: readonly { name: string; troupe: Troupe }[] = [
	{ name: "frozen_nick", troupe: { accounts: ["stagehand", "frozen_nick"], options: open } },
	{ name: "time_restricted", troupe: { rooms: ["time_restricted"], options: `${open}\nconference_max_minutes = 0.005` } },
	{ name: "token_affiliation_legacy", troupe: { accounts, rooms: ["token_affiliation_legacy"], options: open } },
	{
		name: "token_owner_party",
		troupe: {
			accounts,
			rooms: ["token_affiliation_legacy", "token_owner_party"],
			options: `${open}\nparty_check_timeout = 0.1`,
		},
	},
	{ name: "owner_restricted", troupe: { rooms: ["owner_restricted"], options: `${open}\nrole_timeout = 0.1` } },
	{
		name: "per_room_max_occupants",
		troupe: {
			accounts,
			rooms: ["per_room_max_occupants"],
			options: `${open}\nmax_occupants_for_rooms = { small = 2 }\nmax_occupants_for_subdomains = { guild = 5 }`,
		},
	},
];

describe.skipIf(!is_there).each(plays)("jitsi-contrib's mod_$name", ({ name, troupe }) => {
	const script = join(import.meta.dirname, "jitsi", `${name}.scs`);

	it("does on this server", async () => {
		expect(await play_on(start_ours, script, { ...troupe, folders })).toBe("");
	});

	it.skipIf(no_prosody)("what it does on a real Prosody", async () => {
		expect(await play_on(start_prosody, script, { ...troupe, folders })).toBe("");
	});
});
