// No counterpart: Prosody does everything as it comes, and everybody waits for it.

import type { Turn } from "./turn.ts";

/** How long a turn may work on things that can wait, in milliseconds. */
const slice_time = 8;
/** How many sessions may use up this time in one turn; of further ones, one stanza each is handled, and the rest later. */
const busy_sessions = 4;
/** How long the end of a turn with only such work should take at most: where it takes longer, less is done in the next one. */
const longest_end = 20;
/** Which part of the times below is used at first, before it is known how long storing takes. */
const least_portion = 0.25;
/** For how long after using up its share a session is handled in slices, in milliseconds, while others have turns of their own. */
const rest_time = 50;
/** How long output may wait to go out together with more, in milliseconds of work, and how many times as long as writing it takes. */
const longest_gathering = 400;
const gathering = 2;

/** Work that may take long, such as showing a newcomer to a crowd. */
export interface SlicedWork {
	/** Does it. */
	work(): void;
	/** Whether it must not be done in a turn with what came from others, since so much goes out then. */
	readonly is_apart?: boolean;
	/** Says whether the work is still to be done, after it had to wait. */
	is_wanted(): boolean;
	/**
	 * Makes what comes after it wait, too; the returned function ends that. Undefined where that is impossible: then the work is
	 * done at once.
	 */
	hold(): (() => void) | undefined;
	/** Called with what the work throws after it had to wait. */
	failed(error: unknown): void;
}

interface WaitingWork {
	readonly task: SlicedWork;
	readonly release: () => void;
}

/** How much of a turn a session has had. */
export class Share {
	turn = -1;
	spent = 0;
	/** Up to when time was counted. */
	counted = 0;
	/** Until when what it sends comes in slices. */
	rests_until = Number.NEGATIVE_INFINITY;
}

/** Does work in slices: for a while in each turn; then the turn ends, and everybody else has one. */
export class Slices {
	/** How long what one session sent may keep a turn busy, in milliseconds. */
	session_time = 5;
	private readonly waiting: WaitingWork[] = [];
	/** Work that has turns of its own. */
	private readonly apart: WaitingWork[] = [];
	/** What sessions sent, kept apart, so that a session that sends a little more than others does not wait for long work. */
	private readonly inputs: WaitingWork[] = [];
	/** Whether this slice has come to work with turns of its own. */
	private is_at_apart = false;
	private scheduled = false;
	/** The turn that time was spent in, and how much. */
	private turn_number = -1;
	private spent = 0;
	/** The same for what sessions sent. */
	private input_turn = -1;
	private input_spent = 0;
	/** Which part of its time is used for what sessions sent: less where storing the results takes long. */
	private portion = least_portion;
	/** Time spent since output was last written, and whether it is being written. */
	private worked = 0;
	private flushing = false;
	/** How long writing has taken so far, and the last time. */
	private flush_time = 0;
	private last_flush = 0;

	/** @param clock gives milliseconds since any time */
	constructor(
		private readonly turn: Turn,
		private readonly clock: () => number = () => performance.now(),
	) {}

	/** Does the work at once where this turn has time for it, or where it cannot wait; otherwise later, in order. */
	run(task: SlicedWork): void {
		const { turns } = this.turn.counts;
		if (turns !== this.turn_number) {
			this.turn_number = turns;
			this.spent = 0;
		}
		const is_apart = task.is_apart === true;
		const has_waiting = this.waiting.length > 0 || this.apart.length > 0;
		const is_busy = is_apart || this.scheduled || has_waiting || this.spent >= slice_time;
		const release = is_busy ? task.hold() : undefined;
		if (release === undefined) {
			this.timed(() => task.work());
			return;
		}
		(is_apart ? this.apart : this.waiting).push({ task, release });
		this.schedule();
	}

	/** Handles later what a session sent, after what others sent. */
	later(share: Share, work: () => void, failed: SlicedWork["failed"]): void {
		share.rests_until = share.counted + rest_time;
		this.inputs.push({ task: { work, failed, is_wanted: () => true, hold: () => undefined }, release: () => undefined });
		this.schedule();
	}

	/** How many pieces of work wait for later turns. */
	get pending(): number {
		return this.waiting.length + this.apart.length + this.inputs.length;
	}

	/**
	 * What a session sent begins to be handled.
	 * @returns whether it has to wait, since it has just used up its share
	 */
	begin(share: Share): boolean {
		const { turns } = this.turn.counts;
		if (share.turn !== turns) {
			share.turn = turns;
			share.spent = 0;
		}
		if (this.input_turn !== turns) {
			this.input_turn = turns;
			this.input_spent = 0;
		}
		share.counted = this.clock();
		return share.counted < share.rests_until;
	}

	/** Something that a session sent was handled; returns whether the rest has to wait. */
	is_over(share: Share): boolean {
		const now = this.clock();
		const spent = now - share.counted;
		share.counted = now;
		share.spent += spent;
		this.input_spent += spent;
		const time = this.session_time * this.portion;
		if (share.spent < time && this.input_spent < busy_sessions * time) return false;
		return true;
	}

	/**
	 * The next piece of work: where other work waits as well, what sessions sent gets half of a slice, and so does what has no turn of its
	 * own. All such work comes before what has one, since ending the turn in between is work in itself where it goes to very many.
	 */
	private next(): WaitingWork | undefined {
		if (this.is_at_apart) return this.apart.shift();
		const had = this.input_turn === this.turn.counts.turns ? this.input_spent : 0;
		const part = slice_time * this.portion * (this.waiting.length > 0 || this.apart.length > 0 ? 0.5 : 1);
		const input = had < part ? this.inputs.shift() : undefined;
		if (input !== undefined) return input;
		const has_time = this.apart.length === 0 || this.spent < slice_time / 2;
		const other = has_time ? this.waiting.shift() : undefined;
		if (other !== undefined) return other;
		this.is_at_apart = true;
		return this.apart.shift();
	}

	private get is_idle(): boolean {
		return this.pending === 0;
	}

	private timed(work: () => void): void {
		const begun = this.clock();
		try {
			work();
		} finally {
			this.spent += this.clock() - begun;
		}
	}

	/** After the event loop has read from the others. */
	private schedule(): void {
		if (this.scheduled || (this.is_idle && !this.flushing)) return;
		this.scheduled = true;
		setImmediate(() => setImmediate(() => this.slice()));
	}

	/** A turn with only such work, or with writing its output; the output of others goes out first. */
	private slice(): void {
		this.scheduled = false;
		this.turn.end();
		if (this.flushing) this.flush();
		else this.work();
		this.schedule();
	}

	private work(): void {
		this.spent = 0;
		this.is_at_apart = false;
		let has_done_others = false;
		while (this.spent < slice_time) {
			const next = this.next();
			if (next === undefined) break;
			// What others sent goes out before what goes to very many
			if (this.is_at_apart && has_done_others) this.timed(() => this.turn.end());
			has_done_others = !this.is_at_apart;
			this.timed(() => {
				this.finish(next.task);
				next.release();
			});
		}
		const ends = this.clock();
		this.turn.end(false);
		const took_long = this.clock() - ends > longest_end;
		this.portion = took_long ? Math.max(this.portion / 2, 0.02) : Math.min(this.portion * 1.5, 1);
		// The next work may be of another kind
		if (this.inputs.length === 0) this.portion = least_portion;
		this.worked += this.spent;
		// Writing to everybody takes as long for a little as for a lot
		this.flushing = this.is_idle || this.worked >= Math.min(gathering * this.last_flush, longest_gathering);
	}

	private flush(): void {
		const begun = this.clock();
		this.flushing = !this.turn.flush_patient(slice_time);
		this.flush_time += this.clock() - begun;
		if (this.flushing) return;
		this.last_flush = this.flush_time;
		this.flush_time = 0;
		this.worked = 0;
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
