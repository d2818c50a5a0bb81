// No counterpart: a Prosody is one machine.

/** Time and timers, so that a simulation can have its own. */
export interface Clock {
	/** Milliseconds since any moment. Never goes back; goes on while the process is stopped. */
	now(): number;
	/** Calls a function once, so many milliseconds later. @returns what calls that off */
	after(milliseconds: number, act: () => void): () => void;
}

/**
 * Messages between nodes (NATS core). It may lose them: where a connection breaks, or where a reader is slow. What one node publishes for
 * one other arrives in order.
 */
export interface Bus {
	/** Sends to all who have subscribed; does nothing where there is no connection. */
	publish(subject: string, data: Uint8Array, reply?: string): void;
	/** @param subject `*` stands for one part between dots, `>` at the end for all further ones. @returns what ends it */
	subscribe(subject: string, on_message: (data: Uint8Array, reply: string | undefined) => void): () => void;
	/** One answer to a message; rejects at once where nobody listens, and after so many milliseconds without an answer. */
	request(subject: string, data: Uint8Array, milliseconds: number): Promise<Uint8Array>;
	readonly is_connected: boolean;
	/** The longest message, in bytes. */
	readonly longest: number;
}

/** What a key of a bucket has. */
export interface Entry {
	readonly value: Uint8Array;
	/** Grows with every change of anything in the bucket. */
	readonly revision: number;
}

/**
 * Keys with values (a bucket of JetStream), changed by compare-and-set. Every method rejects where the bucket cannot be reached, or does
 * not answer in time: then a change may have been made, or may still be made.
 */
export interface Bucket {
	/** What is there; not necessarily the newest where several servers have copies. */
	get(key: string): Promise<Entry | undefined>;
	/** @returns the revision; undefined where the key exists */
	create(key: string, value: Uint8Array): Promise<number | undefined>;
	/** @returns the new revision; undefined where there is another one than the given one */
	update(key: string, value: Uint8Array, revision: number): Promise<number | undefined>;
	/** @returns whether it is deleted; false where there is another revision than the given one */
	delete(key: string, revision: number): Promise<boolean>;
	/**
	 * Tells of all keys below a prefix, as they are, and then of each change, in the order of the changes. What changed while there was no
	 * connection is told after it. A key that was deleted long ago may be told as well.
	 * @param prefix whole parts between dots; nothing for all keys
	 * @returns what ends it
	 */
	watch(prefix: string, on_change: (key: string, entry: Entry | undefined, revision: number) => void): () => void;
}

/**
 * One life of a node: from when it entered the cluster until it left it, or was declared dead. A process whose life is lost begins
 * another one; what belonged to the earlier life is not its own any more.
 */
export interface Life {
	readonly node: string;
	/** Grows from life to life of all nodes. */
	readonly incarnation: number;
}

export function same_life(one: Life | undefined, other: Life | undefined): boolean {
	return one !== undefined && one.node === other?.node && one.incarnation === other.incarnation;
}

/** A life in one word, as keys of maps and in logs. */
export function life_text({ node, incarnation }: Life): string {
	return `${node}.${incarnation}`;
}

/** A life out of its word; undefined where it is none. */
export function life_of_text(text: string): Life | undefined {
	const parts = /^([A-Za-z0-9_-]{1,40})\.([1-9]\d{0,15})$/.exec(text);
	const [, node, incarnation] = parts ?? [];
	return node === undefined ? undefined : { node, incarnation: Number(incarnation) };
}

/** Whether a text may name a node: it is a part of subjects and keys of NATS. */
export function is_node_name(text: string): boolean {
	return /^[A-Za-z0-9_-]{1,40}$/.test(text);
}

/** Refuses whatever an earlier life of a node still wants to store (the database's part of a declaration of death). */
export interface Fence {
	/** Resolves when nothing more can be stored for this life and earlier ones of its node; rejects where that is not certain. */
	raise(life: Life): Promise<void>;
}
