// No counterpart: part of `enjamb compare`. Those who block each other meet in a room.

import { ns } from "../../../host/util/ns.ts";
import { type Action, sequence } from "../grammar/action.ts";
import type { Scene } from "../grammar/scene.ts";
import type { Session } from "../grammar/stage.ts";
import { type Markup, xml } from "../grammar/xml.ts";
import { other_account } from "./people.ts";
import { by_anyone } from "./presence.ts";

/** The room of these plays, which is open as soon as somebody is in it. */
const lobby = "lobby@halls.localhost";

function enter(scene: Scene, { member }: Session): Markup {
	return xml`<presence to='${lobby}/${member.nick}' id='${scene.id()}'><x xmlns='${ns.muc}'/></presence>`;
}

export const room_actions: readonly Action[] = [
	by_anyone("enter the room", 8, enter),
	by_anyone(
		"leave the room",
		2,
		(scene, { member }) => xml`<presence type='unavailable' to='${lobby}/${member.nick}' id='${scene.id()}'/>`,
	),
	by_anyone(
		"say something in the room",
		6,
		(scene) => xml`<message type='groupchat' to='${lobby}' id='${scene.id()}'><body>${scene.line()}</body></message>`,
	),
	by_anyone("say something in private in the room", 3, (scene, session) => {
		const { member } = scene.dice.pick(scene.sessions.filter((other) => other.member.nick !== session.member.nick));
		return xml`<message type='chat' to='${lobby}/${member.nick}' id='${scene.id()}'><body>${scene.line()}</body></message>`;
	}),
	// Prosody lets strangers invite, so that nobody does who has not entered
	sequence(["enter the room", "invite to the room"], 4, (scene, label) => {
		const session = scene.anyone();
		const invitation = (to: string): Markup =>
			xml`<message to='${lobby}' id='${scene.id()}'><x xmlns='${ns.muc_user}'><invite to='${to}'/></x></message>`;
		return (
			session && [
				scene.send(session, enter(scene, session), label),
				scene.send(session, invitation(other_account(scene, session)), "invite to the room"),
			]
		);
	}),
];
