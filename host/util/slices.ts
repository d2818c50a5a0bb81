// No counterpart: Prosody does everything as it comes, and everybody waits for it.

import type { Turn } from "./turn.ts";

/** How long a turn may be busy with work that can wait, in milliseconds. */
const slice_time = 8;

/** Work that may be much, such as to show a newcomer to a crowd. */
export interface SlicedWork {
	/** Does it. */
	work(): void;
	/** Does nothing but to say whether it is still to be done, once it had to wait. */
	is_wanted(): boolean;
	/** Has what comes behind it wait too; the answer lets it pass. Undefined where that cannot be, so that it is done at once. */
	hold(): (() => void) | undefined;
	/** Told of what the work threw after it had to wait. */
	failed(error: unknown): void;
}

/** Does work in slices: in each turn for a while, then the turn ends and everybody else has one. */
export class Slices {
	private readonly waiting: { readonly task: SlicedWork; readonly release: () => void }[] = [];
	private scheduled = false;
	/** The turn that time was spent in, and how much. */
	private turn_number = -1;
	private spent = 0;

	/** @param clock milliseconds from any time on */
	constructor(
		private readonly turn: Turn,
		private readonly clock: () => number = () => performance.now(),
	) {}

	/** Does it at once where this turn has time for it, or where it cannot wait; else later, in order. */
	run(task: SlicedWork): void {
		const { turns } = this.turn.counts;
		if (turns !== this.turn_number) {
			this.turn_number = turns;
			this.spent = 0;
		}
		const release = this.waiting.length > 0 || this.spent >= slice_time ? task.hold() : undefined;
		if (release === undefined) {
			this.timed(() => task.work());
			return;
		}
		this.waiting.push({ task, release });
		this.schedule();
	}

	private timed(work: () => void): void {
		const begun = this.clock();
		try {
			work();
		} finally {
			this.spent += this.clock() - begun;
		}
	}

	/** After the event loop has read what there is from others. */
	private schedule(): void {
		if (this.scheduled || this.waiting.length === 0) return;
		this.scheduled = true;
		setImmediate(() => setImmediate(() => this.slice()));
	}

	/** A turn of nothing but such work: what others want goes out before it. */
	private slice(): void {
		this.scheduled = false;
		this.turn.end();
		this.spent = 0;
		while (this.spent < slice_time) {
			const next = this.waiting.shift();
			if (next === undefined) break;
			this.timed(() => {
				this.finish(next.task);
				next.release();
			});
		}
		this.turn.end();
		this.schedule();
	}

	private finish(task: SlicedWork): void {
		if (!task.is_wanted()) return;
		try {
			task.work();
		} catch (error) {
			task.failed(error);
		}
	}
}
