import { describe, expect, it } from "vitest";
import { common_names, newer_only, play_on, tag_of } from "../../scripts.ts";
import { missing, start_ours } from "./community.ts";

// Prosody's own archive of rooms, in Lua, on the rooms of this server: our scripts about archives,
// which spec/scansion.spec.ts holds against a real Prosody.

const is_missing = missing("muc_mam");
const troupe = { rooms: ["muc_mam"], prefer_lua: ["muc_mam"] };
const archive_scripts = common_names.filter(
	(name) => (name.startsWith("mam_") || name.includes("archive") || name.includes("history")) && !tag_of(name, newer_only),
);

describe("mod_muc_mam in Lua", () => {
	it.skipIf(is_missing)("is what answers here", async () => {
		const stage = await start_ours(troupe);
		try {
			expect(stage.server.modulemanager.get_module("conference.localhost", "muc_mam")?.module.path).toMatch(/mod_muc_mam\.lua$/);
			expect(stage.server.modulemanager.get_module("conference.localhost", "muc")?.module.path).toBeUndefined();
		} finally {
			await stage.stop();
		}
	});

	it.skipIf(is_missing).each(archive_scripts)("%s on this server", async (name) => {
		expect(await play_on(() => start_ours(troupe), name)).toBe("");
	});
});
