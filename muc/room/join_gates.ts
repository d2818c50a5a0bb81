// Counterpart: plugins/muc/muc.lib.lua (who may create and enter rooms, and under which nicks)

import type { ModuleApi } from "../../host/core/types.ts";
import { bare, resource } from "../../host/util/jid.ts";
import { resourceprep } from "../../host/util/stringprep.ts";
import type { PreChangeEvent, PreJoinEvent, RoomStanzaEvent } from "../events.ts";
import { is_visible_nick } from "../nick.ts";
import { refuse_in_room, sender_of } from "../util.lib.ts";

/** Whoever creates a room owns it. */
function make_owner({ room, stanza }: RoomStanzaEvent): void {
	const creator = sender_of(stanza);
	room.set_affiliation(true, bare(creator) ?? creator, "owner");
}

function refuse_banned(event: PreJoinEvent): true | undefined {
	const is_banned = event.room.get_affiliation(sender_of(event.stanza)) === "outcast";
	return is_banned ? refuse_in_room(event, "auth", "forbidden") : undefined;
}

/** The nick that somebody wants. */
function wanted_nick(event: PreJoinEvent | PreChangeEvent): string {
	return resource(event.occupant ? event.occupant.nick : event.dest_occupant.nick) ?? "";
}

/** Refuses nicks that have nothing visible. */
function refuse_invisible(event: PreJoinEvent | PreChangeEvent): true | undefined {
	if (is_visible_nick(wanted_nick(event))) return undefined;
	return refuse_in_room(event, "modify", "not-allowed", "Invisible Nicknames are forbidden");
}

/** Refuses nicks with code points that are not in Unicode 3.2, since programs prepare those in different ways. */
function refuse_lax(event: PreJoinEvent | PreChangeEvent): true | undefined {
	if (resourceprep(wanted_nick(event), true) !== undefined) return undefined;
	return refuse_in_room(event, "modify", "jid-malformed", "Nickname must pass strict validation");
}

/** Hooks what all rooms do. */
export function load(module: ModuleApi): void {
	module.hook("muc-room-pre-create", make_owner, -1);
	module.hook("muc-occupant-pre-join", refuse_banned, -10);
	module.hook("muc-occupant-pre-join", refuse_invisible, 1);
	module.hook("muc-occupant-pre-change", refuse_invisible, 1);
	module.hook("muc-occupant-pre-join", refuse_lax, 2);
	module.hook("muc-occupant-pre-change", refuse_lax, 2);
}
