// No counterpart: in Prosody everybody waits for what is much work.

import type { Slices } from "../util/slices.ts";
import type { Turn } from "../util/turn.ts";
import { Waiting } from "../util/waiting.ts";
import type { StanzaAnswers } from "./stanza_answers.ts";
import type { ModuleApi } from "./types.ts";

/** Makes `in_slices` of modules: work for one stanza that may come later, and what its sender sends behind it with it. */
export function create_stanza_slices(slices: Slices, turn: Turn, answers: StanzaAnswers): ModuleApi["in_slices"] {
	return (event, work, { needs_sender = true, apart = false, dropped } = {}) => {
		const { origin, stanza } = event;
		const { type } = origin;
		let has_waited = false;
		slices.run({
			is_apart: apart,
			work() {
				// The turn in which the stanza came is over
				if (has_waited) turn.record(event);
				const waiting = work();
				if (waiting instanceof Waiting) answers.wait(origin, stanza, waiting);
			},
			// A session that has ended meanwhile must not enter any more
			is_wanted() {
				const is_wanted = !needs_sender || origin.type === type;
				if (!is_wanted) dropped?.();
				return is_wanted;
			},
			hold() {
				const release = "hold" in origin ? origin.hold?.("work") : undefined;
				has_waited = release !== undefined;
				return release;
			},
			failed: (error) => answers.mistake(origin, stanza, error),
		});
	};
}
