import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { play_on, start_ours, start_prosody, type Troupe, without_prosody } from "../../lua-shims/community/community.ts";

// What clients' accounts have: the same scripts, with the same options, on the modules that are built in and on a real Prosody's.

const no_prosody = without_prosody();
const of_lua = join(import.meta.dirname, "../../lua-shims/modules");
const own = join(import.meta.dirname, "accounts");

const plays: readonly { name: string; script: string; troupe: Troupe }[] = [
	{ name: "private", script: join(of_lua, "private.scs"), troupe: { accounts: ["private"] } },
	{
		name: "blocklist",
		script: join(of_lua, "blocklist.scs"),
		troupe: { accounts: ["blocklist"], options: "bounce_blocked_messages = true" },
	},
	{ name: "blocklist in every direction", script: join(own, "blocking.scs"), troupe: { accounts: ["blocklist"] } },
	{
		name: "lastactivity",
		script: join(of_lua, "lastactivity.scs"),
		troupe: { accounts: ["lastactivity", "presence", "roster"] },
	},
	{ name: "csi_simple", script: join(of_lua, "csi_simple.scs"), troupe: { accounts: ["csi_simple", "csi", "ping"] } },
	{ name: "mam", script: join(of_lua, "mam.scs"), troupe: { accounts: ["mam"] } },
	{ name: "vcard4 and vcard_legacy", script: join(of_lua, "vcard.scs"), troupe: { accounts: ["pep", "vcard_legacy", "vcard4"] } },
	{ name: "pep", script: join(of_lua, "pep.scs"), troupe: { accounts: ["pep", "presence"] } },
	{
		name: "pubsub",
		script: join(of_lua, "pubsub.scs"),
		troupe: { accounts: ["pubsub"], options: 'admins = { "admin@localhost" }' },
	},
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

	it.skipIf(no_prosody)("what it does on a real Prosody", async () => {
		expect(await play_on(start_prosody, script, troupe)).toBe("");
	});
});
