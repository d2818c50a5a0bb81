// Counterpart: plugins/muc/muc.lib.lua (send_occupant_list)

import type { C2sSession } from "../../host/core/types.ts";
import { bare } from "../../host/util/jid.ts";
import type { AddressableText, Stanza } from "../../host/util/stanza.ts";
import * as st from "../../host/util/stanza.ts";
import type { Affiliation, Occupant, Role, Room, RoomMethods } from "../types.ts";
import { getPresenceAdditions } from "../util.lib.ts";
import { addItem, mucUser } from "./item.ts";

/** Whether an occupant is meant; without the occupant, whether an affiliated JID is that is not in the room. */
export type OccupantFilter = (nick: string, occupant: Occupant | undefined) => boolean;

/** How an occupant is shown to who enters, and what of it that was made from. */
interface ShownText {
	readonly text: AddressableText;
	readonly presence: Stanza;
	readonly children: number;
	readonly sessions: number;
	readonly role: Role | undefined;
	readonly affiliation: Affiliation | undefined;
}

/** With the real JIDs and without. */
const known = { full: new WeakMap<Occupant, ShownText>(), anonymous: new WeakMap<Occupant, ShownText>() };

/** The presence of an occupant with its `<x/>`, but for what handlers add. */
function build(room: Room, occupant: Occupant, presence: Stanza, isAnonymous: boolean): Stanza {
	const shown = st.clone(presence);
	shown.add_child(room.build_item_list(occupant, mucUser(), isAnonymous));
	return shown;
}

function shownText(room: Room, occupant: Occupant, presence: Stanza, isAnonymous: boolean): AddressableText {
	const texts = isAnonymous ? known.anonymous : known.full;
	const before = texts.get(occupant);
	const affiliation = room.get_affiliation(occupant.bare_jid);
	const isCurrent =
		before !== undefined &&
		before.presence === presence &&
		before.children === presence.children.length &&
		before.sessions === occupant.sessions.size &&
		before.role === occupant.role &&
		before.affiliation === affiliation;
	if (isCurrent) return before.text;
	const text = st.serialise_for_many(build(room, occupant, presence, isAnonymous));
	const { role } = occupant;
	const { size } = occupant.sessions;
	texts.set(occupant, { text, presence, children: presence.children.length, sessions: size, role, affiliation });
	return text;
}

/** The session that texts may be handed to which were made before; undefined where stanzas have to be made and routed. */
function listener(room: Room, to: string, core: Pick<RoomMethods, "route_stanza" | "build_item_list">): C2sSession | undefined {
	const { module } = room;
	if (room.route_stanza !== core.route_stanza || room.build_item_list !== core.build_item_list) return undefined;
	const additions = new Set(getPresenceAdditions(module).keys());
	if (!module.is_only_heard_by("muc-build-occupant-presence", additions)) return undefined;
	return module.plain_session(to, "presence");
}

/**
 * Shows those who are in a room to who enters it. In a room of many that is most of what entering costs, so that texts are made
 * once for all who enter, as long as nothing wants to see each stanza.
 * @param core the room's own methods, which modules may have replaced
 */
export function send_occupant_list(
	room: Room,
	to: string,
	filter: OccupantFilter,
	core: Pick<RoomMethods, "route_stanza" | "build_item_list">,
): void {
	const { module } = room;
	const toBare = bare(to);
	const roles = room.get_presence_broadcast();
	const isAnonymous = room.is_anonymous_for(to);
	const session = listener(room, to, core);
	const additions = [...getPresenceAdditions(module).values()];
	for (const [nick, occupant] of room._occupants) {
		const isOwn = toBare === occupant.bare_jid;
		if (!(isOwn || roles[occupant.role ?? "none"])) continue;
		const presence = occupant.get_presence();
		if (presence === undefined || !filter(nick, occupant)) continue;
		if (session !== undefined && !additions.some((applies) => applies(room, occupant.bare_jid))) {
			session.send_shared(shownText(room, occupant, presence, isAnonymous && !isOwn));
			continue;
		}
		const shown = build(room, occupant, presence, isAnonymous && !isOwn);
		shown.attr["to"] = to;
		module.fire_event("muc-build-occupant-presence", { room, occupant, stanza: shown });
		room.route_stanza(shown);
	}
	if (roles.none) sendAbsent(room, to, isAnonymous, filter);
}

/** Shows affiliated users that are not in the room; where real JIDs are hidden, those with a reserved nick only. */
function sendAbsent(room: Room, to: string, isAnonymous: boolean, filter: OccupantFilter): void {
	const present = new Set<string>();
	for (const { bare_jid } of room._occupants.values()) present.add(bare_jid);
	for (const [jid, affiliation, data] of room.each_affiliation()) {
		const nick = data?.reserved_nickname;
		if ((nick === undefined && isAnonymous) || present.has(jid) || !filter(jid, undefined)) continue;
		const from = nick === undefined ? room.jid : `${room.jid}/${nick}`;
		const x = addItem(mucUser(), { affiliation, role: "none", nick, jid: isAnonymous ? undefined : jid });
		const shown = st.presence({ to, from, type: "unavailable" });
		shown.add_child(x);
		room.route_stanza(shown);
	}
}
