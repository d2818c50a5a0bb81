// No counterpart: a session does not outlive a Prosody.

import type { Participant, Turn } from "../turn.ts";
import type { Change } from "./kept_copies.ts";
import { copy_subject, texts_of, write_changes } from "./kept_copies.ts";
import type { Membership } from "./membership.ts";
import { type Bus, type Clock, type Life, life_text, same_life } from "./types.ts";

export interface StandbyOptions {
	readonly bus: Bus;
	readonly clock: Clock;
	readonly membership: Membership;
	/** What subjects begin with: the cluster's name. */
	readonly prefix: string;
	readonly turn: Pick<Turn, "join">;
	/** Adds what has changed since, and was not worth a message of its own. */
	add_rest(add: (change: Change) => void): void;
	/** Adds everything, for a node that has nothing of it. */
	add_all(add: (change: Change) => void): void;
	info?(text: string): void;
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
	private changes: Change[] = [];
	/** How many of the changes belong to turns that are about to be stored. */
	private ready = 0;
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
				this.ready = this.changes.length;
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
		this.options.turn.join(this.participant);
	}

	/** Something has changed that {@link StandbyOptions.add_rest} will add. */
	touch(): void {
		if (this.keeper !== undefined) this.options.turn.join(this.participant);
	}

	/** Something of another life was handled, up to that number. It is said with the next change. */
	came(from: Life, number: number): void {
		this.handled.set(life_text(from), number);
		this.unsaid.add(life_text(from));
	}

	/** What was added does not hold: everything is sent anew with the next change. */
	restart(): void {
		this.changes.length = Math.min(this.ready, this.changes.length);
		this.is_behind = true;
	}

	/** Looks for a node that keeps copies, where none does. */
	choose(): void {
		const { membership } = this.options;
		const { me } = membership;
		if (me === undefined || (this.keeper !== undefined && this.may_keep(this.keeper))) return;
		const names = [...membership.others()].flatMap(({ life, is_leaving }) =>
			is_leaving || this.silent.has(life_text(life)) ? [] : [life],
		);
		names.sort((one, other) => (one.node < other.node ? -1 : 1));
		const next = names.find(({ node }) => node > me.node) ?? names[0];
		if (next === undefined) return;
		this.keeper = next;
		this.is_behind = true;
		this.options.turn.join(this.participant);
	}

	private may_keep(life: Life): boolean {
		for (const other of this.options.membership.others()) if (same_life(other.life, life)) return !other.is_leaving;
		return false;
	}

	private give_up(): void {
		this.keeper = undefined;
		this.announced = undefined;
		this.changes = [];
		this.ready = 0;
		this.choose();
	}

	private commit(): void | Promise<void> {
		const { keeper, is_behind } = this;
		if (keeper === undefined) return undefined;
		const changes = is_behind ? this.everything() : this.due();
		return changes.length === 0 && !is_behind ? undefined : this.send(keeper, changes, is_behind);
	}

	/** What belongs to the turns that are being stored. */
	private due(): Change[] {
		const changes = this.changes.splice(0, this.ready);
		this.ready = 0;
		this.options.add_rest((change) => void changes.push(change));
		for (const from of this.unsaid) changes.push(["n", from, this.handled.get(from) ?? 0]);
		this.unsaid.clear();
		return changes;
	}

	/** All that there is. It includes what later turns have changed; where they fail, everything is sent once more. */
	private everything(): Change[] {
		const changes: Change[] = [];
		this.options.add_all((change) => void changes.push(change));
		for (const [from, number] of this.handled) changes.push(["n", from, number]);
		this.unsaid.clear();
		this.changes = [];
		this.ready = 0;
		this.is_behind = false;
		this.counts.copies++;
		return changes;
	}

	private async send(to: Life, changes: readonly Change[], is_copy: boolean): Promise<void> {
		const { options } = this;
		let answer = await this.send_all(to, changes, is_copy);
		// Nobody may see anything of the turn before it has everything
		while (answer === "again") answer = await this.send_all(to, this.everything(), true);
		if (answer === undefined) return;
		if (same_life(this.keeper, to) && !same_life(this.announced, to)) {
			this.announced = to;
			options.membership.renew();
			options.info?.(`Node ${to.node} goes on with the sessions here when this node is gone`);
		}
	}

	private async send_all(to: Life, changes: readonly Change[], is_copy: boolean): Promise<"kept" | "again" | undefined> {
		const room = Math.floor((this.options.bus.longest - frame_bytes) / most_bytes);
		let is_first = is_copy;
		for (const text of texts_of(changes, Math.min(most_characters, room))) {
			const answer = await this.deliver(to, write_changes(this.head(to, is_first), text));
			if (answer !== "kept") return answer;
			is_first = false;
		}
		return "kept";
	}

	private head(to: Life, is_first: boolean): { from: string; to: string; number: number; is_first: boolean } {
		this.number++;
		const { me } = this.options.membership;
		return { from: me === undefined ? "" : life_text(me), to: life_text(to), number: this.number, is_first };
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
				if (clock.now() - begun > longest_silence) this.do_without(to);
				else await new Promise<void>((resolve) => clock.after(pause, resolve));
			}
		}
		return undefined;
	}

	/** A node is alive and keeps nothing; nobody here can wait for it for ever. */
	private do_without(life: Life): void {
		const { clock, info, membership } = this.options;
		info?.(`Node ${life.node} does not answer: it does not go on with the sessions here`);
		this.silent.add(life_text(life));
		clock.after(rest, () => {
			this.silent.delete(life_text(life));
			this.choose();
		});
		if (same_life(this.keeper, life)) this.give_up();
		membership.renew();
	}

	/** Not every bus has times of its own. */
	private in_time(answer: Promise<Uint8Array>): Promise<Uint8Array> {
		return new Promise((resolve, reject) => {
			const call_off = this.options.clock.after(patience * 2, () => reject(new Error("no answer in time")));
			answer.then(resolve, reject).finally(call_off);
		});
	}
}
