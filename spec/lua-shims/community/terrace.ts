// The room that modules in Lua are tried in, and what clients do there.

import * as st from "../../../host/util/stanza.ts";

export const muc = "http://jabber.org/protocol/muc";

export const room = "terrace@conference.localhost";

/** Enters the room. */
export const enter = (nick: string): st.Stanza =>
	st
		.presence({ to: `${room}/${nick}` })
		.tag("x", { xmlns: muc })
		.reset();

/** Says something to all; its id is what is said. */
export const say = (body: string): st.Stanza => st.message({ to: room, type: "groupchat", id: body }, body);

/** What codes a presence of the room has. */
export const statuses = (stanza: st.Stanza): (string | undefined)[] =>
	[...(stanza.get_child("x", `${muc}#user`)?.childtags("status") ?? [])].map(({ attr }) => attr["code"]);

/** Whether it is the presence of whoever gets it (XEP-0045 §7.2.2). */
export const is_self = (stanza: st.Stanza): boolean => statuses(stanza).includes("110");

export const is_error = (stanza: st.Stanza): boolean => stanza.attr["type"] === "error";
