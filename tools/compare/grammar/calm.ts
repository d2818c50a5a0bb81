// No counterpart: part of `enjamb compare`.

import { ns } from "../../../host/util/ns.ts";
import type { PlayStep } from "../types.ts";
import { type Action, sequence } from "./action.ts";
import { field } from "./configuration.ts";
import type { Scene } from "./scene.ts";
import type { Session } from "./stage.ts";
import { type Markup, xml } from "./xml.ts";

/**
 * Scenes in a room of their own, where it is certain who is in it. Prosody throws a Lua error and does not answer when
 * somebody asks for voice who is not in the room, when an error that takes nobody out is sent to a nick that is not there, and when a
 * room is joined without a nick that does not exist yet.
 */
interface CalmRoom {
	readonly jid: string;
	readonly owner: Session;
	readonly guest: Session;
	readonly opening: PlayStep[];
	send(session: Session, markup: Markup, label: string): PlayStep;
}

const opening = "calm room";

function calm_room(scene: Scene): CalmRoom | undefined {
	const owner = scene.anyone();
	const guest = scene.dice.maybe(
		// The prince would be an owner as well, and never a visitor.
		scene.online.filter(({ member }) => owner && member.jid !== owner.member.jid && member.name !== "Prince"),
	);
	if (!owner || !guest) return undefined;
	const jid = scene.calm_room();
	const join = (session: Session): PlayStep =>
		scene.send(
			session,
			xml`<presence to='${jid}/${session.member.nick}' id='${scene.id()}'><x xmlns='${ns.muc}'/></presence>`,
			opening,
		);
	const form = xml`<x xmlns='${ns.data}' type='submit'>${field("FORM_TYPE", ns.muc_roomconfig)}${field("muc#roomconfig_moderatedroom", "1")}</x>`;
	const configure = xml`<iq type='set' to='${jid}' id='${scene.id()}'><query xmlns='${ns.muc_owner}'>${form}</query></iq>`;
	for (const session of [owner, guest]) session.has_strange_directions = true;
	return {
		jid,
		owner,
		guest,
		opening: [join(owner), scene.send(owner, configure, opening), join(guest)],
		send: (session, markup, label) => scene.send(session, markup, label),
	};
}

function request(scene: Scene, to: string, fields: Markup): Markup {
	const form = xml`<x xmlns='${ns.data}' type='submit'>${field("FORM_TYPE", ns.muc_request)}${fields}</x>`;
	return xml`<message to='${to}' id='${scene.id()}'>${form}</message>`;
}

/** Voice is asked for, granted and refused. Source: XEP-0045 §8.6. */
const voice = sequence(
	[opening, "request for voice", "answer to a request for voice", "request for voice by who has it", "groupchat in a calm room"],
	9,
	(scene) => {
		const room = calm_room(scene);
		if (!room) return undefined;
		const { jid, owner, guest } = room;
		const ask = (session: Session, label: string) =>
			room.send(session, request(scene, jid, field("muc#role", scene.dice.pick(["participant", "moderator"]))), label);
		const answer = (session: Session, about: string | undefined, allow: string) => {
			const who = about === undefined ? undefined : field("muc#jid", about);
			const fields = xml`${who}${field("muc#role", "participant")}${field("muc#request_allow", allow)}`;
			return room.send(session, request(scene, jid, fields), "answer to a request for voice");
		};
		const speak = () =>
			room.send(
				guest,
				xml`<message type='groupchat' to='${jid}' id='${scene.id()}'><body>${scene.line()}</body></message>`,
				"groupchat in a calm room",
			);
		const steps = [...room.opening, ask(guest, "request for voice")];
		const answers = [
			() => answer(owner, guest.full_jid, "0"),
			() => answer(owner, guest.full_jid, "maybe"),
			() => answer(owner, "tybalt@localhost/street", "1"),
			() => answer(owner, "@", "1"),
			() => answer(owner, undefined, "1"),
			() => answer(guest, guest.full_jid, "1"),
		];
		for (const say of scene.dice.some(answers, 0).slice(0, 2)) steps.push(say());
		if (scene.dice.odds(30)) steps.push(speak());
		steps.push(answer(owner, guest.full_jid, scene.dice.pick(["1", "true"])), speak());
		if (scene.dice.odds(50)) steps.push(ask(guest, "request for voice by who has it"));
		if (scene.dice.odds(30)) steps.push(answer(owner, guest.full_jid, "1"));
		return steps;
	},
);

/** Conditions that take nobody out of a room. Source: plugins/muc/util.lib.lua. */
const harmless: readonly string[] = ["bad-request", "feature-not-implemented", "not-acceptable", "policy-violation"];

const errors = sequence([opening, "harmless error to an occupant"], 5, (scene) => {
	const room = calm_room(scene);
	if (!room) return undefined;
	const { jid, owner, guest } = room;
	const error = xml`<error type='cancel'><${xml`${scene.dice.pick(harmless)}`} xmlns='${ns.stanzas}'/></error>`;
	const [from, to] = scene.dice.pick([[owner, guest] as const, [guest, owner] as const, [guest, guest] as const]);
	const message = xml`<message type='error' to='${jid}/${to.member.nick}' id='${scene.id()}'><body>Hm</body>${error}</message>`;
	return [...room.opening, room.send(from, message, "harmless error to an occupant")];
});

const bare_joins = sequence([opening, "join to the bare room"], 5, (scene) => {
	const room = calm_room(scene);
	const session = scene.anyone();
	if (!room || !session) return undefined;
	session.has_strange_directions = true;
	const presence = xml`<presence to='${room.jid}' id='${scene.id()}'><x xmlns='${ns.muc}'/></presence>`;
	return [...room.opening, room.send(session, presence, "join to the bare room")];
});

/** Actions that only happen in rooms where it is certain who is there. */
export const calm: readonly Action[] = [voice, errors, bare_joins];
