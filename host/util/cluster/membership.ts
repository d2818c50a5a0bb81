// No counterpart: a Prosody is one machine.

import type { Result } from "../error.ts";
import { type NodeInfo, type NodeRecord, read_record, write_record } from "./node_record.ts";
import { OwnLife } from "./own_life.ts";
import { type Bucket, type Clock, type Fence, type Life, life_text } from "./types.ts";

/** How long the others wait for a renewal, in milliseconds, where nothing else is said. */
export const usual_lease = 1100;

export interface MembershipOptions {
	readonly node: string;
	readonly clock: Clock;
	/** The bucket of nodes: a key for each, with its name. */
	readonly bucket: Bucket;
	readonly fence: Fence;
	readonly lease?: number;
	/** The part of the lease in which a node may serve. Only a simulation of mistakes has another one. */
	readonly part?: number;
	/** From 0 to 1. */
	readonly random?: () => number;
	/** What the others are to know of this node; asked at each renewal. */
	info?(): NodeInfo;
	/** Told of what an administrator should know. */
	warn?(text: string): void;
}

/** A node that is alive, as far as is known here. */
export interface Member {
	readonly life: Life;
	readonly info: NodeInfo;
	/** Whether it is about to leave: nothing more is to be given to it. */
	readonly is_leaving: boolean;
}

/** Told of lives. */
export interface MembershipListener {
	/** This node has a life; it may serve. */
	on_begun?(life: Life): void;
	/** This node's life is over: everything that belonged to it is given up at once. Another one may begin. */
	on_over?(life: Life): void;
	/** Another node has come. */
	on_joined?(life: Life): void;
	/** A life of another node is over: nothing more comes of it, but it may still be storing. */
	on_ended?(life: Life): void;
	/** And now it can store nothing more either: what it had may be taken. */
	on_dead?(life: Life): void;
}

/** What is known of another node. */
interface Known {
	readonly life: Life;
	record: NodeRecord;
	revision: number;
	/** When its last renewal came. */
	seen_at: number;
}

/** How often a node looks whether others are silent: parts of the lease, at least; at most twice that. */
const look_interval = 0.04;
/** How long it takes until the fence is tried again that could not be raised, in milliseconds. */
const fence_retry = 200;

/** Who is in the cluster, this node included: who lives, and who is dead for certain. */
export class Membership {
	readonly node: string;
	readonly lease: number;
	private readonly own: OwnLife;
	private readonly known = new Map<string, Known>();
	/** What was raised for each node, or is being raised, up to which incarnation. */
	private readonly fences = new Map<string, { readonly incarnation: number; readonly raised: Promise<void> }>();
	/** What lives said of themselves that are over: the last one of each node. */
	private readonly last = new Map<string, { readonly incarnation: number; readonly info: NodeInfo }>();
	private readonly listeners = new Set<MembershipListener>();
	private readonly clock: Clock;
	private is_begun = false;
	private is_stopped = false;
	private end_watch: (() => void) | undefined;
	private call_off: (() => void) | undefined;
	private call_off_rebirth: (() => void) | undefined;

	constructor(private readonly options: MembershipOptions) {
		this.node = options.node;
		this.lease = options.lease ?? usual_lease;
		this.clock = options.clock;
		const { node, clock, bucket } = options;
		this.own = new OwnLife({
			node,
			clock,
			bucket,
			lease: this.lease,
			...(options.part === undefined ? {} : { part: options.part }),
			random: options.random ?? Math.random,
			info: () => options.info?.() ?? {},
			on_over: (life) => this.own_is_over(life),
			on_renewed: (after_gap) => {
				if (after_gap) this.see_all_again();
			},
		});
	}

	/** Tells a listener of lives from now on. @returns what ends that */
	listen(listener: MembershipListener): () => void {
		this.listeners.add(listener);
		return () => this.listeners.delete(listener);
	}

	private tell(event: keyof MembershipListener, life: Life): void {
		for (const listener of [...this.listeners]) listener[event]?.(life);
	}

	/** Enters the cluster. Fails where another node has this name; rejects where the bucket or the database cannot be reached. */
	async start(): Promise<Result<Life, string>> {
		this.is_stopped = false;
		this.end_watch ??= this.options.bucket.watch("", (key, entry, revision) => {
			if (entry !== undefined) this.note(key, entry.value, revision);
		});
		if (this.call_off === undefined) this.judge_later();
		const born = await this.own.begin();
		if (!born.ok) return born;
		await this.raise_for({ node: this.node, incarnation: born.value.incarnation - 1 });
		if (this.own.life === born.value && !this.is_stopped) {
			this.is_begun = true;
			this.tell("on_begun", born.value);
		}
		return born;
	}

	/** This node's life; undefined where it has none. */
	get me(): Life | undefined {
		return this.is_begun ? this.own.life : undefined;
	}

	/** Whether this node may say and store something: nobody else can have taken what it has. */
	may_serve(): boolean {
		return this.is_begun && this.own.may_serve();
	}

	/** How long this node may serve if nothing comes, in milliseconds. */
	time_left(): number {
		return this.is_begun ? this.own.time_left() : 0;
	}

	/** The other nodes that live, as far as is known. */
	*others(): IterableIterator<Member> {
		for (const [node, { life, record }] of this.known) {
			if (node === this.node || record.state === "over") continue;
			yield { life, info: record.info, is_leaving: record.state === "leaving" };
		}
	}

	/** Whether a life is known to go on. */
	is_alive(life: Life): boolean {
		if (life.node === this.node) return this.own.life?.incarnation === life.incarnation;
		const record = this.known.get(life.node)?.record;
		return record?.incarnation === life.incarnation && record.state !== "over";
	}

	/** Whether a life is known to be over; it may still be storing. */
	is_over(life: Life): boolean {
		if (life.node === this.node) {
			const { life: own } = this.own;
			if (own !== undefined) return life.incarnation < own.incarnation;
		}
		const record = this.known.get(life.node)?.record;
		if (record === undefined || record.incarnation < life.incarnation) return false;
		return record.incarnation > life.incarnation || record.state === "over";
	}

	/** What a life that is over said of itself at last; undefined where it is not known any more. */
	last_info({ node, incarnation }: Life): NodeInfo | undefined {
		const last = this.last.get(node);
		return last?.incarnation === incarnation ? last.info : undefined;
	}

	/** The same life as the one object that all may share. */
	known_life(life: Life): Life {
		const known = this.known.get(life.node)?.life;
		return known?.incarnation === life.incarnation ? known : life;
	}

	/**
	 * Whether a life goes on, or is over and can store nothing more. Asks the bucket where nothing is known here; rejects where that
	 * gives no answer, or where the database cannot be told.
	 */
	async fate(life: Life): Promise<"alive" | "dead"> {
		if (!this.is_alive(life) && !this.is_over(life)) {
			const entry = await this.options.bucket.get(life.node);
			if (entry !== undefined) this.note(life.node, entry.value, entry.revision);
		}
		if (this.is_alive(life)) return "alive";
		if (!this.is_over(life)) throw new Error(`nobody knows of ${life_text(life)}`);
		await this.raise_for(life);
		return "dead";
	}

	/** Tells the others that nothing more is to be given to this node. */
	announce_leaving(): void {
		this.own.announce_leaving();
	}

	/** Has the others learn at once what {@link MembershipOptions.info} says. */
	renew(): void {
		this.own.renew();
	}

	/** The same; resolves when it is in the bucket, or this node's life is over. */
	renewed(): Promise<void> {
		return this.own.renewed();
	}

	/** Ends this node's life, and stops; what it had should be handed over before. @returns whether the others know */
	async leave(): Promise<boolean> {
		this.is_stopped = true;
		const is_known = await this.own.leave();
		this.stop();
		return is_known;
	}

	/** Stops without a word, as a process that is killed. */
	stop(): void {
		this.is_stopped = true;
		this.is_begun = false;
		this.own.stop();
		this.end_watch?.();
		this.end_watch = undefined;
		for (const call_off of [this.call_off, this.call_off_rebirth]) call_off?.();
		this.call_off = undefined;
	}

	private own_is_over(life: Life): void {
		const was_begun = this.is_begun;
		this.is_begun = false;
		if (was_begun) this.tell("on_over", life);
		if (this.is_stopped) return;
		this.options.warn?.(`the life ${life_text(life)} of this node is over: it was not heard for ${this.lease} ms`);
		this.begin_anew();
	}

	/** Begins another life, however often that fails. */
	private begin_anew(): void {
		if (this.is_stopped) return;
		const later = (why: string): void => {
			this.options.warn?.(`this node cannot enter the cluster again: ${why}`);
			this.call_off_rebirth = this.clock.after(this.lease, () => this.begin_anew());
		};
		this.start().then(
			(born) => {
				if (!born.ok) later(born.error);
			},
			(error: unknown) => later(error instanceof Error ? error.message : String(error)),
		);
	}

	/** What was seen of a node. */
	private note(node: string, value: Uint8Array, revision: number): void {
		const record = read_record(value, revision);
		if (record === undefined) {
			this.options.warn?.(`what node ${node} says of itself cannot be read`);
			return;
		}
		const before = this.known.get(node);
		if (before !== undefined && revision <= before.revision) return;
		const is_new = before?.record.incarnation !== record.incarnation;
		const life = is_new ? { node, incarnation: record.incarnation } : before.life;
		this.known.set(node, { life, record, revision, seen_at: this.clock.now() });
		if (node === this.node) {
			this.own.note(record);
			return;
		}
		const was_alive = before !== undefined && before.record.state !== "over";
		if (was_alive && (is_new || record.state === "over")) {
			const { incarnation, info } = is_new ? before.record : record;
			this.last.set(node, { incarnation, info });
			this.is_ended(before.life);
		}
		if (is_new && record.state !== "over") this.tell("on_joined", life);
	}

	private is_ended(life: Life): void {
		this.tell("on_ended", life);
		this.raise_until_done(life);
	}

	private raise_until_done(life: Life): void {
		this.raise_for(life).then(
			() => this.tell("on_dead", life),
			(error: unknown) => {
				if (this.is_stopped) return;
				this.options.warn?.(`the database cannot be told that ${life_text(life)} is over: ${String(error)}`);
				this.clock.after(fence_retry, () => this.raise_until_done(life));
			},
		);
	}

	/** Has the database refuse what a life wants to store; once for all who ask. */
	private raise_for(life: Life): Promise<void> {
		const there = this.fences.get(life.node);
		if (there !== undefined && there.incarnation >= life.incarnation) return there.raised;
		const raised = this.options.fence.raise(life);
		const fence = { incarnation: life.incarnation, raised };
		this.fences.set(life.node, fence);
		raised.catch(() => {
			if (this.fences.get(life.node) === fence) this.fences.delete(life.node);
		});
		return raised;
	}

	/** Silence counts from now on: this node did not hear the others either. */
	private see_all_again(): void {
		const now = this.clock.now();
		for (const one of this.known.values()) one.seen_at = now;
	}

	private judge_later(): void {
		// Not all at the same moment
		const pause = this.lease * look_interval * (1 + (this.options.random ?? Math.random)());
		this.call_off = this.clock.after(pause, () => {
			this.judge_later();
			this.judge();
		});
	}

	/** Declares those dead who were not heard for a lease. */
	private judge(): void {
		if (!this.may_serve()) return;
		const now = this.clock.now();
		for (const [node, one] of this.known) {
			if (node !== this.node && one.record.state !== "over" && now - one.seen_at > this.lease) void this.declare_dead(node, one);
		}
	}

	private async declare_dead(node: string, { record, revision }: Known): Promise<void> {
		const { bucket } = this.options;
		const over = write_record({ ...record, state: "over" });
		try {
			const written = await bucket.update(node, over, revision);
			if (written !== undefined) this.note(node, over, written);
			else {
				const entry = await bucket.get(node);
				if (entry !== undefined) this.note(node, entry.value, entry.revision);
				// Somebody has deleted the key: silence was as long as it has to be
				else await bucket.create(node, over);
			}
		} catch {
			// It is tried again
		}
	}
}
