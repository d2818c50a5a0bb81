// No counterpart: part of `enjamb compare`.

import { ns } from "../../../host/util/ns.ts";
import { type Action, action } from "./action.ts";
import { join, note_direction } from "./joins.ts";
import { type OddName, odd_nicks } from "./names.ts";
import type { Insider, Scene } from "./scene.ts";
import { attribute, type Markup, xml } from "./xml.ts";

/** Presence of someone in a room to their own nick. */
function update(label: string, weight: number, payload: (scene: Scene, insider: Insider) => Markup): Action {
	return action(label, weight, (scene, own) => {
		const insider = scene.insider();
		if (!insider) return undefined;
		const { session, room, nick } = insider;
		note_direction(session, room, `${room.jid}/${nick}`);
		return scene.send(
			session,
			xml`<presence to='${room.jid}/${nick}' id='${scene.id()}'>${payload(scene, insider)}</presence>`,
			own,
		);
	});
}

/**
 * Whether others are certainly in the room, whatever happened to one of them. Prosody treats a temporary room as empty while its
 * only occupant changes nick, and destroys it; everything after that would differ.
 */
function has_company({ session, room, nick }: Insider): boolean {
	const others = [...room.nicks].filter(([other, taken]) => other !== session && taken !== nick).map(([, taken]) => taken);
	return room.is_persistent || new Set(others).size > 1;
}

/** Someone in a room takes another nick. */
function rename(
	label: string,
	weight: number,
	nick: (scene: Scene, insider: Insider) => string | undefined,
	fits: (insider: Insider) => boolean = has_company,
): Action {
	return action(label, weight, (scene, own) => {
		const insider = scene.insider(fits);
		const wanted = insider && nick(scene, insider);
		if (!insider || wanted === undefined) return undefined;
		const { session, room } = insider;
		const to = `${room.jid}/${wanted}`;
		note_direction(session, room, to);
		room.rename(session, wanted);
		return scene.send(session, xml`<presence to='${to}' id='${scene.id()}'/>`, own);
	});
}

function odd_rename({ kind, name, becomes }: OddName): Action {
	return action(`nick change to one that is ${kind}`, 1, (scene, label) => {
		const insider = scene.insider(has_company);
		if (!insider) return undefined;
		const { session, room } = insider;
		session.has_strange_directions = true;
		if (becomes !== undefined) room.rename(session, becomes);
		return scene.send(session, xml`<presence to='${room.jid}/${name}' id='${scene.id()}'/>`, label);
	});
}

function leave(label: string, weight: number, payload: (scene: Scene) => Markup, target?: (insider: Insider) => string): Action {
	return action(label, weight, (scene, own) => {
		const insider = scene.insider();
		if (!insider) return undefined;
		const { session, room, nick } = insider;
		const to = target?.(insider) ?? `${room.jid}/${nick}`;
		note_direction(session, room, to, false);
		room.leave(session);
		return scene.send(session, xml`<presence type='unavailable' to='${to}' id='${scene.id()}'>${payload(scene)}</presence>`, own);
	});
}

/** Presence of a type, by anyone, to a nick or a room. */
function typed(label: string, weight: number, type: string, target: (scene: Scene, insider: Insider) => string): Action {
	return action(label, weight, (scene, own) => {
		const insider = scene.insider();
		if (!insider) return undefined;
		return scene.send(insider.session, xml`<presence type='${type}' to='${target(scene, insider)}' id='${scene.id()}'/>`, own);
	});
}

const other_occupant = (scene: Scene, { session, room }: Insider) => `${room.jid}/${scene.other_nick(room, session)}`;

/**
 * Types that presence to a room should not have. `subscribe` and `subscribed` are not among them: they would leave an entry in the
 * roster of the account, which later plays would meet.
 */
const bad_types: readonly string[] = [
	"unsubscribe",
	"unsubscribed",
	"visible",
	"invisible",
	"result",
	"available",
	"groupchat",
	"",
];

/** Clients in rooms change their presence or nick, and leave. */
export const presences: readonly Action[] = [
	rename("nick change", 22, (scene) => scene.dice.pick(["Montague", "Capulet", "Rosaline", "Balthasar", "Peter", "Ghost"])),
	rename("nick change back", 8, (_, { session }) => session.member.nick),
	rename("nick change to another's", 8, (scene, { session, room }) => scene.other_nick(room, session)),
	rename("nick change to one's other client's", 40, (_, { session, room, nick }) => {
		const others = [...room.nicks].filter(([other]) => other !== session && other.member.jid === session.member.jid);
		return others.find(([, taken]) => taken !== nick)?.[1];
	}),
	rename("nick change to a reserved one", 10, (scene, { room }) => scene.dice.maybe([...room.reserved.values()])),
	action("nick change with x", 4, (scene, label) => {
		const insider = scene.insider(has_company);
		return insider && join(scene, insider.session, insider.room, scene.dice.pick(["Montague", "Capulet", "Abram"]), label);
	}),
	...odd_nicks.map(odd_rename),
	update("presence show", 10, (scene) => xml`<show>${scene.dice.pick(["away", "chat", "dnd", "xa", "asleep", ""])}</show>`),
	update("presence status", 10, (scene) => xml`<status>${scene.line()}</status>`),
	update("presence priority", 3, (scene) => xml`<priority>${scene.dice.pick(["0", "-128", "127", "1000", "high"])}</priority>`),
	update("presence with nothing", 3, () => xml``),
	update("presence with payload", 8, (scene) =>
		scene.dice.pick([
			xml`<c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='urn:example:client' ver='QgayPKawpkPSDYmwT/WM94uAlu0='/>`,
			xml`<x xmlns='vcard-temp:x:update'><photo/></x>`,
			xml`<idle xmlns='urn:xmpp:idle:1' since='2002-10-13T23:58:37Z'/><show>away</show>`,
			xml`<payload xmlns='urn:example:play' xmlns:e='urn:example:other' e:colour='red'><e:inner/>text<deep><deeper/></deep></payload>`,
		]),
	),
	update(
		"presence with false muc#user",
		4,
		() => xml`<x xmlns='${ns.muc_user}'><item affiliation='owner' role='moderator'/><status code='307'/></x><show>away</show>`,
	),
	update(
		"presence with false hats",
		3,
		() => xml`<hats xmlns='${ns.hats}'><hat uri='urn:example:king' title='King'/></hats>
			<hats xmlns='xmpp:prosody.im/protocol/hats:1'><hat uri='urn:example:king' title='King'/></hats>`,
	),
	update("presence with false occupant-id", 3, (scene) => xml`<occupant-id xmlns='${ns.occupant_id}' id='${scene.id()}'/>`),
	update(
		"presence with false delay",
		3,
		(scene, { room }) =>
			xml`<delay xmlns='${ns.delay}' from='${scene.dice.pick([room.jid, "tybalt@localhost"])}' stamp='2002-10-13T23:58:37Z'/>`,
	),
	action("presence to the bare room", 8, (scene, label) => {
		const insider = scene.insider();
		if (!insider) return undefined;
		const { session, room } = insider;
		note_direction(session, room, room.jid);
		return scene.send(session, xml`<presence to='${room.jid}' id='${scene.id()}'><show>xa</show></presence>`, label);
	}),
	action("presence to the bare room by an outsider", 3, (scene, label) => {
		const outsider = scene.outsider();
		if (!outsider) return undefined;
		const { session, room } = outsider;
		const type = scene.dice.maybe([undefined, "unavailable"]);
		note_direction(session, room, room.jid, type === undefined);
		return scene.send(session, xml`<presence to='${room.jid}' id='${scene.id()}'${attribute("type", type)}/>`, label);
	}),
	leave("leave", 36, () => xml``),
	leave("leave with a status", 8, (scene) => xml`<status>${scene.line()}</status>`),
	leave("leave with payload", 3, () => xml`<x xmlns='${ns.muc}'/><payload xmlns='urn:example:play'/>`),
	leave(
		"leave to the bare room",
		3,
		() => xml``,
		({ room }) => room.jid,
	),
	leave(
		"leave to a wrong nick",
		3,
		() => xml``,
		({ room }) => `${room.jid}/Nobody`,
	),
	action("leave by an outsider", 3, (scene, label) => {
		const outsider = scene.outsider();
		if (!outsider) return undefined;
		const { session, room } = outsider;
		const to = `${room.jid}/${scene.other_nick(room, session)}`;
		note_direction(session, room, to, false);
		return scene.send(session, xml`<presence type='unavailable' to='${to}' id='${scene.id()}'/>`, label);
	}),
	typed("probe of an occupant", 6, "probe", other_occupant),
	typed("probe of oneself", 2, "probe", (_, { room, nick }) => `${room.jid}/${nick}`),
	typed("probe of a nick that is absent", 3, "probe", (_, { room }) => `${room.jid}/Nobody`),
	typed(
		"probe of a reserved nick",
		3,
		"probe",
		(scene, { room }) => `${room.jid}/${scene.dice.maybe([...room.reserved.values()]) ?? "Ghost"}`,
	),
	typed("probe of the room", 3, "probe", (_, { room }) => room.jid),
	action("probe by an outsider", 3, (scene, label) => {
		const outsider = scene.outsider();
		if (!outsider) return undefined;
		const { session, room } = outsider;
		const to = `${room.jid}/${scene.other_nick(room, session)}`;
		return scene.send(session, xml`<presence type='probe' to='${to}' id='${scene.id()}'/>`, label);
	}),
	...bad_types.map((type) => typed(`presence of type "${type}"`, 1, type, other_occupant)),
];
