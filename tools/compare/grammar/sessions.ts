// No counterpart: part of `enjamb compare`.

import { type Action, action } from "./action.ts";
import type { Scene } from "./scene.ts";
import type { Session } from "./stage.ts";
import { xml } from "./xml.ts";

/** A client sends presence to its own server, which makes it reachable by its bare JID. */
export function become_available(scene: Scene, session: Session, priority: number, label: string) {
	session.priority = priority;
	const element = priority === 0 ? undefined : xml`<priority>${priority}</priority>`;
	return scene.send(session, xml`<presence id='${scene.id()}'>${element}</presence>`, label);
}

/** A client is gone from its server, and from all rooms. */
function forget(scene: Scene, session: Session): void {
	session.priority = undefined;
	session.directed.clear();
	session.has_strange_directions = false;
	for (const room of scene.rooms) room.leave(session);
}

function goes(kind: "disconnect" | "vanish", weight: number): Action {
	return action(kind, weight, (scene) => {
		const session = scene.anyone();
		// With fewer than three nothing happens any more.
		if (!session || scene.online.length < 4) return undefined;
		session.online = false;
		forget(scene, session);
		return { kind, player: session.member.name };
	});
}

/** Clients come and go. */
export const sessions: readonly Action[] = [
	action("connect", 90, (scene) => {
		const session = scene.dice.maybe(scene.sessions.filter((candidate) => !candidate.online));
		if (!session) return undefined;
		session.online = true;
		return { kind: "connect", player: session.member.name };
	}),
	goes("disconnect", 8),
	goes("vanish", 8),
	action("presence to the own server", 12, (scene, label) => {
		const session = scene.anyone();
		return session && become_available(scene, session, 0, label);
	}),
	action("presence with priority to the own server", 5, (scene, label) => {
		const session = scene.anyone();
		return session && become_available(scene, session, scene.dice.pick([-1, 1, 5, 127]), label);
	}),
	action("unavailable to the own server", 6, (scene, label) => {
		// Prosody passes this on to all JIDs that presence was sent to in the order of a Lua table: when two of them are in one room,
		// chance decides which of them takes the client out and which gets an error, as the room may be gone after the first.
		const session = scene.dice.maybe(
			scene.online.filter((candidate) => {
				const is_simple = [...candidate.directed.values()].every((jids) => jids.size < 2);
				return is_simple && !candidate.has_strange_directions;
			}),
		);
		if (!session) return undefined;
		forget(scene, session);
		return scene.send(session, xml`<presence type='unavailable' id='${scene.id()}'><status>Gone</status></presence>`, label);
	}),
];
