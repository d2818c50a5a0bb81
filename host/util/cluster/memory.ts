// No counterpart: a cluster without NATS, for several servers in one process, for specs, and for the simulation.

import type { Bucket, Bus, Clock, Entry } from "./types.ts";

/**
 * Takes something from a client to the broker (whose name is empty) or back, by calling the function later, in order for each pair; or
 * loses it, by not calling it.
 */
export type Carry = (from: string, to: string, act: () => void) => void;

export interface BrokerOptions {
	/** How things travel; at once, but never within the call, where it is left out. */
	readonly carry?: Carry;
	/** How long a client waits for what a bucket answers, in milliseconds. */
	readonly patience?: number;
	/** Revisions are greater than this: than all of an earlier broker, say. */
	readonly first_revision?: number;
	/** Buckets that keep nothing of keys that are deleted; nobody may watch those. */
	readonly forgetful?: ReadonlySet<string>;
}

interface Subscription {
	readonly subject: readonly string[];
	readonly client: MemoryClient;
	tell(data: Uint8Array, reply: string | undefined): void;
}

interface Watch {
	readonly bucket: string;
	readonly prefix: string;
	readonly client: MemoryClient;
	tell(key: string, entry: Entry | undefined, revision: number): void;
	/** The last revision that was told. */
	told: number;
	/** Counts how often the client had to ask for it; what was sent before does not count any more. */
	round: number;
}

/** A key that was deleted keeps a revision, too. */
interface Kept {
	readonly value: Uint8Array | undefined;
	readonly revision: number;
}

const longest = 1_000_000;

/** What NATS is to a cluster, in memory. It keeps what it has while clients come and go. */
export class MemoryBroker {
	private readonly buckets = new Map<string, Map<string, Kept>>();
	private readonly subscriptions = new Set<Subscription>();
	private readonly watches = new Set<Watch>();
	private revision: number;
	private readonly forgetful: ReadonlySet<string>;
	private names = 0;
	readonly carry: Carry;
	readonly patience: number;
	/** Messages published, messages delivered, and bytes of the latter. */
	readonly counts = { published: 0, delivered: 0, bytes: 0, operations: 0 };

	constructor(options: BrokerOptions = {}) {
		this.carry = options.carry ?? ((_from, _to, act) => queueMicrotask(act));
		this.patience = options.patience ?? 2000;
		this.revision = options.first_revision ?? 0;
		this.forgetful = options.forgetful ?? new Set();
	}

	/**
	 * @param name of the client, for {@link Carry}
	 * @param clock for the limits of its requests; without it, there are none
	 */
	connect(name: string, clock?: Clock): MemoryClient {
		return new MemoryClient(this, name, clock);
	}

	/** The revision of the last change of anything. */
	get last_revision(): number {
		return this.revision;
	}

	/** A name that nobody else gets. */
	new_name(): string {
		this.names++;
		return `_INBOX.${this.names}`;
	}

	/** Sends a message to those who have subscribed; returns to how many. */
	publish(subject: string, data: Uint8Array, reply: string | undefined): number {
		this.counts.published++;
		const parts = subject.split(".");
		let told = 0;
		for (const subscription of this.subscriptions) {
			if (!matches(subscription.subject, parts)) continue;
			told++;
			this.counts.delivered++;
			this.counts.bytes += data.length;
			this.carry("", subscription.client.name, () => {
				if (this.subscriptions.has(subscription)) subscription.tell(data, reply);
			});
		}
		return told;
	}

	subscribe(subscription: Subscription): void {
		this.subscriptions.add(subscription);
	}

	unsubscribe(subscription: Subscription): void {
		this.subscriptions.delete(subscription);
	}

	get(bucket: string, key: string): Entry | undefined {
		this.counts.operations++;
		return entry_of(this.keys(bucket).get(key));
	}

	/** Changes a key whose revision is the given one; 0 where it must not exist. */
	put(bucket: string, key: string, value: Uint8Array | undefined, revision: number): number | undefined {
		this.counts.operations++;
		const keys = this.keys(bucket);
		const there = keys.get(key);
		if ((there?.value === undefined ? 0 : there.revision) !== revision) return undefined;
		this.revision++;
		const kept = { value, revision: this.revision };
		if (value === undefined && this.forgetful.has(bucket)) keys.delete(key);
		else keys.set(key, kept);
		for (const watch of this.watches) if (watch.bucket === bucket) this.tell(watch, key, kept);
		return this.revision;
	}

	/** Tells of what has changed since the last time, and from now on of everything. */
	watch(watch: Watch): void {
		this.watches.add(watch);
		const missed = [...this.keys(watch.bucket)].filter(([, { revision }]) => revision > watch.told);
		missed.sort(([, one], [, other]) => one.revision - other.revision);
		for (const [key, kept] of missed) if (kept.value !== undefined || watch.told > 0) this.tell(watch, key, kept);
	}

	unwatch(watch: Watch): void {
		this.watches.delete(watch);
	}

	private tell(watch: Watch, key: string, kept: Kept): void {
		if (watch.prefix !== "" && !key.startsWith(`${watch.prefix}.`)) return;
		const { round } = watch;
		this.carry("", watch.client.name, () => {
			if (watch.round !== round || !this.watches.has(watch)) return;
			watch.told = Math.max(watch.told, kept.revision);
			watch.tell(key, entry_of(kept), kept.revision);
		});
	}

	private keys(bucket: string): Map<string, Kept> {
		const known = this.buckets.get(bucket);
		if (known !== undefined) return known;
		const keys = new Map<string, Kept>();
		this.buckets.set(bucket, keys);
		return keys;
	}
}

function entry_of(kept: Kept | undefined): Entry | undefined {
	return kept?.value === undefined ? undefined : { value: kept.value, revision: kept.revision };
}

function matches(pattern: readonly string[], parts: readonly string[]): boolean {
	for (const [index, wanted] of pattern.entries()) {
		if (wanted === ">") return parts.length > index;
		if (wanted !== "*" && wanted !== parts[index]) return false;
	}
	return pattern.length === parts.length;
}

/** @throws where no message is that long */
function check_length(data: Uint8Array): void {
	if (data.length > longest) throw new RangeError(`a message of ${data.length} bytes: at most ${longest} are taken`);
}

/** One program's connection to the broker. */
export class MemoryClient implements Bus {
	private readonly subscriptions = new Set<Subscription>();
	private readonly watches = new Set<Watch>();
	is_connected = true;
	readonly longest = longest;

	constructor(
		private readonly broker: MemoryBroker,
		readonly name: string,
		private readonly clock: Clock | undefined,
	) {}

	publish(subject: string, data: Uint8Array, reply?: string): void {
		check_length(data);
		if (!this.is_connected) return;
		this.broker.carry(this.name, "", () => this.broker.publish(subject, data, reply));
	}

	subscribe(subject: string, on_message: (data: Uint8Array, reply: string | undefined) => void): () => void {
		const subscription = { subject: subject.split("."), client: this, tell: on_message };
		this.subscriptions.add(subscription);
		if (this.is_connected) this.broker.subscribe(subscription);
		return () => {
			this.subscriptions.delete(subscription);
			this.broker.unsubscribe(subscription);
		};
	}

	request(subject: string, data: Uint8Array, milliseconds: number): Promise<Uint8Array> {
		return new Promise((resolve, reject) => {
			check_length(data);
			const reply = this.broker.new_name();
			const end = this.subscribe(reply, (answer) => {
				stop();
				resolve(answer);
			});
			const fail = (why: string): void => {
				stop();
				reject(new Error(`${subject}: ${why}`));
			};
			const call_off = this.clock?.after(milliseconds, () => fail("no answer in time"));
			const stop = (): void => {
				end();
				call_off?.();
			};
			if (!this.is_connected) {
				if (call_off === undefined) fail("there is no connection");
				return;
			}
			this.broker.carry(this.name, "", () => {
				if (this.broker.publish(subject, data, reply) > 0) return;
				this.broker.carry("", this.name, () => fail("nobody listens"));
			});
		});
	}

	bucket(bucket: string): Bucket {
		const { broker } = this;
		const ask = <Answer>(work: () => Answer): Promise<Answer> => this.ask(work);
		return {
			get: (key) => ask(() => broker.get(bucket, key)),
			create: (key, value) => ask(() => broker.put(bucket, key, value, 0)),
			update: (key, value, revision) => ask(() => broker.put(bucket, key, value, revision)),
			delete: (key, revision) => ask(() => broker.put(bucket, key, undefined, revision) !== undefined),
			watch: (prefix, tell) => {
				const watch: Watch = { bucket, prefix, client: this, tell, told: 0, round: 0 };
				this.watches.add(watch);
				this.start(watch);
				return () => {
					this.watches.delete(watch);
					broker.unwatch(watch);
				};
			},
		};
	}

	/** Has the broker do something, and brings back what that gives. */
	private ask<Answer>(work: () => Answer): Promise<Answer> {
		return new Promise((resolve, reject) => {
			const call_off = this.clock?.after(this.broker.patience, () => reject(new Error("the bucket gives no answer")));
			if (!this.is_connected) {
				if (call_off === undefined) reject(new Error("there is no connection"));
				return;
			}
			this.broker.carry(this.name, "", () => {
				const answer = work();
				this.broker.carry("", this.name, () => {
					call_off?.();
					resolve(answer);
				});
			});
		});
	}

	private start(watch: Watch): void {
		watch.round++;
		const { round } = watch;
		this.broker.carry(this.name, "", () => {
			if (watch.round === round && this.watches.has(watch)) this.broker.watch(watch);
		});
	}

	/** The connection breaks: what comes meanwhile is lost, except for the changes of buckets. */
	cut(): void {
		this.is_connected = false;
		for (const one of this.subscriptions) this.broker.unsubscribe(one);
		for (const one of this.watches) {
			one.round++;
			this.broker.unwatch(one);
		}
	}

	/** It is there again. */
	mend(): void {
		if (this.is_connected) return;
		this.is_connected = true;
		for (const one of this.subscriptions) this.broker.subscribe(one);
		for (const one of this.watches) this.start(one);
	}
}
