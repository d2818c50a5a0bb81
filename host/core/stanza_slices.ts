// No counterpart: in Prosody everybody waits for what is much work.

import type { Slices } from "../util/slices.ts";
import type { Turn } from "../util/turn.ts";
import { Waiting } from "../util/waiting.ts";
import type { StanzaAnswers } from "./stanza_answers.ts";
import type { ModuleApi } from "./types.ts";

/** Makes `in_slices` of modules: work for one stanza that may come later, and what its sender sends behind it with it. */
export function create_stanza_slices(slices: Slices, turn: Turn, answers: StanzaAnswers): ModuleApi["in_slices"] {
	return (event, work) => {
		const { origin, stanza } = event;
		const { type } = origin;
		let has_waited = false;
		slices.run({
			work() {
				// The turn in which the stanza came is over
				if (has_waited) turn.record(event);
				const waiting = work();
				if (waiting instanceof Waiting) answers.wait(origin, stanza, waiting);
			},
			// A session that has ended meanwhile must not enter any more
			is_wanted: () => origin.type === type,
			hold() {
				const release = "hold" in origin ? origin.hold?.("work") : undefined;
				has_waited = release !== undefined;
				return release;
			},
			failed: (error) => answers.mistake(origin, stanza, error),
		});
	};
}
