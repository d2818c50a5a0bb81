// No counterpart: part of `enjamb compare`.

import { actions } from "./grammar/all.ts";
import { open_instantly, open_locked_room } from "./grammar/configuration.ts";
import { join } from "./grammar/joins.ts";
import { Scene } from "./grammar/scene.ts";
import { become_available } from "./grammar/sessions.ts";
import type { Play, PlayStep } from "./types.ts";

/** Labels of the steps at the beginning of a play; actions have them, too. */
const labels = { available: "presence to the own server", join: "join", open: "instant room" };

/** Everything that steps of random plays are examples of. `connect`, `disconnect` and `vanish` are steps of that kind. */
export const random_labels: readonly string[] = [...new Set(actions.flatMap(({ label, then }) => [label, ...then]))];

const total_weight = actions.reduce((sum, { weight }) => sum + weight, 0);

/** Everybody connects; mostly somebody opens a room, and others enter it. */
function opening(scene: Scene): PlayStep[] {
	const steps: PlayStep[] = [];
	for (const session of scene.sessions) {
		session.online = true;
		steps.push({ kind: "connect", player: session.member.name });
		if (scene.dice.odds(50)) steps.push(become_available(scene, session, 0, labels.available));
	}
	const [room] = scene.rooms;
	const owner = scene.anyone();
	if (!room || !owner || scene.dice.odds(15)) return steps;
	steps.push(join(scene, owner, room, owner.member.nick, labels.join));
	if (scene.dice.odds(30)) return steps;
	steps.push(open_instantly(scene, owner, room, labels.open));
	for (const session of scene.online) {
		if (session !== owner && scene.dice.odds(60)) steps.push(join(scene, session, room, session.member.nick, labels.join));
	}
	return steps;
}

/** Opens a room or enters one, since hardly anyone is in a room yet. */
function enliven(scene: Scene): PlayStep | undefined {
	const opened = open_locked_room(scene, labels.open);
	if (opened) return opened;
	const outsider = scene.outsider();
	return outsider && join(scene, outsider.session, outsider.room, outsider.session.member.nick, labels.join);
}

/** The steps of one action, by weight, among those that somebody is there for. */
function next_steps(scene: Scene): PlayStep[] {
	for (;;) {
		const enlivening = scene.is_dull && scene.dice.odds(50) ? enliven(scene) : undefined;
		if (enlivening) return [enlivening];
		let left = scene.dice.below(total_weight);
		const chosen = actions.find(({ weight }) => {
			left -= weight;
			return left < 0;
		});
		const steps = chosen?.act(scene, chosen.label);
		if (steps) return steps;
	}
}

/**
 * Makes up a play: a few clients do with a few rooms what clients do, mostly sensible and at times not. The same arguments give the
 * same play everywhere, whatever servers answered to others.
 * @param seed of a series of plays, a whole number
 * @param number of the play in its series, a whole number
 * @param steps that the play has, connecting included
 */
export function random_play(seed: number, number: number, steps: number): Play {
	const scene = new Scene(seed, number);
	const made = opening(scene);
	while (made.length < steps) made.push(...next_steps(scene));
	return {
		title: `random play ${number} of seed ${seed}`,
		source: `seed:${seed}:${number}:${steps}`,
		players: scene.sessions.map(({ member: { name, jid, password, resource } }) => ({ name, jid, password, resource })),
		steps: made.slice(0, steps),
	};
}
