// The plugins that come with Jitsi Meet, which are not ours to bring along: JITSI_MEET_PLUGINS names its folder
// resources/prosody-plugins. Servers that run them, and who talks to these.

import { existsSync } from "node:fs";
import { join } from "node:path";
import * as st from "../../../host/util/stanza.ts";
import { Client } from "../../../tools/scansion/client.ts";
import { ask, patience } from "../../helper.ts";
import type { Stage, Troupe } from "./community.ts";
import { JitsiClient } from "./jitsi_client.ts";

const plugins = process.env["JITSI_MEET_PLUGINS"];
/** Whether the plugins are there to be tried. */
export const is_there = plugins !== undefined && existsSync(join(plugins, "mod_auth_token.lua"));
if (!is_there) console.warn("JITSI_MEET_PLUGINS names no folder with the plugins of Jitsi Meet: they are not tried here");
// Debian has basexx and inspect, which the plugins need on a real Prosody, for other versions of Lua than Prosody's.
process.env["LUA_PATH"] ??= "/usr/share/lua/5.2/?.lua;/usr/share/lua/5.3/?.lua;;";

/** Where people meet. */
export const room = "meeting@conference.localhost";
/** Namespace of the room's options. */
export const owner_form = "http://jabber.org/protocol/muc#owner";

/** A server as Jitsi Meet has it: rooms, a focus that makes them, and what is asked for. */
export function troupe(options: string, { rooms = [], accounts = [], hosts = "" }: Troupe = {}): Troupe {
	return {
		folders: [plugins ?? ""],
		accounts: ["websocket", "jitsi_session", ...accounts],
		rooms: ["muc_hide_all", ...rooms],
		options: `muc_mapper_domain_base = "localhost"
			muc_mapper_domain_prefix = "conference"
			muc_room_locking = false
			muc_room_default_public_jids = true
			consider_websocket_secure = true
			cross_domain_websocket = true
			admins = { "focus@auth.localhost" }
			${options}`,
		hosts: `VirtualHost "auth.localhost"
				authentication = "insecure"
			${hosts}`,
	};
}

/** Has the focus make the room, as it does before anybody enters; it may be asked to ask others. */
export async function with_focus<Value>(
	stage: Stage,
	run: (ask: (iq: st.Stanza) => Promise<st.Stanza>) => Promise<Value>,
): Promise<Value> {
	const focus = await Client.connect({
		host: "127.0.0.1",
		port: stage.port,
		jid: "focus@auth.localhost/focus",
		password: "password",
		timeout: patience,
	});
	if (!focus.ok) throw new Error(focus.error);
	focus.value.send(
		st
			.presence({ to: `${room}/focus` })
			.tag("x", { xmlns: "http://jabber.org/protocol/muc" })
			.reset(),
	);
	await focus.value.take((stanza) => String(stanza).includes('code="110"') || String(stanza).includes("code='110'"), patience);
	try {
		return await run((iq) => ask(focus.value, iq));
	} finally {
		await focus.value.disconnect();
	}
}

/** A client that nobody knows yet. Throws where it is not let in. */
export async function enter_server(stage: Stage, token?: string): Promise<JitsiClient> {
	const client = await JitsiClient.open(stage.url, "meeting", token);
	if (typeof client === "string") throw new Error(`was not let in: ${client}`);
	return client;
}

/** An answer as `type condition`. */
export function shown(stanza: string): string {
	const [, type = "available"] = /^<\w+[^>]*\btype=['"](\w+)['"]/.exec(stanza) ?? [];
	const [, condition = ""] = /<error[^>]*>\s*<([\w-]+)/.exec(stanza) ?? [];
	const [, text = ""] = /<text[^>]*>([^<]*)</.exec(stanza) ?? [];
	return [type, condition, text].filter((part) => part !== "").join(" ");
}
