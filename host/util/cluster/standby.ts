// No counterpart: a session does not outlive a Prosody.

import type { Participant, Turn } from "../turn.ts";
import type { Change, CopyHead } from "./kept_copies.ts";
import { copy_subject, texts_of, write_changes } from "./kept_copies.ts";
import type { Membership } from "./membership.ts";
import { type Bus, type Clock, type Life, life_text, same_life } from "./types.ts";

export interface StandbyOptions {
	readonly bus: Bus;
	readonly clock: Clock;
	readonly membership: Membership;
	/** What subjects begin with: the cluster's name. */
	readonly prefix: string;
	readonly turn: Pick<Turn, "before_end" | "join">;
	/** Adds what has changed since, and was not worth a message of its own; asked when a turn ends. */
	add_rest(add: (change: Change) => void): void;
	/** Adds everything, for a node that has nothing of it. */
	add_all(add: (change: Change) => void): void;
	info?(text: string): void;
}

/** What one turn changes, or everything as it is at its end. */
interface Batch {
	readonly changes: Change[];
	readonly is_copy: boolean;
}

/** Most characters of one message, so that others get through as well. */
const most_characters = 300_000;
/** What each character may be in bytes, and what is around the changes. */
const most_bytes = 3;
const frame_bytes = 1000;
/** How long an answer is waited for, and how long until it is asked again where nobody listened; in milliseconds. */
const patience = 500;
const pause = 30;
/** For how long a node is waited for that is alive and does not answer, and until it is asked again; in milliseconds. */
const longest_silence = 10_000;
const rest = 60_000;

/**
 * Keeps another node up to date about what this one has in memory, so that it can go on when this one is gone: what a turn changes is
 * over there before anybody sees anything of the turn. All turns with changes share one message while another one is under way.
 */
export class Standby {
	/** Who has the copies; it goes on with them once the others know that, too. */
	private keeper: Life | undefined;
	private announced: Life | undefined;
	/** What has changed in the turn that goes on, and whether that has anything to say. */
	private changes: Change[] = [];
	private is_touched = false;
	/** What has changed in turns that have ended, and how many of these are about to be stored. */
	private batches: Batch[] = [];
	private ready = 0;
	/** Whether the other node was sent everything at some time. */
	private has_base = false;
	/** Whether the other node needs everything anew. */
	private is_behind = false;
	private number = 0;
	/** What others have sent so far and was handled, by their lives; whose numbers were not said yet. */
	private readonly handled = new Map<string, number>();
	private readonly unsaid = new Set<string>();
	/** Lives that did not answer. */
	private readonly silent = new Set<string>();
	private readonly participant: Participant;
	/** Messages, and how often everything was sent. */
	readonly counts = { messages: 0, bytes: 0, copies: 0 };

	constructor(private readonly options: StandbyOptions) {
		this.participant = {
			prepare: () => {
				this.ready = this.batches.length;
				return undefined;
			},
			commit: () => this.commit(),
			rollback: () => this.restart(),
			commits_after_all: true,
		};
		options.membership.listen({
			on_begun: () => this.choose(),
			on_joined: () => this.choose(),
			on_ended: (life) => {
				this.handled.delete(life_text(life));
				this.unsaid.delete(life_text(life));
				if (same_life(life, this.keeper)) this.give_up();
			},
			on_over: () => {
				this.handled.clear();
				this.unsaid.clear();
				this.give_up();
			},
		});
	}

	/** The node that goes on, by a life's word, for the others to know; undefined for none. */
	get heir(): string | undefined {
		return this.announced && life_text(this.announced);
	}

	/** Whether changes are of any use. */
	get is_on(): boolean {
		return this.keeper !== undefined;
	}

	/** Has a change be over there before this turn is seen. */
	add(change: Change): void {
		if (this.keeper === undefined) return;
		this.changes.push(change);
		this.join();
	}

	/** Something has changed that {@link StandbyOptions.add_rest} will add. */
	touch(): void {
		if (this.keeper !== undefined) this.join();
	}

	private join(): void {
		const { turn } = this.options;
		this.is_touched = true;
		turn.join(this.participant);
		turn.before_end(this.close_batch);
	}

	/** The turn ends: what follows is of another one, which may fail. */
	private readonly close_batch = (): void => {
		this.is_touched = false;
		if (this.keeper !== undefined) this.batches.push(this.is_behind ? this.everything() : this.rest());
	};

	/** Something of another life was handled, up to that number. It is said with the next change. */
	came(from: Life, number: number): void {
		this.handled.set(life_text(from), number);
		this.unsaid.add(life_text(from));
	}

	/** What was added does not hold: everything is sent anew with the next change. */
	restart(): void {
		this.batches.length = Math.min(this.ready, this.batches.length);
		this.changes = [];
		this.is_behind = true;
	}

	/** Looks for a node that keeps copies, where none does. One that is about to leave keeps them until it is gone. */
	choose(): void {
		const { membership } = this.options;
		const { me } = membership;
		if (me === undefined || this.keeper !== undefined) return;
		const names = [...membership.others()].flatMap(({ life, is_leaving }) =>
			is_leaving || this.silent.has(life_text(life)) ? [] : [life],
		);
		names.sort((one, other) => (one.node < other.node ? -1 : 1));
		const next = names.find(({ node }) => node > me.node) ?? names[0];
		if (next === undefined) return;
		this.keeper = next;
		this.is_behind = true;
		this.has_base = false;
		this.join();
	}

	private give_up(): void {
		this.keeper = undefined;
		this.announced = undefined;
		this.changes = [];
		this.batches = [];
		this.ready = 0;
		this.choose();
	}

	private commit(): void | Promise<void> {
		const { keeper } = this;
		const due = this.batches.splice(0, this.ready);
		this.ready = 0;
		if (keeper === undefined) return undefined;
		const copy = due.findLastIndex(({ is_copy }) => is_copy);
		// It belongs to what another node had, which is gone
		if (copy < 0 && !this.has_base) return undefined;
		const changes = due.slice(Math.max(0, copy)).flatMap((batch) => batch.changes);
		return changes.length === 0 && copy < 0 ? undefined : this.send(keeper, changes, copy >= 0);
	}

	/** What belongs to the turn that ends. */
	private rest(): Batch {
		const { changes } = this;
		this.changes = [];
		this.options.add_rest((change) => void changes.push(change));
		for (const from of this.unsaid) changes.push(["n", from, this.handled.get(from) ?? 0]);
		this.unsaid.clear();
		return { changes, is_copy: false };
	}

	/** All that there is by the end of the turn. Turns before it are stored when it is, or fail with it. */
	private everything(): Batch {
		const changes: Change[] = [];
		this.options.add_all((change) => void changes.push(change));
		for (const [from, number] of this.handled) changes.push(["n", from, number]);
		this.unsaid.clear();
		this.changes = [];
		this.is_behind = false;
		this.counts.copies++;
		return { changes, is_copy: true };
	}

	private async send(to: Life, changes: readonly Change[], is_copy: boolean): Promise<void> {
		let answer = await this.send_all(to, changes, is_copy);
		// Nobody may see anything of the turn before it has everything, and it may have nothing of a turn that may fail
		while (answer === "again") {
			if (this.is_touched || this.batches.length > 0) throw new Error(`node ${to.node} needs everything anew`);
			answer = await this.send_all(to, this.everything().changes, true);
		}
		if (answer === undefined || !same_life(this.keeper, to) || same_life(this.announced, to)) return;
		this.announced = to;
		this.options.membership.renew();
		this.options.info?.(`Node ${to.node} goes on with the sessions here when this node is gone`);
	}

	private async send_all(to: Life, changes: readonly Change[], is_copy: boolean): Promise<"kept" | "again" | undefined> {
		if (is_copy) this.has_base = true;
		const room = Math.floor((this.options.bus.longest - frame_bytes) / most_bytes);
		const texts = [...texts_of(changes, Math.min(most_characters, room))];
		for (const [index, text] of texts.entries()) {
			const which = { is_first: is_copy && index === 0, is_last: index === texts.length - 1 };
			const answer = await this.deliver(to, write_changes(this.head(to, which), text));
			if (answer !== "kept") return answer;
		}
		return "kept";
	}

	private head(to: Life, which: Pick<CopyHead, "is_first" | "is_last">): CopyHead {
		this.number++;
		const { me } = this.options.membership;
		return { from: me === undefined ? "" : life_text(me), to: life_text(to), number: this.number, ...which };
	}

	/**
	 * Sends a message until it has arrived, or everything has to be sent; undefined where the other node keeps nothing any more. Rejects
	 * where this node may not serve: then nothing of the turn may be seen.
	 */
	private async deliver(to: Life, data: Uint8Array): Promise<"kept" | "again" | undefined> {
		const { bus, clock, membership, prefix } = this.options;
		const { me } = membership;
		const begun = clock.now();
		this.counts.messages++;
		this.counts.bytes += data.length;
		while (me !== undefined && same_life(membership.me, me) && same_life(this.keeper, to)) {
			try {
				const answer = await this.in_time(bus.request(copy_subject(prefix, to.node), data, patience));
				return Buffer.from(answer).toString() === "kept" ? "kept" : "again";
			} catch {
				if (!membership.may_serve()) throw new Error("this node has no connection to the others, and may serve nothing");
				if (clock.now() - begun > longest_silence) await this.do_without(to);
				else await new Promise<void>((resolve) => clock.after(pause, resolve));
			}
		}
		return undefined;
	}

	/**
	 * A node is alive and keeps nothing; nobody here can wait for it for ever. It must not go on with what it has of old: nothing is seen
	 * before the others know that. Rejects where this node may not serve.
	 */
	private async do_without(life: Life): Promise<void> {
		const { clock, info, membership } = this.options;
		info?.(`Node ${life.node} does not answer: it does not go on with the sessions here`);
		this.silent.add(life_text(life));
		clock.after(rest, () => {
			this.silent.delete(life_text(life));
			this.choose();
		});
		if (same_life(this.keeper, life)) this.give_up();
		let is_known = false;
		void membership.renewed().then(() => {
			is_known = true;
		});
		while (!is_known) {
			await new Promise<void>((resolve) => clock.after(pause, resolve));
			if (!membership.may_serve()) throw new Error("this node has no connection to the others, and may serve nothing");
		}
	}

	/** Not every bus has times of its own. */
	private in_time(answer: Promise<Uint8Array>): Promise<Uint8Array> {
		return new Promise((resolve, reject) => {
			const call_off = this.options.clock.after(patience * 2, () => reject(new Error("no answer in time")));
			answer.then(resolve, reject).finally(call_off);
		});
	}
}
