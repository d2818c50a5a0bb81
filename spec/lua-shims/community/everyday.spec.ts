// Modules of others while two people do what people do: all that both hear has to be the same here and on a real Prosody.

import { describe, expect, it } from "vitest";
import { missing, missing_here, type OurStage, type Stage, type Troupe } from "./community.ts";
import { compare, everyday } from "./talk.ts";

interface Play {
	readonly name: string;
	/** Where it is loaded. */
	readonly on: "accounts" | "rooms";
	readonly options?: string;
	/** What somebody hears for it alone; a module without shows nothing of itself. */
	readonly shows?: RegExp;
	/** Whether Debian has it. */
	readonly packaged: boolean;
}

const accounts = (name: string, shows?: RegExp, options = "", packaged = true): Play => ({
	name,
	on: "accounts",
	options,
	packaged,
	...(shows === undefined ? {} : { shows }),
});
const rooms = (name: string, shows?: RegExp, options = ""): Play => ({
	name,
	on: "rooms",
	options,
	packaged: false,
	...(shows === undefined ? {} : { shows }),
});

const plays: readonly Play[] = [
	accounts("block_strangers"),
	accounts("blocking"),
	accounts("carbons_copies"),
	accounts("csi_battery_saver"),
	accounts("default_bookmarks", undefined, 'default_bookmarks = { { jid = "terrace@conference.localhost", name = "Terrace" } }'),
	accounts("filter_chatstates"),
	accounts(
		"http_upload_external",
		undefined,
		'http_upload_external_base_url = "https://files.example/"\nhttp_upload_external_secret = "s"',
	),
	accounts("lastlog2"),
	accounts("log_auth"),
	accounts("measure_active_users"),
	accounts("privacy_lists"),
	accounts("private_adhoc"),
	accounts("require_otr"),
	accounts("seclabels"),
	accounts("server_status"),
	accounts("stanza_counter"),
	accounts("support_contact", undefined, 'support_contact = "help@localhost"\nsupport_contact_nick = "Support"'),
	accounts("throttle_presence"),
	accounts("turncredentials", undefined, 'turncredentials_secret = "s"\nturncredentials_host = "turn.example"'),
	accounts("vjud"),
	accounts("webpresence"),
	...[
		accounts("idlecompat"),
		accounts("deny_omemo"),
		accounts("e2e_policy"),
		accounts(
			"extdisco",
			undefined,
			'external_services = { ["stun.example"] = { { port = "3478", transport = "udp", type = "stun" } } }',
		),
		accounts("limit_auth"),
		accounts("motd_sequential", /read me/, 'motd_sequential_messages = { "read me" }'),
		accounts("password_policy"),
		accounts("roster_allinall"),
		accounts("smacks_offline"),
		accounts("spam_reporting"),
		accounts("block_registrations", undefined, 'block_registrations_users = { "mira" }'),
	].map((play) => ({ ...play, packaged: false })),
	rooms("muc_access_control", undefined, 'muc_access_lists = { terrace = { "localhost" } }'),
	rooms("muc_auto_member"),
	rooms("muc_auto_reserve_nicks"),
	rooms("muc_badge"),
	rooms("muc_batched_probe"),
	rooms("muc_block_pm", /policy-violation|forbidden|not-acceptable/),
	rooms("muc_config_restrict", undefined, 'muc_config_restricted = { "muc#roomconfig_roomname" }'),
	rooms("muc_defaults", undefined, 'default_mucs = { { jid_node = "terrace", config = { name = "Ours" } } }'),
	rooms("muc_hide_media"),
	rooms("muc_limits", undefined, "muc_event_rate = 0.5\nmuc_burst_factor = 6"),
	rooms("muc_local_only", undefined, 'muc_local_only = { "terrace@conference.localhost" }'),
	// in memory, a Prosody does not find markers again
	rooms("muc_markers", /chat-markers/, 'storage = "internal"'),
	rooms("muc_mention_notifications"),
	rooms("muc_notifications"),
	rooms("muc_offline_delivery"),
	rooms("muc_rai", /chat-markers/, 'storage = "internal"'),
	rooms("muc_restrict_nick"),
	rooms("muc_restrict_rooms", undefined, 'muc_restrict_matching = { ["^terr"] = "no terraces" }'),
	rooms("muc_webchat_url", undefined, 'muc_webchat_url = "https://web.example/"'),
];

/** What nobody but a module in Lua writes into the log. */
const trouble = /Traceback|attempt to|Error in|failed: /;

describe.each(plays)("mod_$name", ({ name, on, options = "", shows, packaged }) => {
	it.skipIf(packaged ? missing(name) : missing_here(name))("while people talk", async () => {
		const usual = ["presence", "message", "iq", "offline"];
		const troupe: Troupe = {
			accounts: usual,
			options: `http_host = "127.0.0.1"\n${options}`,
			[on]: on === "accounts" ? [...usual, name] : [name],
		};
		const play = async (stage: Stage): Promise<string[]> => {
			const told = await everyday(stage);
			if (is_ours(stage)) {
				expect(stage.server.modulemanager.is_loaded(on === "accounts" ? "localhost" : "conference.localhost", name)).toBe(true);
				expect((await stage.log()).split("\n").filter((line) => trouble.test(line))).toEqual([]);
			}
			return told;
		};
		const told = await compare(troupe, play);
		if (shows !== undefined) expect(String(told)).toMatch(shows);
	});
});

function is_ours(stage: Stage): stage is OurStage {
	return "server" in stage;
}
