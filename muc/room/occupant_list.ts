// Counterpart: plugins/muc/muc.lib.lua (send_occupant_list)

import type { TextSender } from "../../host/core/types.ts";
import { bare } from "../../host/util/jid.ts";
import type { AddressableText, Stanza } from "../../host/util/stanza.ts";
import * as st from "../../host/util/stanza.ts";
import type { Affiliation, Occupant, Role, Room } from "../types.ts";
import { add_item, muc_user } from "./item.ts";

/** Whether to show an occupant. `occupant` is undefined for an affiliated JID that is not in the room. */
export type OccupantFilter = (nick: string, occupant: Occupant | undefined) => boolean;

/** An occupant as shown to newcomers, and the values that the text was made from. */
interface ShownText {
	readonly text: AddressableText;
	readonly presence: Stanza;
	readonly children: number;
	readonly sessions: number;
	readonly role: Role | undefined;
	readonly affiliation: Affiliation | undefined;
}

/** Texts with real JIDs, and texts without. */
const known = { full: new WeakMap<Occupant, ShownText>(), anonymous: new WeakMap<Occupant, ShownText>() };

/** The presence of an occupant with its `<x/>`, without what handlers add. */
function build(room: Room, occupant: Occupant, presence: Stanza, is_anonymous: boolean): Stanza {
	const shown = st.clone(presence);
	shown.add_child(room.build_item_list(occupant, muc_user(), is_anonymous));
	return shown;
}

function shown_text(room: Room, occupant: Occupant, presence: Stanza, is_anonymous: boolean): AddressableText {
	const texts = is_anonymous ? known.anonymous : known.full;
	const before = texts.get(occupant);
	const affiliation = room.get_affiliation(occupant.bare_jid);
	const is_current =
		before !== undefined &&
		before.presence === presence &&
		before.children === presence.children.length &&
		before.sessions === occupant.sessions.size &&
		before.role === occupant.role &&
		before.affiliation === affiliation;
	if (is_current) return before.text;
	const text = st.serialise_for_many(build(room, occupant, presence, is_anonymous));
	const { role } = occupant;
	const { size } = occupant.sessions;
	texts.set(occupant, { text, presence, children: presence.children.length, sessions: size, role, affiliation });
	return text;
}

/** A way to send texts that were made before; undefined where stanzas have to be made and routed. */
function listener(room: Room, to: string, core: Pick<Room, "route_stanza" | "build_item_list">): TextSender | undefined {
	const { module } = room;
	if (room.route_stanza !== core.route_stanza || room.build_item_list !== core.build_item_list) return undefined;
	const additions = new Set(room.presence_additions.keys());
	if (!module.is_only_heard_by("muc-build-occupant-presence", additions)) return undefined;
	return module.text_sender(to, "presence", room.jid);
}

/**
 * Shows the occupants of a room to a newcomer. In a large room this is most of what entering costs. So each text is made once for all
 * newcomers, as long as nothing needs to see each stanza.
 * @param core the room's own methods, which modules may have replaced
 */
export function send_occupant_list(
	room: Room,
	to: string,
	filter: OccupantFilter,
	core: Pick<Room, "route_stanza" | "build_item_list">,
): void {
	const { module } = room;
	const to_bare = bare(to);
	const roles = room.get_presence_broadcast();
	const is_anonymous = room.is_anonymous_for(to);
	const send_text = listener(room, to, core);
	const additions = [...room.presence_additions.values()];
	for (const [nick, occupant] of room._occupants) {
		const is_own = to_bare === occupant.bare_jid;
		if (!(is_own || roles[occupant.role ?? "none"])) continue;
		const presence = occupant.get_presence();
		if (presence === undefined || !filter(nick, occupant)) continue;
		const is_text = send_text !== undefined && !additions.some((applies) => applies(room, occupant.bare_jid));
		if (is_text && send_text(shown_text(room, occupant, presence, is_anonymous && !is_own))) continue;
		const shown = build(room, occupant, presence, is_anonymous && !is_own);
		shown.attr["to"] = to;
		module.fire_event("muc-build-occupant-presence", { room, occupant, stanza: shown });
		room.route_stanza(shown);
	}
	if (roles.none) send_absent(room, to, is_anonymous, filter);
}

/** Shows affiliated users that are not in the room; where real JIDs are hidden, those with a reserved nick only. */
function send_absent(room: Room, to: string, is_anonymous: boolean, filter: OccupantFilter): void {
	const present = new Set<string>();
	for (const { bare_jid } of room._occupants.values()) present.add(bare_jid);
	for (const [jid, affiliation, data] of room.each_affiliation()) {
		const nick = data?.reserved_nickname;
		if ((nick === undefined && is_anonymous) || present.has(jid) || !filter(jid, undefined)) continue;
		const from = nick === undefined ? room.jid : `${room.jid}/${nick}`;
		const x = add_item(muc_user(), { affiliation, role: "none", nick, jid: is_anonymous ? undefined : jid });
		const shown = st.presence({ to, from, type: "unavailable" });
		shown.add_child(x);
		room.route_stanza(shown);
	}
}
