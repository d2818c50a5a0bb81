import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { missing, play_on, scene, start_ours, start_prosody, type Troupe, without_prosody } from "./community.ts";

// What the module does is written down in a script; a real Prosody with the same module says whether it is written down right.

const moderation = join(import.meta.dirname, "../../scansion/muc_moderation/fastened.scs");

const plays: readonly { name: string; script?: string; troupe: Troupe }[] = [
	{
		name: "muc_rtbl",
		troupe: { rooms: ["muc_rtbl"], options: 'muc_rtbl_jid = "list@localhost/service"\nmuc_rtbl_node = "blocked"' },
	},
	{ name: "muc_restrict_media", troupe: { rooms: ["muc_restrict_media"] } },
	// what rooms have of their own for it is switched off, as with Prosody 13
	{ name: "vcard_muc", troupe: { rooms: ["vcard_muc"], options: "muc_vcard = false" } },
	{ name: "muc_unique", troupe: { rooms: ["muc_unique"], prefer_lua: ["muc_unique"] } },
	{
		name: "muc_moderation",
		script: moderation,
		troupe: { rooms: ["muc_mam", "muc_moderation"], prefer_lua: ["muc_moderation"] },
	},
	{ name: "track_muc_joins", troupe: { accounts: ["presence", "track_muc_joins", "stagehand"] } },
	{
		name: "ping_muc",
		troupe: {
			accounts: ["presence", "ping_muc", "stagehand"],
			hosts: 'Component "far.localhost" "far_rooms"',
		},
	},
];

const no_prosody = without_prosody();

describe.each(plays)("mod_$name in Lua", ({ name, script, troupe }) => {
	const is_missing = missing(name);

	it.skipIf(is_missing)("does on this server", async () => {
		expect(await play_on(start_ours, script ?? scene(name), troupe)).toBe("");
	});

	it.skipIf(is_missing)("and on Prosody's own rooms in Lua", async () => {
		const prefer_lua = [...(troupe.prefer_lua ?? []), "muc"];
		expect(await play_on(start_ours, script ?? scene(name), { ...troupe, prefer_lua })).toBe("");
	});

	it.skipIf(is_missing || no_prosody)("what it does on a real Prosody", async () => {
		expect(await play_on(start_prosody, script ?? scene(name), troupe)).toBe("");
	});
});
