// Counterpart: plugins/muc/muc.lib.lua (who may create and enter rooms, and under which nicks)

import type { ModuleApi, Session } from "../../host/core/types.ts";
import { bare, resource } from "../../host/util/jid.ts";
import type { Stanza } from "../../host/util/stanza.ts";
import * as st from "../../host/util/stanza.ts";
import { resourceprep } from "../../host/util/stringprep.ts";
import { is_visible_nick } from "../nick.ts";
import type { Room } from "../types.ts";
import { sender_of } from "../util.lib.ts";

/** Who wants a nick, with the occupant JID that has it. */
interface NickRequest {
	room: Room;
	origin: Session;
	stanza: Stanza;
	nick: string;
}

/** Refuses nicks that nobody could see. */
function refuse_invisible({ room, origin, stanza, nick }: NickRequest): true | undefined {
	if (is_visible_nick(resource(nick) ?? "")) return undefined;
	origin.send(st.error_reply(stanza, "modify", "not-allowed", "Invisible Nicknames are forbidden", room.jid));
	return true;
}

/** Refuses nicks with code points that Unicode 3.2 did not know, which not everybody prepares in the same way. */
function refuse_lax({ room, origin, stanza, nick }: NickRequest): true | undefined {
	if (resourceprep(resource(nick) ?? "", true) !== undefined) return undefined;
	origin.send(st.error_reply(stanza, "modify", "jid-malformed", "Nickname must pass strict validation", room.jid));
	return true;
}

/** Hooks what no room goes without. */
export function load(module: ModuleApi): void {
	// Who creates a room owns it
	module.hook(
		"muc-room-pre-create",
		({ room, stanza }) => {
			const creator = sender_of(stanza);
			room.set_affiliation(true, bare(creator) ?? creator, "owner");
		},
		-1,
	);
	module.hook(
		"muc-occupant-pre-join",
		({ room, origin, stanza }) => {
			if (room.get_affiliation(sender_of(stanza)) !== "outcast") return undefined;
			origin.send(st.error_reply(stanza, "auth", "forbidden", undefined, room.jid));
			return true;
		},
		-10,
	);
	module.hook("muc-occupant-pre-join", (event) => refuse_invisible({ ...event, nick: event.occupant.nick }), 1);
	module.hook("muc-occupant-pre-change", (event) => refuse_invisible({ ...event, nick: event.dest_occupant.nick }), 1);
	module.hook("muc-occupant-pre-join", (event) => refuse_lax({ ...event, nick: event.occupant.nick }), 2);
	module.hook("muc-occupant-pre-change", (event) => refuse_lax({ ...event, nick: event.dest_occupant.nick }), 2);
}
