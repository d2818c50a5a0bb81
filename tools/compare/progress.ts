// No counterpart: how far `enjamb compare` is.

import { create_paint, type Terminal, terminal_of } from "./terminal.ts";
import type { Comparison, Play } from "./types.ts";
import { counted, grouped, visible } from "./words.ts";

/** Shows each play as it is finished. */
export interface Progress {
	/** Gets a play's results on each server that is compared with the reference; a step that differs on any of them differs. */
	played(...comparisons: readonly Comparison[]): void;
	/** Clears the bar; finished lines stay. */
	end(): void;
}

const bar_width = 24;
/** How many lines tell of progress where none can be written again. */
const milestones = 10;

/**
 * Shows how far a run is: a bar on a terminal, and a line now and then elsewhere.
 * @param write to where the bar goes, which should not be where the report goes
 * @param terminal what is written to; standard error, where it is not given
 */
export function create_progress(
	write: (text: string) => void,
	plays: readonly Play[],
	terminal: Terminal = terminal_of(process.stderr),
): Progress {
	const paint = create_paint(terminal.colour);
	const all_steps = plays.reduce((sum, { steps }) => sum + steps.length, 0);
	let done = 0;
	let steps_done = 0;
	let different = 0;
	let milestone = 0;
	const standing = (): string => {
		const how = different === 0 ? "nothing different" : paint("red", `${grouped(different)} different`);
		return `${grouped(done)} of ${counted(plays.length, "play")}, ${counted(steps_done, "step")}, ${how}`;
	};
	const show_bar = (): void => {
		const full = all_steps === 0 ? bar_width : Math.round((steps_done / all_steps) * bar_width);
		const bar = `[${"#".repeat(full)}${"-".repeat(bar_width - full)}]`;
		const numbers = standing();
		const next = plays[done];
		const used = bar.length + 2 + numbers.length + 8;
		const title = next === undefined || terminal.width - used < 12 ? "" : visible(next.title).replace(/[\t\n]/g, " ");
		const shown = title.length > terminal.width - used ? `${title.slice(0, terminal.width - used - 1)}…` : title;
		write(`\r\u001b[K${bar} ${numbers}${shown === "" ? "" : paint("dim", `  now: ${shown}`)}`);
	};
	if (terminal.rewrites && plays.length > 0) show_bar();
	return {
		played(...comparisons) {
			const steps = comparisons[0]?.steps ?? [];
			done++;
			steps_done += steps.length;
			different += steps.filter((_, number) => comparisons.some((one) => one.steps[number] === "different")).length;
			if (terminal.rewrites) show_bar();
			else {
				const reached = Math.floor((done / Math.max(plays.length, 1)) * milestones);
				if (reached === milestone) return;
				milestone = reached;
				write(`${standing()}\n`);
			}
		},
		end() {
			if (terminal.rewrites && plays.length > 0) write("\r\u001b[K");
		},
	};
}
