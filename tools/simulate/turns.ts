// No counterpart: turns of a simulated node. The real ones are made of the event loop's passes.

import type { Life } from "../../host/util/cluster/types.ts";
import type { Participant } from "../../host/util/turn.ts";
import type { SimulatedProcess } from "./world.ts";

interface OneTurn {
	readonly participants: Set<Participant>;
	readonly stores: ((me: Life) => Promise<void>)[];
	readonly output: (() => void)[];
	readonly undo: (() => void)[];
	readonly failed: (() => void)[];
}

function take_in(first: OneTurn, later: OneTurn): void {
	for (const participant of later.participants) first.participants.add(participant);
	first.stores.push(...later.stores);
	first.output.push(...later.output);
	first.undo.push(...later.undo);
	first.failed.push(...later.failed);
}

const new_turn = (): OneTurn => ({ participants: new Set(), stores: [], output: [], undo: [], failed: [] });

/** Each piece of work is a turn; those that end while another one is being stored become one. */
export class SimulatedTurns {
	private current = new_turn();
	private readonly last_words = new Set<() => void>();
	private next: OneTurn | undefined;
	private is_storing = false;
	private waiters: (() => void)[] = [];
	private is_scheduled = false;

	constructor(
		private readonly process: SimulatedProcess,
		private readonly me: () => Life | undefined,
	) {}

	/** Does something in a turn. @param failed told where it could not be stored: nothing of it was seen */
	act(work: () => void, failed: () => void = () => {}): void {
		this.current.failed.push(failed);
		work();
		this.end();
	}

	join(participant: Participant): void {
		this.current.participants.add(participant);
		if (this.is_scheduled) return;
		this.is_scheduled = true;
		// Outside of any work, as when another node has joined
		this.process.after(0, () => {
			this.is_scheduled = false;
			this.end();
		});
	}

	before_end(work: () => void): void {
		this.last_words.add(work);
	}

	/** Says something once the turn is stored. */
	say(output: () => void): void {
		this.current.output.push(output);
	}

	remember(undo: () => void): void {
		this.current.undo.push(undo);
	}

	store(store: (me: Life) => Promise<void>): void {
		this.current.stores.push(store);
	}

	/** Resolves when all turns so far are stored, or have failed. */
	done(): Promise<void> {
		return this.is_storing ? new Promise((resolve) => void this.waiters.push(resolve)) : Promise.resolve();
	}

	private end(): void {
		for (const work of this.last_words) {
			this.last_words.delete(work);
			work();
		}
		const turn = this.current;
		this.current = new_turn();
		if (this.next === undefined) this.next = turn;
		else take_in(this.next, turn);
		if (!this.is_storing) void this.work_off();
	}

	private async work_off(): Promise<void> {
		this.is_storing = true;
		for (let turn = this.next; turn !== undefined; turn = this.next) {
			this.next = undefined;
			const me = this.me();
			try {
				for (const one of turn.participants) one.prepare?.();
				if (me === undefined) throw new Error("no life");
				for (const store of turn.stores) await store(me);
				for (const one of turn.participants) await one.commit();
				if (this.me() !== me) throw new Error("another life");
				for (const output of turn.output) output();
			} catch {
				this.take_back(turn);
			}
		}
		this.is_storing = false;
		for (const resolve of this.waiters.splice(0)) resolve();
	}

	/** It fails with all that have ended since. */
	private take_back(turn: OneTurn): void {
		const all = this.next === undefined ? [turn] : [turn, this.next];
		this.next = undefined;
		for (const one of all) for (const participant of one.participants) participant.rollback();
		for (const one of [...all].reverse()) for (const undo of [...one.undo].reverse()) undo();
		for (const one of all) for (const failed of one.failed) failed();
	}
}
