// No counterpart: Prosody writes to its storage and its sockets as it goes.

import { type Memory, OneTurn, type Outlet, type Participant } from "./turn/one_turn.ts";

export type { Held, Memory, Outlet, Participant } from "./turn/one_turn.ts";

/** How long a turn may go on so that more comes into its commit, in milliseconds. */
const longest_wait = 20;
/** How often a turn that waits for a lock of another process tries again, in milliseconds. */
const retry_interval = 20;
/** How long stanzas have turns of their own after a failure, in milliseconds. */
const care_time = 1000;
const default_patience = 10_000;

/** Told of turns that are stored. */
export interface TurnObserver {
	/** A turn that stored something: how long that took, in milliseconds. */
	committed(time: number): void;
	/** The output of a turn with so many stanzas went out, so many milliseconds after the first of them began to be handled. */
	finished(stanzas: number, time: number): void;
}

/**
 * Everything that one pass of the event loop reads is one turn: stanzas are handled synchronously, and writes to storage and to
 * sockets are collected. At the end storage commits first, and then the sockets are written. So nobody sees what is not stored, a
 * thousand messages cost one commit, and a session costs one write.
 *
 * A turn that has something to commit goes on while more comes in, for as long as the last commit took. So at most half of the time
 * is spent on commits, however slow the disk is, and nobody waits where there is little to do.
 *
 * Where a commit takes long, or a lock of another process is in the way, the turn's output is put away, and other turns go on. Of
 * those, a turn that stores in the same place, or shows what the first one changed, waits for it: they become one turn unless the
 * first one's commit has begun, and they fail together. What a session gets stays in order.
 *
 * A turn with several participants gets all of them ready before the first one commits. Where one fails after others have
 * committed, what these have stored remains: the senders are told of the failure, and memory is read back from what is stored.
 */
export class Turn {
	private current = new OneTurn();
	/** Ended, and not stored yet, in the order in which they ended. */
	private readonly unfinished = new Set<OneTurn>();
	/** Outlets with something certain to send that has time. */
	private readonly patient = new Set<Outlet>();
	/** What is done when this turn ends, before it is stored. */
	private readonly last_words = new Set<() => void>();
	private scheduled = false;
	/** Whether each stanza has a turn of its own, so that as few others as possible fail with it. */
	private careful = false;
	private retry_timer: NodeJS.Timeout | undefined;
	private waiters: (() => void)[] = [];
	/** How much work there was at the end of the last pass of the event loop, and when the first one ended. */
	private seen = 0;
	private first_pass: number | undefined;
	/** How long the last commit took, in milliseconds. */
	private commit_time = 0;
	/** Told how long things take, where somebody wants to know. */
	observer: TurnObserver | undefined;
	/** Turns ended so far, and how many of them committed something. */
	readonly counts = { turns: 0, commits: 0, flushes: 0, failures: 0 };

	/**
	 * @param on_failure told of a turn that could not be stored, with what was {@link record}ed in it, after everything that it
	 * wanted to write and send was thrown away. What is sent then goes out in a turn of its own.
	 */
	constructor(
		private readonly on_failure: (error: unknown, work: readonly object[]) => void,
		/** Gives milliseconds since any time. */
		private readonly clock: () => number = () => performance.now(),
		/** How long a turn waits for others' locks, in milliseconds. */
		private readonly patience = default_patience,
	) {}

	/** Commits this turn's writes of a database at its end. */
	join(participant: Participant): void {
		this.current.participants.add(participant);
		this.schedule();
	}

	/** Flushes an outlet when the turn ends. */
	touch(outlet: Outlet): void {
		this.current.outlets.add(outlet);
		this.schedule();
	}

	/**
	 * Calls a function when this turn ends, before it is stored: once, however often it was asked for, so that something that
	 * changed many times is written once. Where it throws, the turn fails.
	 */
	before_end(work: () => void): void {
		this.last_words.add(work);
		this.schedule();
	}

	/** Takes an outlet that is gone out of the turn. */
	forget(outlet: Outlet): void {
		this.current.outlets.delete(outlet);
		this.patient.delete(outlet);
	}

	/** Notes a piece of work (a stanza with its sender), which has to be told when the turn fails. */
	record(work: object): void {
		if (this.careful && !this.is_idle) this.end();
		if (this.observer !== undefined && this.current.work.length === 0) this.current.begun = this.clock();
		this.current.work.push(work);
		this.schedule();
	}

	/** Notes that this turn reads or changes something in memory: earlier turns that did so too have to be stored before it. */
	concern(thing: object | string): void {
		this.current.things.add(thing);
	}

	/** The current turn, to compare turns by. */
	get now(): object {
		return this.current;
	}

	/** Notes what this turn changes in memory, to be undone where it fails. */
	remember(memory: Memory): void {
		this.current.remember(memory);
		this.schedule();
	}

	/** Makes this turn fail at its end: something could not be written. */
	fail(error: unknown): void {
		this.current.failure ??= { error };
		this.schedule();
	}

	private schedule(): void {
		if (this.scheduled) return;
		this.scheduled = true;
		setImmediate(() => this.pass());
	}

	/** The event loop has read everything that was there. */
	private pass(): void {
		const has_writes = this.current.participants.size > 0 || this.last_words.size > 0;
		if (has_writes && this.goes_on()) setImmediate(() => this.pass());
		else this.end();
	}

	private goes_on(): boolean {
		const { length } = this.current.work;
		const has_grown = length > this.seen;
		this.seen = length;
		this.first_pass ??= this.clock();
		return has_grown && !this.careful && this.clock() - this.first_pass < Math.min(this.commit_time, longest_wait);
	}

	/**
	 * Ends the turn now: commits, then flushes. Called by itself once an event-loop pass; call it to see effects at once.
	 * @param flushes false where flushing has time until {@link flush_patient}, or until something comes that has no time
	 */
	end(flushes = true): void {
		this.finish_work();
		const turn = this.take_current();
		this.counts.turns++;
		if (turn.failure !== undefined) this.take_back(turn, turn.failure.error);
		else if (this.unfinished.size === 0 || !this.has_to_wait(turn)) this.store(turn, flushes);
	}

	private take_current(): OneTurn {
		const turn = this.current;
		this.current = new OneTurn();
		this.scheduled = false;
		this.seen = 0;
		this.first_pass = undefined;
		return turn;
	}

	/** Whether earlier turns have to be stored before this one; it then waits for them, or becomes part of one of them. */
	private has_to_wait(turn: OneTurn): boolean {
		const earlier = [...this.unfinished].filter((one) => turn.depends_on(one));
		if (earlier.length === 0) return false;
		turn.put_away();
		const [first = turn, ...others] = earlier.filter((one) => !one.is_committing);
		for (const other of others) {
			first.take_in(other);
			this.unfinished.delete(other);
		}
		if (first === turn) this.wait(turn);
		else first.take_in(turn);
		for (const one of earlier) if (one.is_committing) first.after.add(one);
		return true;
	}

	private wait(turn: OneTurn): void {
		turn.since = this.clock();
		this.unfinished.add(turn);
	}

	/** Stores a turn that no longer depends on another one, and then sends its output. */
	private store(turn: OneTurn, flushes = true): void {
		const order = turn.in_order();
		try {
			for (const participant of order) {
				turn.obstacle = participant.prepare?.();
				if (turn.obstacle !== undefined) {
					if (participant.is_in_line !== true) this.take_care();
					this.try_later(turn);
					return;
				}
			}
		} catch (error) {
			this.take_back(turn, error);
			return;
		}
		this.commit(turn, order, flushes);
	}

	private commit(turn: OneTurn, order: readonly Participant[], flushes: boolean): void {
		const begun = order.length > 0 ? this.clock() : 0;
		if (turn.commit_begun === 0) turn.commit_begun = begun;
		try {
			for (const [index, participant] of order.entries()) {
				const later = participant.commit();
				this.counts.commits++;
				if (later === undefined) continue;
				this.commit_later(turn, later, order.slice(index + 1));
				return;
			}
		} catch (error) {
			this.take_back(turn, error);
			return;
		}
		if (order.length > 0) this.commit_time = this.clock() - begun;
		if (this.observer !== undefined && turn.commit_begun > 0) this.observer.committed(this.clock() - turn.commit_begun);
		this.finish(turn, flushes);
	}

	/** One participant's commit takes time; the others come after it. */
	private commit_later(turn: OneTurn, answer: Promise<void>, others: readonly Participant[]): void {
		turn.is_committing = true;
		turn.put_away();
		this.wait(turn);
		answer.then(
			() => {
				// One that it depended on may have failed, and this one with it
				if (this.unfinished.has(turn)) this.commit(turn, others, true);
			},
			(error: unknown) => {
				if (this.unfinished.has(turn)) this.take_back(turn, error);
			},
		);
	}

	/** Something is in the way that will go away. */
	private try_later(turn: OneTurn): void {
		turn.put_away();
		if (!this.unfinished.has(turn)) this.wait(turn);
		this.retry_timer ??= setTimeout(() => this.retry(), retry_interval);
	}

	/** What was in the way of turns that wait is gone. */
	try_again(): void {
		clearTimeout(this.retry_timer);
		this.retry();
	}

	private retry(): void {
		this.retry_timer = undefined;
		for (const turn of [...this.unfinished]) {
			if (turn.obstacle === undefined || turn.is_committing || !this.unfinished.has(turn)) continue;
			// What is being written to the same place fails with it
			if (this.current.depends_on(turn)) this.end();
			if (this.clock() - turn.since >= this.patience) {
				this.take_back(turn, new Error(`${turn.obstacle}, for ${Math.round(this.patience / 1000)} s`));
			} else if (turn.after.size === 0) this.store(turn);
			else this.try_later(turn);
		}
	}

	/** Gives each stanza a turn of its own for a while. */
	private take_care(): void {
		if (this.careful) return;
		this.careful = true;
		const stop = (): void => {
			this.careful = [...this.unfinished].some(({ obstacle }) => obstacle !== undefined);
			if (this.careful) setTimeout(stop, care_time).unref();
		};
		setTimeout(stop, care_time).unref();
	}

	/** A turn is stored. */
	private finish(turn: OneTurn, flushes: boolean): void {
		turn.keep();
		// A flush may close its connection, and what follows from that is work for the next turn.
		for (const outlet of turn.outlets) {
			outlet.seal?.();
			if (flushes || outlet.seal === undefined) this.flush(outlet);
			else this.patient.add(outlet);
		}
		if (this.observer !== undefined && turn.work.length > 0) {
			this.observer.finished(turn.work.length, this.clock() - turn.begun);
		}
		if (this.unfinished.delete(turn)) {
			turn.release();
			this.go_on_after(turn);
		}
		this.tell_waiters();
	}

	private go_on_after(turn: OneTurn): void {
		for (const one of [...this.unfinished]) {
			if (!one.after.delete(turn) || one.after.size > 0 || !this.unfinished.has(one)) continue;
			// What is being written to the same place would be committed with it, but not fail with it
			if (this.current.depends_on(one)) this.end();
			if (this.unfinished.has(one)) this.store(one);
		}
	}

	/** Resolves when this turn and all before it are stored, or have failed. */
	done(): Promise<void> {
		this.end();
		return new Promise((resolve) => {
			this.waiters.push(resolve);
			this.tell_waiters();
		});
	}

	private tell_waiters(): void {
		if (this.unfinished.size > 0 || this.waiters.length === 0) return;
		for (const resolve of this.waiters.splice(0)) resolve();
	}

	/** Does what was left for the end of the turn. */
	private finish_work(): void {
		try {
			for (const work of this.last_words) {
				this.last_words.delete(work);
				work();
			}
		} catch (error) {
			this.last_words.clear();
			this.fail(error);
		}
	}

	private get is_idle(): boolean {
		return this.current.is_empty && this.last_words.size === 0;
	}

	/** Flushes what had time until now, for at most so many milliseconds; returns whether everything is out. */
	flush_patient(milliseconds: number): boolean {
		const end = this.clock() + milliseconds;
		for (const outlet of this.patient) {
			this.flush(outlet);
			if (this.clock() >= end) break;
		}
		return this.patient.size === 0;
	}

	private flush(outlet: Outlet): void {
		this.patient.delete(outlet);
		outlet.flush();
		this.counts.flushes++;
	}

	/** Undoes a turn that cannot be stored, with all turns that depend on it, and has their senders told. */
	private take_back(turn: OneTurn, error: unknown): void {
		this.counts.failures++;
		this.take_care();
		// Only now it is known where the current turn stores
		this.finish_work();
		const lost = this.with_dependents(turn);
		for (const one of lost) this.unfinished.delete(one);
		// Other output must not be mixed with what is sent about the failure
		if (!this.current.is_empty) this.end();
		for (const one of lost) one.roll_back();
		for (const one of [...lost].reverse()) one.discard();
		// Telling about a failure may fail in the same way; the second one is not told about.
		if (!lost.every(({ is_telling }) => is_telling)) this.tell(error, lost);
		this.tell_waiters();
	}

	private tell(error: unknown, lost: readonly OneTurn[]): void {
		this.current.is_telling = true;
		this.on_failure(
			error,
			lost.flatMap(({ work }) => work),
		);
		this.end();
	}

	/** A turn and those that share places or things with it, the current one included, which is ended for that. */
	private with_dependents(turn: OneTurn): OneTurn[] {
		const lost = [turn];
		const depends = (one: OneTurn): boolean => lost.some((earlier) => one.after.has(earlier) || one.depends_on(earlier));
		for (let known = 0; known < lost.length; ) {
			known = lost.length;
			// What is being committed has waited for all that it depended on
			for (const one of this.unfinished) if (!(one.is_committing || lost.includes(one)) && depends(one)) lost.push(one);
		}
		if (!this.current.is_empty && depends(this.current)) {
			this.counts.turns++;
			lost.push(this.take_current());
		}
		return lost;
	}
}
