// No counterpart: part of `enjamb compare`. Random plays of what clients do with their accounts.

import type { Action } from "../grammar/action.ts";
import { Scene } from "../grammar/scene.ts";
import { become_available } from "../grammar/sessions.ts";
import type { Play, PlayStep } from "../types.ts";
import { court_actions, open_court } from "./court.ts";
import { message_actions } from "./messages.ts";
import { account_cast, is_registered_here } from "./people.ts";
import { presence_actions } from "./presence.ts";
import { published_actions } from "./published.ts";
import { room_actions } from "./rooms.ts";
import { stored_actions } from "./stored.ts";
import { stream_actions } from "./streams.ts";

const actions: readonly Action[] = [
	...stream_actions,
	...court_actions,
	...room_actions,
	...presence_actions,
	...message_actions,
	...stored_actions,
	...published_actions,
];

const total_weight = actions.reduce((sum, { weight }) => sum + weight, 0);

/** Everything that steps of these plays are examples of. */
export const account_labels: readonly string[] = [...new Set(actions.flatMap(({ label, then }) => [label, ...then]))];

function next_steps(scene: Scene): PlayStep[] {
	for (;;) {
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
 * Makes up a play in which a few people deal with their contacts, messages, archives and what they publish, mostly sensibly. The same
 * arguments give the same play everywhere.
 * @param seed of a series of plays, a whole number
 * @param number of the play in its series, a whole number
 * @param steps that the play has, connecting included
 */
export function random_account_play(seed: number, number: number, steps: number): Play {
	const scene = new Scene(seed, number, account_cast);
	const made: PlayStep[] = open_court(scene);
	for (const session of scene.sessions) {
		if (is_registered_here(session.member)) continue;
		session.online = true;
		made.push({ kind: "connect", player: session.member.name });
		if (scene.dice.odds(70)) made.push(become_available(scene, session, 0, "presence to the own server"));
	}
	while (made.length < steps) made.push(...next_steps(scene));
	return {
		title: `random account play ${number} of seed ${seed}`,
		source: `seed:${seed}:${number}:${steps}`,
		players: account_cast.map(({ name, jid, password, resource }) => ({ name, jid, password, resource })),
		steps: made.slice(0, steps),
	};
}
