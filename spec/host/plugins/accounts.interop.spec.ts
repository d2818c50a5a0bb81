import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { play_on, start_ours, start_prosody, type Troupe, without_prosody } from "../../lua-shims/community/community.ts";

// What clients' accounts have: the same scripts, with the same options, on the modules that are built in and on a real Prosody's.

const no_prosody = without_prosody();
const of_lua = join(import.meta.dirname, "../../lua-shims/modules");
const own = join(import.meta.dirname, "accounts");

const plays: readonly { name: string; script: string; troupe: Troupe }[] = [
	{ name: "private (XEP-0049)", script: join(of_lua, "private.scs"), troupe: { accounts: ["private"] } },
	{
		name: "blocklist (XEP-0191)",
		script: join(of_lua, "blocklist.scs"),
		troupe: { accounts: ["blocklist"], options: "bounce_blocked_messages = true" },
	},
	{ name: "blocklist in every direction", script: join(own, "blocking.scs"), troupe: { accounts: ["blocklist"] } },
	{
		name: "lastactivity (XEP-0012)",
		script: join(of_lua, "lastactivity.scs"),
		troupe: { accounts: ["lastactivity", "presence", "roster"] },
	},
	{ name: "csi_simple (XEP-0352)", script: join(of_lua, "csi_simple.scs"), troupe: { accounts: ["csi_simple", "csi", "ping"] } },
	{ name: "mam (XEP-0313, XEP-0441)", script: join(of_lua, "mam.scs"), troupe: { accounts: ["mam"] } },
	{
		name: "vcard4 and vcard_legacy (XEP-0292, XEP-0054, XEP-0084, XEP-0153, XEP-0398)",
		script: join(of_lua, "vcard.scs"),
		troupe: { accounts: ["pep", "vcard_legacy", "vcard4"] },
	},
	{ name: "pep (XEP-0163, +notify by XEP-0115)", script: join(of_lua, "pep.scs"), troupe: { accounts: ["pep", "presence"] } },
	{
		name: "pubsub (XEP-0060)",
		script: join(of_lua, "pubsub.scs"),
		troupe: { accounts: ["pubsub"], options: 'admins = { "admin@localhost" }' },
	},
	{
		name: "bookmarks (XEP-0402, XEP-0048)",
		script: join(own, "bookmarks.scs"),
		troupe: { accounts: ["pep", "private", "bookmarks"] },
	},
	{ name: "private data by pep (XEP-0223)", script: join(own, "pep_private.scs"), troupe: { accounts: ["pep", "presence"] } },
	{
		name: "pep for a module in Lua",
		script: join(own, "publisher.scs"),
		troupe: { accounts: ["pep", "publisher", "presence"], folders: [own] },
	},
];

describe.each(plays)("$name", ({ script, troupe }) => {
	it("does here", async () => {
		expect(await play_on(start_ours, script, troupe)).toBe("");
	});

	it.skipIf(no_prosody)("does where Prosody's own Lua is loaded in its place", async () => {
		const twins = (troupe.accounts ?? []).filter((name) => name !== "publisher" && name !== "presence" && name !== "roster");
		const loaded: string[] = [];
		async function start_twins(with_twins: Troupe): ReturnType<typeof start_ours> {
			const stage = await start_ours(with_twins);
			for (const { name, definition } of stage.server.modulemanager.loaded_on("localhost")) {
				if (definition.path?.endsWith(".lua")) loaded.push(name);
			}
			return stage;
		}
		expect(await play_on(start_twins, script, { ...troupe, prefer_lua: twins })).toBe("");
		expect(loaded).toEqual(expect.arrayContaining(twins));
	});

	it.skipIf(no_prosody)("what it does on a real Prosody", async () => {
		expect(await play_on(start_prosody, script, troupe)).toBe("");
	});
});
