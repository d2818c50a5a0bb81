// No counterpart: part of `enjamb compare`.

import { ns } from "../../../host/util/ns.ts";
import { type Action, action, sequence } from "./action.ts";
import type { Insider, Scene } from "./scene.ts";
import { type Markup, xml } from "./xml.ts";

/** A message of somebody in a room to all. */
function said(
	label: string,
	weight: number,
	payload: (scene: Scene, insider: Insider) => Markup,
	fits?: (insider: Insider) => boolean,
): Action {
	return action(label, weight, (scene, own) => {
		const insider = scene.insider(fits);
		if (!insider) return undefined;
		const { session, room } = insider;
		return scene.send(
			session,
			xml`<message type='groupchat' to='${room.jid}' id='${scene.id()}'>${payload(scene, insider)}</message>`,
			own,
		);
	});
}

function with_body(label: string, weight: number, payload: (scene: Scene, insider: Insider) => Markup): Action {
	return said(label, weight, (scene, insider) => xml`<body>${scene.line()}</body>${payload(scene, insider)}`);
}

const is_visitor = ({ session, room }: Insider) => room.role(session) === "visitor";

/** Deep, but neither servers nor the comparison mind; what is kept in an archive is written as nested Lua tables, 200 of them at most. */
function nested(depth: number): Markup {
	return depth === 0 ? xml`<bottom/>` : xml`<level n='${depth}'>${nested(depth - 1)}</level>`;
}

/** Hints. Source: XEP-0334. */
function hint(name: string): Action {
	return with_body(`groupchat with hint ${name}`, 3, () => xml`<${new_name(name)} xmlns='${ns.hints}'/>`);
}

function new_name(name: string): Markup {
	return xml`${name}`;
}

const chat_states: readonly string[] = ["active", "composing", "paused", "inactive", "gone"];

/** What is said to all in a room. */
export const messages: readonly Action[] = [
	said("groupchat", 80, (scene) => xml`<body>${scene.line()}</body>`),
	action("groupchat without id", 6, (scene, label) => {
		const insider = scene.insider();
		if (!insider) return undefined;
		const { session, room } = insider;
		return scene.send(session, xml`<message type='groupchat' to='${room.jid}'><body>${scene.line()}</body></message>`, label);
	}),
	sequence(["groupchat that is asked for later"], 30, (scene, label) => {
		const insider = scene.insider();
		if (!insider) return undefined;
		const { session, room } = insider;
		const id = scene.id();
		const variable = `archived-${id}`;
		scene.archived.push({ room, variable });
		const kept = xml`<stanza-id xmlns='${ns.stanza_id}' by='{scansion:any}' id='{scansion:capture:${variable}}'/>`;
		return [
			scene.send(
				session,
				xml`<message type='groupchat' to='${room.jid}' id='${id}'><body>${scene.line()}</body></message>`,
				label,
			),
			scene.capture(session, xml`<message type='groupchat' id='${id}'>${kept}</message>`),
		];
	}),
	said("groupchat by a visitor", 24, (scene) => xml`<body>${scene.line()}</body>`, is_visitor),
	action("groupchat by an outsider", 5, (scene, label) => {
		const outsider = scene.outsider();
		if (!outsider) return undefined;
		const { session, room } = outsider;
		return scene.send(
			session,
			xml`<message type='groupchat' to='${room.jid}' id='${scene.id()}'><body>${scene.line()}</body></message>`,
			label,
		);
	}),
	action("groupchat to an occupant", 3, (scene, label) => {
		const insider = scene.insider();
		if (!insider) return undefined;
		const { session, room } = insider;
		const to = `${room.jid}/${scene.other_nick(room, session)}`;
		return scene.send(session, xml`<message type='groupchat' to='${to}' id='${scene.id()}'><body>Hark</body></message>`, label);
	}),
	said("groupchat with an empty body", 3, () => xml`<body/>`),
	said("groupchat with nothing", 2, () => xml``),
	said(
		"groupchat with several bodies",
		3,
		(scene) => xml`<body>${scene.line()}</body><body xml:lang='it'>${scene.line()}</body>`,
	),
	said("groupchat with a long body", 2, (scene) => xml`<body>${scene.line().repeat(100)}</body>`),
	said(
		"groupchat with a chat state",
		5,
		(scene) => xml`<${new_name(scene.dice.pick(chat_states))} xmlns='http://jabber.org/protocol/chatstates'/>`,
	),
	said(
		"groupchat with a marker",
		4,
		(scene) =>
			xml`<${new_name(scene.dice.pick(["received", "displayed", "acknowledged"]))} xmlns='${ns.chat_markers}' id='${scene.id()}'/>`,
	),
	with_body("groupchat that wants markers", 2, () => xml`<markable xmlns='${ns.chat_markers}'/>`),
	...["store", "no-store", "no-permanent-store", "no-copy"].map(hint),
	said("groupchat with hint store and no body", 2, () => xml`<payload xmlns='urn:example:play'/><store xmlns='${ns.hints}'/>`),
	said("groupchat that is encrypted", 3, (scene) => {
		const body = scene.dice.odds(50) ? xml`<body>This is encrypted.</body>` : undefined;
		return xml`<encrypted xmlns='eu.siacs.conversations.axolotl'><header sid='27183'/></encrypted>
			<encryption xmlns='${ns.eme}' name='OMEMO' namespace='eu.siacs.conversations.axolotl'/>${body}`;
	}),
	with_body(
		"groupchat that replaces another",
		3,
		(scene) => xml`<replace xmlns='urn:xmpp:message-correct:0' id='${scene.id()}'/>`,
	),
	said(
		"groupchat with a reaction",
		2,
		(scene) =>
			xml`<reactions xmlns='urn:xmpp:reactions:0' id='${scene.id()}'><reaction>🌹</reaction></reactions><store xmlns='${ns.hints}'/>`,
	),
	with_body("groupchat with a false stanza-id", 5, (scene, { room }) => {
		const by = scene.dice.pick([room.jid, room.jid.toUpperCase(), "tybalt@localhost", "@", ""]);
		return xml`<stanza-id xmlns='${ns.stanza_id}' by='${by}' id='${scene.id()}'/>`;
	}),
	with_body("groupchat with a false origin", 3, (scene) => xml`<origin-id xmlns='${ns.stanza_id}' id='${scene.id()}'/>`),
	with_body("groupchat with a false occupant-id", 3, (scene) => xml`<occupant-id xmlns='${ns.occupant_id}' id='${scene.id()}'/>`),
	with_body("groupchat with a false delay", 4, (scene, { room }) => {
		const from = scene.dice.pick([room.jid, "tybalt@localhost"]);
		return xml`<delay xmlns='${ns.delay}' from='${from}' stamp='2002-10-13T23:58:37Z'/>
			<x xmlns='${ns.legacy_delay}' from='${from}' stamp='20021013T23:58:37'/>`;
	}),
	with_body("groupchat with false muc#user", 3, () => xml`<x xmlns='${ns.muc_user}'><status code='104'/></x>`),
	with_body(
		"groupchat with payload",
		4,
		() => xml`<html xmlns='http://jabber.org/protocol/xhtml-im'><body xmlns='http://www.w3.org/1999/xhtml'><p>Hark, <b>hark</b>!</p></body></html>
			<payload xmlns='urn:example:play' xmlns:e='urn:example:other' e:colour='red'/>`,
	),
	with_body("groupchat with deep payload", 2, () => xml`<payload xmlns='urn:example:play'>${nested(50)}</payload>`),
	with_body(
		"groupchat with a direct invitation",
		2,
		(_, { room }) => xml`<x xmlns='${ns.conference}' jid='${room.jid}' reason='Feast'/>`,
	),
	...["chat", "normal", "headline", "shout"].map((type) =>
		action(`message of type ${type} to the room`, 1, (scene, label) => {
			const insider = scene.insider();
			if (!insider) return undefined;
			const { session, room } = insider;
			return scene.send(
				session,
				xml`<message type='${type}' to='${room.jid}' id='${scene.id()}'><body>${scene.line()}</body></message>`,
				label,
			);
		}),
	),
];

/** The subject of a room. */
export const subjects: readonly Action[] = [
	said("subject", 16, (scene) => xml`<subject>${scene.line()}</subject>`),
	said("subject that is empty", 4, () => xml`<subject/>`),
	said("subject with a body", 3, (scene) => xml`<subject>${scene.line()}</subject><body>${scene.line()}</body>`),
	said("subject with a thread", 3, (scene) => xml`<subject>${scene.line()}</subject><thread>${scene.id()}</thread>`),
	said("subject that was before", 4, () => xml`<subject>Always the same</subject>`),
	said(
		"subject in two languages",
		2,
		(scene) => xml`<subject>${scene.line()}</subject><subject xml:lang='it'>${scene.line()}</subject>`,
	),
	said("subject by a visitor", 14, (scene) => xml`<subject>${scene.line()}</subject>`, is_visitor),
	action("subject by an outsider", 2, (scene, label) => {
		const outsider = scene.outsider();
		if (!outsider) return undefined;
		const { session, room } = outsider;
		return scene.send(
			session,
			xml`<message type='groupchat' to='${room.jid}' id='${scene.id()}'><subject>Mine</subject></message>`,
			label,
		);
	}),
];

/** A message of somebody in a room to a nick there. */
function whispered(
	label: string,
	weight: number,
	type: string | undefined,
	payload: (scene: Scene, insider: Insider) => Markup,
	target?: (insider: Insider) => string,
): Action {
	return action(label, weight, (scene, own) => {
		const insider = scene.insider();
		if (!insider) return undefined;
		const { session, room } = insider;
		const to = `${room.jid}/${target?.(insider) ?? scene.other_nick(room, session)}`;
		const kind = type === undefined ? undefined : xml` type='${type}'`;
		return scene.send(session, xml`<message to='${to}' id='${scene.id()}'${kind}>${payload(scene, insider)}</message>`, own);
	});
}

/** What is said to one alone. */
export const private_messages: readonly Action[] = [
	whispered("private message", 28, "chat", (scene) => xml`<body>${scene.line()}</body>`),
	whispered("private message of type normal", 4, "normal", (scene) => xml`<body>${scene.line()}</body>`),
	whispered("private message without type", 4, undefined, (scene) => xml`<body>${scene.line()}</body>`),
	whispered("private message of type headline", 2, "headline", (scene) => xml`<body>${scene.line()}</body>`),
	whispered(
		"private message to oneself",
		5,
		"chat",
		(scene) => xml`<body>${scene.line()}</body>`,
		({ nick }) => nick,
	),
	whispered(
		"private message to nobody",
		3,
		"chat",
		(scene) => xml`<body>${scene.line()}</body>`,
		() => "Nobody",
	),
	whispered(
		"private message with false claims",
		4,
		"chat",
		(scene) => xml`<body>${scene.line()}</body><x xmlns='${ns.muc_user}'><invite from='tybalt@localhost'/></x>
			<x xmlns='${ns.muc}'/><occupant-id xmlns='${ns.occupant_id}' id='${scene.id()}'/>`,
	),
	whispered(
		"private message with payload",
		4,
		"chat",
		(
			scene,
		) => xml`<body>${scene.line()}</body><request xmlns='urn:xmpp:receipts'/><active xmlns='http://jabber.org/protocol/chatstates'/>
			<no-copy xmlns='${ns.hints}'/><thread>${scene.id()}</thread>`,
	),
	whispered(
		"private message with a direct invitation",
		3,
		undefined,
		(_, { room }) => xml`<x xmlns='${ns.conference}' jid='${room.jid}'/>`,
	),
	action("private message by an outsider", 4, (scene, label) => {
		const outsider = scene.outsider();
		if (!outsider) return undefined;
		const { session, room } = outsider;
		const to = `${room.jid}/${scene.other_nick(room, session)}`;
		return scene.send(session, xml`<message type='chat' to='${to}' id='${scene.id()}'><body>Psst</body></message>`, label);
	}),
];
