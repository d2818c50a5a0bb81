// No counterpart: Prosody writes to its storage and its sockets as it goes.

/** Something whose writes of one turn are made permanent together: a database with an open transaction, or files. */
export interface Participant {
	/**
	 * Gets everything ready, so that only the commit is left: takes locks, writes new files beside those that they replace. May be
	 * called again before the commit.
	 * @returns why that cannot be done yet, such as a lock of another process; it is called again later
	 * @throws where it fails for good
	 */
	prepare?(): string | undefined;
	/**
	 * Makes all writes permanent that there are by now; a promise where the answer takes time. Writes that come meanwhile belong to a
	 * later turn. Throws, or rejects, where it fails; then nothing of the writes must remain.
	 */
	commit(): void | Promise<void>;
	/** Drops the writes that were not to be committed yet, and those whose commit has failed. */
	rollback(): void;
	/** Whether what {@link prepare} has named goes away soon, and `try_again` of the turn is called then. */
	readonly is_in_line?: boolean;
	/** Whether its commit is the least likely to fail once it is ready, so that it comes last. */
	readonly commits_last?: boolean;
	/** Whether it only looks, once all others have committed, whether the turn may be seen. */
	readonly commits_after_all?: boolean;
}

/** One turn's output through an outlet, put away until the turn is stored. */
export interface Held {
	/** The turn is stored: this may go out, once everything before it has. */
	release(): void;
	/** The turn has failed. */
	discard(): void;
}

/** Something that collects the turn's output, such as a socket's out-buffer. */
export interface Outlet {
	/**
	 * The turn has ended: what was collected in it is certain, and may be flushed later. Missing where it has to be flushed at once.
	 */
	seal?(): void;
	/**
	 * The turn has ended, but is not stored yet: puts its output away. The output of later turns goes out after it. Missing where
	 * an outlet belongs to one turn: then it is flushed or discarded later.
	 */
	hold?(): Held;
	/** Gives what is certain to the operating system. */
	flush(): void;
	/** Forgets what was collected in this turn. */
	discard(): void;
}

/** What a turn has changed in memory, which has to agree with what is stored. */
export interface Memory {
	/** The turn is stored. */
	kept?(): void;
	/** The turn has failed, and its writes were dropped: makes memory what it was before. Later changes are already undone. */
	undo(): void;
}

/** Adds everything of the second turn to the first one. */
function add_all<T>(to: Set<T>, from: Iterable<T>): void {
	for (const one of from) to.add(one);
}

/** What one turn wants to store and to send, and what it depends on. */
export class OneTurn {
	readonly participants = new Set<Participant>();
	readonly outlets = new Set<Outlet>();
	/** What it has changed or shown, such as rooms: later turns that do so too depend on it. */
	readonly things = new Set<object | string>();
	/** Earlier turns that have to be stored before it. */
	readonly after = new Set<OneTurn>();
	/** Stanzas with their senders, who are told when it fails. */
	work: object[] = [];
	/** Why it cannot be stored at all. */
	failure: { readonly error: unknown } | undefined;
	/** Whether its commit has begun, so that nothing can be added to it. */
	is_committing = false;
	/** When its first stanza came, and when its commit began; 0 where nobody wants to know, or where there is none. */
	begun = 0;
	commit_begun = 0;
	/** When it began to wait. */
	since = 0;
	/** Why it waits. */
	obstacle: string | undefined;
	/** Whether it tells about one that has failed. */
	is_telling = false;
	private held: Held[] = [];
	/** What it has changed in memory, oldest first. */
	private memories: Memory[] = [];

	get is_empty(): boolean {
		const has_said = this.outlets.size > 0 || this.held.length > 0;
		return !has_said && this.participants.size + this.work.length + this.memories.length === 0 && this.failure === undefined;
	}

	remember(memory: Memory): void {
		this.memories.push(memory);
	}

	/** Whether it stores in the same place as another turn, or has seen what that turn did. */
	depends_on(earlier: OneTurn): boolean {
		for (const participant of this.participants) if (earlier.participants.has(participant)) return true;
		for (const thing of this.things) if (earlier.things.has(thing)) return true;
		return false;
	}

	/** Puts its output away. */
	put_away(): void {
		for (const outlet of this.outlets) {
			this.held.push(outlet.hold?.() ?? { release: () => outlet.flush(), discard: () => outlet.discard() });
		}
		this.outlets.clear();
	}

	/** Takes in a later turn, whose output is put away. */
	take_in(later: OneTurn): void {
		add_all(this.participants, later.participants);
		add_all(this.things, later.things);
		add_all(this.after, later.after);
		this.after.delete(this);
		this.after.delete(later);
		this.begun ||= later.begun;
		this.work.push(...later.work);
		this.held.push(...later.held);
		this.memories.push(...later.memories);
		this.failure ??= later.failure;
		this.is_telling &&= later.is_telling;
	}

	/** The participants in the order in which they are got ready and committed. */
	in_order(): Participant[] {
		const all = [...this.participants];
		if (all.length < 2) return all;
		const rank = (one: Participant): number => (one.commits_after_all ? 2 : one.commits_last ? 1 : 0);
		return all.sort((one, other) => rank(one) - rank(other));
	}

	/** It is stored. */
	keep(): void {
		for (const memory of this.memories.splice(0)) memory.kept?.();
	}

	/** Sends what was put away. */
	release(): void {
		for (const one of this.held.splice(0)) one.release();
	}

	/** Drops what it wanted to store. */
	roll_back(): void {
		for (const participant of this.participants) participant.rollback();
		this.participants.clear();
	}

	/** Drops its output, and makes memory what it was before; what it wanted to store is already dropped. */
	discard(): void {
		for (const memory of this.memories.splice(0).reverse()) memory.undo();
		for (const one of this.held.splice(0)) one.discard();
		for (const outlet of this.outlets) outlet.discard();
		this.outlets.clear();
	}
}
