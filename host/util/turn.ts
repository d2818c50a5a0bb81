// No counterpart: Prosody writes to its storage and its sockets as it goes.

/** Something whose writes of one turn are made permanent together: a database with an open transaction. */
export interface Participant {
	/** Makes the turn's writes permanent. Throws where that fails; then nothing of them must remain. */
	commit(): void;
	/** Forgets the turn's writes. */
	rollback(): void;
}

/** Something that collects what the turn has to say to the outside: a socket's out-buffer. */
export interface Outlet {
	/**
	 * The turn has ended: what was collected in it is certain, and may be flushed later. Missing where it has to be flushed at once.
	 */
	seal?(): void;
	/** Hands what is certain to the operating system. */
	flush(): void;
	/** Forgets what was collected in this turn. */
	discard(): void;
}

/** Longest that a turn goes on for the sake of a common commit, in milliseconds. */
const longest_wait = 20;

/**
 * All that one pass of the event loop reads is one turn: stanzas are handled synchronously, writes to storage and to sockets are
 * collected, and at the end storage commits first and the sockets are written after it. So nobody sees what is not stored, a
 * thousand messages cost one commit, and a session costs one write.
 *
 * A turn that has something to commit goes on while more comes in, for as long as the last commit took: so at most half of the
 * time is spent on commits, however slow the disk is, and nobody waits where there is little to do.
 */
export class Turn {
	private readonly participants = new Set<Participant>();
	private readonly outlets = new Set<Outlet>();
	/** With something certain to say that has time. */
	private readonly patient = new Set<Outlet>();
	/** Done when this turn ends, before it is stored. */
	private readonly last_words = new Set<() => void>();
	private scheduled = false;
	private failing = false;
	private work: object[] = [];
	/** How much work there was at the end of the last pass of the event loop, and when the first one ended. */
	private seen = 0;
	private first_pass: number | undefined;
	/** How long the last commit took, in milliseconds. */
	private commit_time = 0;
	/** Turns ended so far, and how many of them committed something. */
	readonly counts = { turns: 0, commits: 0, flushes: 0, failures: 0 };

	/**
	 * @param on_failure told of a commit that failed, with what was {@link record}ed in the turn, after everything that the
	 * turn wanted to write and send was thrown away. What it sends goes out in a turn of its own.
	 */
	constructor(
		private readonly on_failure: (error: unknown, work: readonly object[]) => void,
		/** Milliseconds from any time on. */
		private readonly clock: () => number = () => performance.now(),
	) {}

	/** Has this turn's writes of a database committed at its end. */
	join(participant: Participant): void {
		this.participants.add(participant);
		this.schedule();
	}

	/** Has an outlet flushed when the turn ends. */
	touch(outlet: Outlet): void {
		this.outlets.add(outlet);
		this.schedule();
	}

	/**
	 * Has something done when this turn ends, before it is stored, once however often it is asked for: what changed many times is
	 * written once. Where it throws, the turn fails.
	 */
	before_end(work: () => void): void {
		this.last_words.add(work);
		this.schedule();
	}

	/** Takes an outlet that is gone out of the turn. */
	forget(outlet: Outlet): void {
		this.outlets.delete(outlet);
		this.patient.delete(outlet);
	}

	/** Notes a piece of work (a stanza with its sender) that has to hear of it when the turn fails. */
	record(work: object): void {
		this.work.push(work);
		this.schedule();
	}

	private schedule(): void {
		if (this.scheduled) return;
		this.scheduled = true;
		setImmediate(() => this.pass());
	}

	/** The event loop has read everything that was there. */
	private pass(): void {
		if ((this.participants.size > 0 || this.last_words.size > 0) && this.goes_on()) setImmediate(() => this.pass());
		else this.end();
	}

	private goes_on(): boolean {
		const has_grown = this.work.length > this.seen;
		this.seen = this.work.length;
		this.first_pass ??= this.clock();
		return has_grown && this.clock() - this.first_pass < Math.min(this.commit_time, longest_wait);
	}

	/**
	 * Ends the turn now: commits, then flushes. Called by itself once an event-loop pass; call it to see effects at once.
	 * @param flushes false where what is to be flushed has time until {@link flush_patient}, or until more comes that has none
	 */
	end(flushes = true): void {
		this.scheduled = false;
		this.counts.turns++;
		const work = this.work;
		this.work = [];
		this.seen = 0;
		this.first_pass = undefined;
		const problem = this.finish_work();
		const participants = [...this.participants];
		this.participants.clear();
		const begun = participants.length > 0 ? this.clock() : 0;
		try {
			if (problem !== undefined) throw problem.error;
			for (const participant of participants) {
				participant.commit();
				this.counts.commits++;
			}
		} catch (error) {
			this.fail(error, participants, work);
			return;
		}
		if (participants.length > 0) this.commit_time = this.clock() - begun;
		// A flush may close its connection, and what follows from that is work for the next turn.
		const outlets = [...this.outlets];
		this.outlets.clear();
		for (const outlet of outlets) {
			outlet.seal?.();
			if (flushes || outlet.seal === undefined) this.flush(outlet);
			else this.patient.add(outlet);
		}
	}

	/** Does what was left for the end; answers with what that threw. */
	private finish_work(): { error: unknown } | undefined {
		try {
			for (const work of this.last_words) {
				this.last_words.delete(work);
				work();
			}
			return undefined;
		} catch (error) {
			this.last_words.clear();
			return { error };
		}
	}

	/** Flushes, for so many milliseconds, what had time until now; answers whether all of it is out. */
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

	private fail(error: unknown, participants: readonly Participant[], work: readonly object[]): void {
		this.counts.failures++;
		for (const participant of participants) participant.rollback();
		for (const outlet of this.outlets) outlet.discard();
		this.outlets.clear();
		// Telling about a failure may fail in the same way; the second one is not told about.
		if (this.failing) return;
		this.failing = true;
		try {
			this.on_failure(error, work);
			this.end();
		} finally {
			this.failing = false;
		}
	}
}
