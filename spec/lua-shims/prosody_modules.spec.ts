import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { missing, play_on, start_ours, start_prosody, type Troupe, without_prosody } from "./community/community.ts";

// Prosody's own modules, in Lua, on this host. What each does is written down in a script; a real Prosody with the same modules
// says whether it is written down right.

const scripts = join(import.meta.dirname, "../scansion");

/** Modules on the host with the accounts, all of them in Lua. */
function lua(...names: string[]): Troupe {
	return { accounts: names, prefer_lua: names };
}

const plays: readonly { name: string; script?: string; troupe: Troupe }[] = [
	{ name: "private", troupe: lua("private") },
	{ name: "blocklist", troupe: { ...lua("blocklist"), options: "bounce_blocked_messages = true" } },
	{ name: "carbons", troupe: lua("carbons") },
	{ name: "lastactivity", troupe: lua("lastactivity", "presence", "roster") },
	{ name: "vcard", troupe: lua("pep", "vcard_legacy", "vcard4") },
	{ name: "mam", troupe: lua("mam") },
	{ name: "pep", troupe: lua("pep", "presence") },
	{ name: "pubsub", troupe: { ...lua("pubsub"), options: 'admins = { "admin@localhost" }' } },
	{
		name: "motd",
		troupe: { ...lua("motd", "presence"), options: 'motd_text = "  The loom rests on Sunday.  "' },
	},
	{ name: "announce", troupe: lua("announce", "message") },
	{
		name: "groups",
		troupe: { ...lua("groups", "roster"), options: `groups_file = "${join(import.meta.dirname, "modules/groups.txt")}"` },
	},
	{ name: "admin_adhoc", troupe: lua("adhoc", "admin_adhoc") },
	{ name: "saslauth", script: join(scripts, "im_resource_conflict.scs"), troupe: lua("saslauth") },
	{ name: "user_account_management", troupe: lua("user_account_management") },
	// commands of the host, by mod_adhoc in Lua
	{ name: "adhoc", troupe: { rooms: ["adhoc"], prefer_lua: ["adhoc"] } },
	{ name: "limits", troupe: { ...lua("limits", "ping"), options: 'limits = { c2s = { rate = "10kb/s" } }' } },
	{ name: "smacks", troupe: lua("smacks", "ping") },
	{ name: "csi_simple", troupe: lua("csi_simple", "csi", "ping") },
	...["im_subscription", "im_message_routing", "im_resource_conflict"].map((name) => ({
		name,
		script: join(scripts, `${name}.scs`),
		troupe: lua("roster", "presence", "message", "iq", "offline", "disco"),
	})),
];

const no_prosody = without_prosody();

describe.each(plays)("Prosody's Lua: $name", ({ name, script, troupe }) => {
	// mod_adhoc lies in a folder of another name
	const is_missing = (troupe.accounts ?? []).some((module) => module !== "adhoc" && missing(module));
	const file = script ?? join(import.meta.dirname, "modules", `${name}.scs`);

	it.skipIf(is_missing)("does on this server", async () => {
		expect(await play_on(start_ours, file, troupe)).toBe("");
	});

	it.skipIf(is_missing || no_prosody)("what it does on a real Prosody", async () => {
		expect(await play_on(start_prosody, file, troupe)).toBe("");
	});
});
