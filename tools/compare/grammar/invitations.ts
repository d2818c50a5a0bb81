// No counterpart: part of `enjamb compare`.

import { ns } from "../../../host/util/ns.ts";
import { type Action, action } from "./action.ts";
import { invalid_jids } from "./names.ts";
import type { Insider, Scene } from "./scene.ts";
import { type Markup, xml } from "./xml.ts";

type Fits = (insider: Insider) => boolean;

/** Someone in a room asks it to send something on. */
function asks(
	label: string,
	weight: number,
	payload: (scene: Scene, insider: Insider) => Markup | undefined,
	fits?: Fits,
): Action {
	return action(label, weight, (scene, own) => {
		const insider = scene.insider(fits);
		const content = insider && payload(scene, insider);
		return (
			content && scene.send(insider.session, xml`<message to='${insider.room.jid}' id='${scene.id()}'>${content}</message>`, own)
		);
	});
}

function user(content: Markup): Markup {
	return xml`<x xmlns='${ns.muc_user}'>${content}</x>`;
}

function invite(jid: string, content?: Markup): Markup {
	return xml`<invite to='${jid}'>${content}</invite>`;
}

/** An invitation of somebody who can be reached. */
function invitation(scene: Scene, content?: Markup): Markup | undefined {
	const jid = scene.reachable_jid();
	return jid === undefined ? undefined : user(invite(jid, content));
}

/** The same for somebody who is not banned, or by somebody who may lift the ban: in Prosody, others lift it, too. */
function closed_invitation(scene: Scene, { session, room }: Insider): Markup | undefined {
	const jid = scene.reachable_jid();
	if (jid === undefined) return undefined;
	const may_lift = ["owner", "admin"].includes(room.affiliation(session.member.jid));
	const is_banned = room.affiliation(jid.replace(/\/.*/, "")) === "outcast";
	return is_banned && !may_lift ? undefined : user(invite(jid));
}

/** Invitations through the room, and answers to them. Source: XEP-0045 §7.8.2. */
export const invitations: readonly Action[] = [
	asks("invite", 14, (scene) => invitation(scene)),
	asks("invite with reason", 8, (scene) => invitation(scene, xml`<reason>${scene.line()}</reason>`)),
	asks("invite and continue", 2, (scene) => invitation(scene, xml`<reason/><continue thread='${scene.id()}'/>`)),
	asks("invite with body and payload", 3, (scene) => {
		const invited = invitation(scene);
		return invited && xml`<body>${scene.line()}</body>${invited}<payload xmlns='urn:example:play'/><x xmlns='${ns.muc}'/>`;
	}),
	asks("invite with false password", 2, (scene) => {
		const jid = scene.reachable_jid();
		return jid === undefined ? undefined : user(xml`${invite(jid)}<password>false</password>`);
	}),
	// Prosody only sends the first, and in members-only rooms nobody else becomes a member
	asks(
		"invite several",
		4,
		(scene) => {
			const [first, second] = [scene.reachable_jid(), scene.reachable_jid()];
			return first === undefined || second === undefined ? undefined : user(xml`${invite(first)}${invite(second)}`);
		},
		({ room }) => !room.is_members_only,
	),
	asks("invite to a members-only room", 30, closed_invitation, ({ room }) => room.is_members_only),
	asks(
		"invite by a visitor",
		14,
		(scene) => invitation(scene),
		({ session, room }) => room.role(session) === "visitor",
	),
	action("invite by an outsider", 4, (scene, label) => {
		const outsider = scene.outsider();
		const content = outsider && invitation(scene);
		return (
			content &&
			scene.send(outsider.session, xml`<message to='${outsider.room.jid}' id='${scene.id()}'>${content}</message>`, label)
		);
	}),
	asks("invite someone who never comes", 3, (scene) => user(invite(scene.dice.pick(["paris@verona.example", "verona.example"])))),
	...invalid_jids.map(({ kind, name }) => asks(`invite a JID with ${kind}`, 1, () => user(invite(name)))),
	asks("invite nobody", 2, () => user(xml`<invite/>`)),
	asks("muc#user with something else", 2, () => user(xml`<status code='104'/>`)),
	asks("muc#user with nothing", 1, () => user(xml``)),
	asks("decline", 6, (scene) => {
		const jid = scene.reachable_jid();
		const reason = scene.dice.odds(60) ? xml`<reason>${scene.line()}</reason>` : undefined;
		return jid === undefined ? undefined : user(xml`<decline to='${jid}'>${reason}</decline>`);
	}),
	asks("decline to an occupant", 4, (scene, { session, room }) =>
		user(xml`<decline to='${room.jid}/${scene.other_nick(room, session)}'/>`),
	),
	asks("decline an invalid JID", 1, (scene) => user(xml`<decline to='${scene.dice.pick(invalid_jids).name}'/>`)),
	action("decline by an outsider", 4, (scene, label) => {
		const outsider = scene.outsider();
		const jid = scene.reachable_jid();
		if (!outsider || jid === undefined) return undefined;
		const content = user(xml`<decline to='${jid}'><reason>Too busy</reason></decline>`);
		return scene.send(outsider.session, xml`<message to='${outsider.room.jid}' id='${scene.id()}'>${content}</message>`, label);
	}),
];
