// Counterpart: plugins/muc/muc.lib.lua (who may create and enter rooms, and under which nicks)

import type { ModuleApi } from "../../host/core/types.ts";
import { bare, resource } from "../../host/util/jid.ts";
import * as st from "../../host/util/stanza.ts";
import { resourceprep } from "../../host/util/stringprep.ts";
import type { PreChangeEvent, PreJoinEvent, RoomStanzaEvent } from "../events.ts";
import { is_visible_nick } from "../nick.ts";
import { sender_of } from "../util.lib.ts";

/** Whoever creates a room owns it. */
function make_owner({ room, stanza }: RoomStanzaEvent): void {
	const creator = sender_of(stanza);
	room.set_affiliation(true, bare(creator) ?? creator, "owner");
}

function refuse_banned({ room, origin, stanza }: PreJoinEvent): true | undefined {
	if (room.get_affiliation(sender_of(stanza)) !== "outcast") return undefined;
	origin.send(st.error_reply(stanza, "auth", "forbidden", undefined, room.jid));
	return true;
}

/** The nick that somebody wants. */
function wanted_nick(event: PreJoinEvent | PreChangeEvent): string {
	return resource(event.occupant ? event.occupant.nick : event.dest_occupant.nick) ?? "";
}

/** Refuses nicks that nobody could see. */
function refuse_invisible(event: PreJoinEvent | PreChangeEvent): true | undefined {
	const { room, origin, stanza } = event;
	if (is_visible_nick(wanted_nick(event))) return undefined;
	origin.send(st.error_reply(stanza, "modify", "not-allowed", "Invisible Nicknames are forbidden", room.jid));
	return true;
}

/** Refuses nicks with code points that Unicode 3.2 did not know, which not everybody prepares in the same way. */
function refuse_lax(event: PreJoinEvent | PreChangeEvent): true | undefined {
	const { room, origin, stanza } = event;
	if (resourceprep(wanted_nick(event), true) !== undefined) return undefined;
	origin.send(st.error_reply(stanza, "modify", "jid-malformed", "Nickname must pass strict validation", room.jid));
	return true;
}

/** Hooks what no room goes without. */
export function load(module: ModuleApi): void {
	module.hook("muc-room-pre-create", make_owner, -1);
	module.hook("muc-occupant-pre-join", refuse_banned, -10);
	module.hook("muc-occupant-pre-join", refuse_invisible, 1);
	module.hook("muc-occupant-pre-change", refuse_invisible, 1);
	module.hook("muc-occupant-pre-join", refuse_lax, 2);
	module.hook("muc-occupant-pre-change", refuse_lax, 2);
}
