// No counterpart: part of `enjamb compare`.

import { ns } from "../../../host/util/ns.ts";
import type { PlayStep } from "../types.ts";
import { type Action, action } from "./action.ts";
import { type OddName, odd_nicks, odd_nodes } from "./names.ts";
import { type Scene, service } from "./scene.ts";
import type { Room, Session } from "./stage.ts";
import { attribute, type Markup, xml } from "./xml.ts";

/** What goes with a join. */
interface Extras {
	readonly password?: string;
	/** Children of `<x/>`. */
	readonly wishes?: Markup;
	/** Children of the presence. */
	readonly payload?: Markup;
}

/** Remembers that a client sent available or unavailable presence to a JID in a room. */
export function note_direction(session: Session, room: Room, jid: string, is_available = true): void {
	const jids = session.directed.get(room) ?? new Set();
	session.directed.set(room, jids);
	if (is_available) jids.add(jid);
	else jids.delete(jid);
}

function x(password: string, wishes?: Markup): Markup {
	const secret = password === "" ? undefined : xml`<password>${password}</password>`;
	return xml`<x xmlns='${ns.muc}'>${secret}${wishes}</x>`;
}

/** Somebody joins a room under a nick. */
export function join(scene: Scene, session: Session, room: Room, nick: string, label: string, extras: Extras = {}): PlayStep {
	const { password = room.password, wishes, payload } = extras;
	const to = `${room.jid}/${nick}`;
	note_direction(session, room, to);
	if (room.nicks.has(session)) room.rename(session, nick);
	else room.join(session, nick, password);
	return scene.send(session, xml`<presence to='${to}' id='${scene.id()}'>${payload}${x(password, wishes)}</presence>`, label);
}

/** A join by someone who is not in the room yet. */
function joins(
	label: string,
	weight: number,
	extras: (scene: Scene, room: Room) => Extras,
	nick?: (scene: Scene, room: Room) => string,
): Action {
	return action(label, weight, (scene, own) => {
		const outsider = scene.outsider();
		if (!outsider) return undefined;
		const { session, room } = outsider;
		return join(scene, session, room, nick?.(scene, room) ?? session.member.nick, own, extras(scene, room));
	});
}

function history(label: string, weight: number, wishes: (scene: Scene) => Markup): Action {
	return joins(`join with history ${label}`, weight, (scene) => ({ wishes: xml`<history${wishes(scene)}/>` }));
}

/** `seconds='0'` and small numbers are not among them: what comes depends on when exactly it was said. */
const seconds: readonly string[] = ["86400", "1000000000", "-86400", "soon", ""];

/** Limits of history. Source: XEP-0045 §7.2.14; what is no number is passed over. */
const histories: readonly Action[] = [
	history("maxchars", 6, (scene) => attribute("maxchars", scene.dice.pick(["0", "1", "300", "1000", "65000", "-1", "few", ""]))),
	history("maxstanzas", 6, (scene) =>
		attribute("maxstanzas", scene.dice.pick(["0", "1", "3", "20", "1000", "-1", "2.5", "0x2", "many"])),
	),
	history("seconds", 4, (scene) => attribute("seconds", scene.dice.pick(seconds))),
	history("since", 4, (scene) =>
		attribute(
			"since",
			scene.dice.pick(["1970-01-01T00:00:00Z", "2099-12-31T23:59:59Z", "2020-02-30T10:00:00+02:00", "yesterday", ""]),
		),
	),
	history("several", 4, (scene) => {
		const limits = [
			attribute("maxchars", scene.dice.pick(["0", "700", "65000"])),
			attribute("maxstanzas", scene.dice.pick(["0", "2", "50"])),
			attribute("seconds", scene.dice.pick(seconds)),
			attribute("since", "1970-01-01T00:00:00Z"),
		];
		return xml`${scene.dice.some(limits, 2)}`;
	}),
	// `seconds='0'` is only certain together with a limit that leaves nothing.
	history("of no seconds", 2, () => xml` maxstanzas='0' seconds='0'`),
	history("without limits", 2, () => xml``),
];

function odd_join({ kind, name, becomes }: OddName): Action {
	return action(`join with a nick that is ${kind}`, 1, (scene, label) => {
		const outsider = scene.outsider();
		if (!outsider) return undefined;
		const { session, room } = outsider;
		session.has_strange_directions = true;
		const { password } = room;
		if (becomes !== undefined) room.join(session, becomes, password);
		return scene.send(session, xml`<presence to='${room.jid}/${name}' id='${scene.id()}'>${x(password)}</presence>`, label);
	});
}

function odd_room(label: string, weight: number, jid: (scene: Scene, room: Room) => string): Action {
	return action(label, weight, (scene, own) => {
		const session = scene.anyone();
		if (!session) return undefined;
		session.has_strange_directions = true;
		const to = `${jid(scene, scene.any_room())}/${session.member.nick}`;
		return scene.send(session, xml`<presence to='${to}' id='${scene.id()}'>${x("")}</presence>`, own);
	});
}

/** Clients enter rooms, or try to. */
export const joining: readonly Action[] = [
	joins("join", 90, () => ({})),
	joins("join with a wrong password", 4, () => ({ password: "not the password" })),
	joins("join without the password", 4, () => ({ password: "" })),
	joins("join with an empty password", 1, () => ({ password: "", wishes: xml`<password/>` })),
	joins("join with an unasked password", 2, () => ({ password: "swordfish" })),
	...histories,
	joins(
		"join with another's nick",
		8,
		() => ({}),
		(scene, room) => scene.other_nick(room, scene.dice.pick(scene.sessions)),
	),
	joins(
		"join with a reserved nick",
		4,
		() => ({}),
		(scene, room) => scene.dice.maybe([...room.reserved.values()]) ?? "Rosaline",
	),
	action("join in another language", 3, (scene, label) => {
		const outsider = scene.outsider();
		if (!outsider) return undefined;
		const { session, room } = outsider;
		const { nick } = session.member;
		const { password } = room;
		note_direction(session, room, `${room.jid}/${nick}`);
		room.join(session, nick, password);
		return scene.send(
			session,
			xml`<presence to='${room.jid}/${nick}' id='${scene.id()}' xml:lang='${scene.dice.pick(["it", "de-CH", ""])}'>${x(password)}</presence>`,
			label,
		);
	}),
	joins("join with payload", 6, (scene) => ({
		payload: scene.dice.pick([
			xml`<show>dnd</show><status>In a tomb</status>`,
			xml`<status xml:lang='en'>Here</status><status xml:lang='it'>Qui</status><priority>7</priority>`,
			xml`<c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='urn:example:client' ver='QgayPKawpkPSDYmwT/WM94uAlu0='/>`,
			xml`<x xmlns='vcard-temp:x:update'><photo>da39a3ee5e6b4b0d3255bfef95601890afd80709</photo></x>`,
		]),
	})),
	joins("join with false claims", 4, (scene, room) => ({
		payload: xml`<x xmlns='${ns.muc_user}'><item affiliation='owner' role='moderator' jid='tybalt@localhost'/><status code='110'/></x>
			<occupant-id xmlns='${ns.occupant_id}' id='${scene.id()}'/>
			<delay xmlns='${ns.delay}' from='${room.jid}' stamp='2002-10-13T23:58:37Z'/>`,
	})),
	action("join behind the own nick", 14, (scene, label) => {
		const insider = scene.insider(({ session, room }) =>
			scene.online.some((other) => other !== session && other.member.jid === session.member.jid && !room.nicks.has(other)),
		);
		if (!insider) return undefined;
		const { session, room, nick } = insider;
		const other = scene.online.find((candidate) => candidate !== session && candidate.member.jid === session.member.jid);
		return other && join(scene, other, room, nick, label);
	}),
	joins(
		"join with a second nick of the account",
		3,
		() => ({}),
		(scene) => scene.dice.pick(["Montague", "Rosaline", "Balthasar"]),
	),
	action("join again", 8, (scene, label) => {
		const insider = scene.insider();
		return insider && join(scene, insider.session, insider.room, insider.nick, label);
	}),
	action("presence to a nick without x", 8, (scene, label) => {
		const outsider = scene.outsider();
		if (!outsider) return undefined;
		const { session, room } = outsider;
		const to = `${room.jid}/${session.member.nick}`;
		note_direction(session, room, to);
		return scene.send(session, xml`<presence to='${to}' id='${scene.id()}'/>`, label);
	}),
	action("join to the service", 1, (scene, label) => {
		const session = scene.anyone();
		if (!session) return undefined;
		session.has_strange_directions = true;
		return scene.send(
			session,
			xml`<presence to='${service}/${session.member.nick}' id='${scene.id()}'>${x("")}</presence>`,
			label,
		);
	}),
	odd_room("join to a room in upper case", 3, (_, room) => room.jid.toUpperCase()),
	...odd_nodes.map(({ kind, name }) =>
		odd_room(`join to a room with ${kind}`, 1, (scene) => `${name.replace("#", scene.suffix)}@${service}`),
	),
	...odd_nicks.map(odd_join),
];
