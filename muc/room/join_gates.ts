// Counterpart: plugins/muc/muc.lib.lua (who may create and enter rooms, and under which nicks)

import type { ModuleApi, Session } from "../../host/core/types.ts";
import { bare, resource } from "../../host/util/jid.ts";
import type { Stanza } from "../../host/util/stanza.ts";
import * as st from "../../host/util/stanza.ts";
import { resourceprep } from "../../host/util/stringprep.ts";
import type { Room } from "../types.ts";
import { senderOf } from "../util.lib.ts";

/** Who wants a nick, with the occupant JID that has it. */
interface NickRequest {
	room: Room;
	origin: Session;
	stanza: Stanza;
	nick: string;
}

/** Refuses nicks that nobody could see. */
function refuseInvisible({ room, origin, stanza, nick }: NickRequest): true | undefined {
	if (/[^ \t-\r]/.test(resource(nick) ?? "")) return undefined;
	origin.send(st.error_reply(stanza, "modify", "not-allowed", "Invisible Nicknames are forbidden", room.jid));
	return true;
}

/** Refuses nicks with code points that Unicode 3.2 did not know, which not everybody prepares in the same way. */
function refuseLax({ room, origin, stanza, nick }: NickRequest): true | undefined {
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
			const creator = senderOf(stanza);
			room.set_affiliation(true, bare(creator) ?? creator, "owner");
		},
		-1,
	);
	module.hook(
		"muc-occupant-pre-join",
		({ room, origin, stanza }) => {
			if (room.get_affiliation(senderOf(stanza)) !== "outcast") return undefined;
			origin.send(st.error_reply(stanza, "auth", "forbidden", undefined, room.jid));
			return true;
		},
		-10,
	);
	module.hook("muc-occupant-pre-join", (event) => refuseInvisible({ ...event, nick: event.occupant.nick }), 1);
	module.hook("muc-occupant-pre-change", (event) => refuseInvisible({ ...event, nick: event.dest_occupant.nick }), 1);
	module.hook("muc-occupant-pre-join", (event) => refuseLax({ ...event, nick: event.occupant.nick }), 2);
	module.hook("muc-occupant-pre-change", (event) => refuseLax({ ...event, nick: event.dest_occupant.nick }), 2);
}
