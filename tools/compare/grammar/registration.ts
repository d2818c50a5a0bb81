// No counterpart: part of `enjamb compare`.

import { ns } from "../../../host/util/ns.ts";
import { type Action, action } from "./action.ts";
import { field } from "./configuration.ts";
import { may_register, odd_nicks } from "./names.ts";
import type { Scene } from "./scene.ts";
import type { Room, Session } from "./stage.ts";
import { type Markup, xml } from "./xml.ts";

/** Mostly someone with an affiliation, without which rooms take no registrations. */
function registers(
	label: string,
	weight: number,
	type: "get" | "set",
	content: (scene: Scene, room: Room, session: Session) => Markup,
): Action {
	return action(label, weight, (scene, own) => {
		const room = scene.any_room();
		const session = scene.affiliated(room, ["owner", "admin", "member"]);
		if (!session) return undefined;
		const query = xml`<query xmlns='${ns.register}'>${content(scene, room, session)}</query>`;
		return scene.send(session, xml`<iq type='${type}' to='${room.jid}' id='${scene.id()}'>${query}</iq>`, own);
	});
}

function form(type: string | undefined, nick: string | undefined): Markup {
	const kind = type === undefined ? undefined : field("FORM_TYPE", type);
	return xml`<x xmlns='${ns.data}' type='submit'>${kind}${nick === undefined ? undefined : field("muc#register_roomnick", nick)}</x>`;
}

function takes(label: string, weight: number, nick: (scene: Scene, room: Room, session: Session) => string): Action {
	return registers(label, weight, "set", (scene, room, session) => {
		const { jid } = session.member;
		const chosen = nick(scene, room, session);
		const wanted = may_register(chosen, jid) ? chosen : session.member.nick;
		const is_taken = [...room.reserved].some(([other, reserved]) => reserved === wanted && other !== jid);
		if (["owner", "admin", "member"].includes(room.affiliation(jid)) && !is_taken) room.reserved.set(jid, wanted);
		return form(ns.muc_register, wanted);
	});
}

/** Nicks are reserved. */
export const registration: readonly Action[] = [
	registers("registration form", 7, "get", () => xml``),
	takes("register one's nick", 9, (_, room, session) => room.nicks.get(session) ?? session.member.nick),
	takes("register another nick", 6, (scene) => scene.dice.pick(["Rosaline", "Ghost", "Balthasar"])),
	takes("register a nick that someone has", 5, (scene, room, session) => scene.other_nick(room, session)),
	takes("register a reserved nick", 4, (scene, room) => scene.dice.maybe([...room.reserved.values()]) ?? "Ghost"),
	registers("register an odd nick", 4, "set", (scene) =>
		// Prosody also takes those that nobody can see
		form(ns.muc_register, scene.dice.pick(odd_nicks.map(({ name }) => name).filter((name) => name.trim() !== ""))),
	),
	registers("register without a form", 2, "set", () => xml`<username>Romeo</username>`),
	registers("register with nothing", 1, "set", () => xml``),
	// A form type without value, a form without nick and an empty nick are not among these: Prosody (0.12) fails on them with a Lua
	// error, and nothing is answered.
	registers("register with a form of another type", 2, "set", (scene) =>
		form(scene.dice.maybe([ns.muc_roomconfig, "", undefined]), "Ghost"),
	),
	registers("unregister", 6, "set", (_, room, session) => {
		room.reserved.delete(session.member.jid);
		if (room.affiliation(session.member.jid) === "member") room.give_affiliation(session.member.jid, "none");
		return xml`<remove/>`;
	}),
	action("registration by a stranger", 4, (scene, label) => {
		const room = scene.any_room();
		const session = scene.dice.maybe(
			scene.online.filter(({ member }) => ["none", "outcast"].includes(room.affiliation(member.jid))),
		);
		if (!session) return undefined;
		const type = scene.dice.pick(["get", "set"]);
		const content = type === "set" ? form(ns.muc_register, session.member.nick) : undefined;
		const query = xml`<query xmlns='${ns.register}'>${content}</query>`;
		return scene.send(session, xml`<iq type='${type}' to='${room.jid}' id='${scene.id()}'>${query}</iq>`, label);
	}),
	action("discover one's reserved nick", 6, (scene, label) => {
		const room = scene.any_room();
		const reserving = scene.online.filter((session) => room.reserved.has(session.member.jid));
		const session = scene.likely(reserving, scene.online);
		if (!session) return undefined;
		const query = xml`<query xmlns='${ns.disco_info}' node='x-roomuser-item'/>`;
		return scene.send(session, xml`<iq type='get' to='${room.jid}' id='${scene.id()}'>${query}</iq>`, label);
	}),
];
