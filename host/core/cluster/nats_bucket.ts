// No counterpart: keys and values in NATS, which all nodes share.

import { JetStreamApiCodes, JetStreamApiError, type JetStreamManager } from "@nats-io/jetstream";
import type { KV, KvEntry } from "@nats-io/kv";
import type { Bucket, Entry } from "../../util/cluster/types.ts";

/** What a bucket needs of its connection. */
export interface BucketConnection {
	/** @throws where there is none */
	need_connection(): void;
	on_connected(act: () => void): () => void;
}

/** How long it takes until a watch that could not be begun is tried again, in milliseconds. */
const watch_retry = 200;

type OnChange = (key: string, entry: Entry | undefined, revision: number) => void;

/** Takes single messages out of the stream that a bucket is. */
export interface Eraser {
	readonly stream: string;
	readonly manager: Pick<JetStreamManager, "streams">;
}

/** A bucket of JetStream. */
export class NatsBucket implements Bucket {
	/** @param eraser where nothing shall stay of deleted keys: then nobody can watch the bucket, and it has to keep one revision of a key */
	constructor(
		private readonly store: KV,
		private readonly connection: BucketConnection,
		private readonly eraser: Eraser | undefined,
		private readonly warn: ((text: string) => void) | undefined,
	) {}

	async get(key: string): Promise<Entry | undefined> {
		this.connection.need_connection();
		const entry = await this.store.get(key);
		return entry === null ? undefined : entry_of(entry);
	}

	create(key: string, value: Uint8Array): Promise<number | undefined> {
		return this.change(() => this.store.create(key, value));
	}

	update(key: string, value: Uint8Array, revision: number): Promise<number | undefined> {
		return this.change(() => this.store.update(key, value, revision));
	}

	async delete(key: string, revision: number): Promise<boolean> {
		if (this.eraser !== undefined) return this.erase(key, revision, this.eraser);
		const done = await this.change(() => this.store.delete(key, { previousSeq: revision }).then(() => 1));
		return done !== undefined;
	}

	/**
	 * Takes a revision of a key out of the stream. That is a compare-and-set, too: whatever somebody else writes takes it out first, since
	 * the stream keeps one message for each key, and has a number of its own, which this does not touch.
	 */
	private async erase(key: string, revision: number, { stream, manager }: Eraser): Promise<boolean> {
		this.connection.need_connection();
		try {
			return await manager.streams.deleteMessage(stream, revision, false);
		} catch (error) {
			// By no code of an error it is certain that there was nothing to take out
			if (error instanceof JetStreamApiError && (await this.get(key))?.revision !== revision) return false;
			throw error;
		}
	}

	/** A change by compare-and-set: undefined where something else is there. */
	private async change(act: () => Promise<number>): Promise<number | undefined> {
		this.connection.need_connection();
		try {
			return await act();
		} catch (error) {
			if (error instanceof JetStreamApiError && is_other_revision(error.code)) return undefined;
			throw error;
		}
	}

	watch(prefix: string, on_change: OnChange): () => void {
		if (this.eraser !== undefined) throw new Error("of a bucket in which nothing stays of deleted keys, changes are not told");
		const watch = new NatsWatch(this.store, prefix === "" ? ">" : `${prefix}.>`, on_change, this.warn);
		const end = this.connection.on_connected(() => watch.begin());
		watch.begin();
		return () => {
			end();
			watch.stop();
		};
	}
}

function is_other_revision(code: number): boolean {
	return code === JetStreamApiCodes.StreamWrongLastSequence || code === JetStreamApiCodes.StreamWrongLastSequenceUnknown;
}

function entry_of({ operation, value, revision }: KvEntry): Entry | undefined {
	return operation === "PUT" ? { value, revision } : undefined;
}

/** Changes of a bucket, also over a connection that breaks: then what has changed since the last one is asked for. */
class NatsWatch {
	/** The last revision that was told. */
	private told = 0;
	/** Counts the attempts: only the last one tells. */
	private round = 0;
	private end: (() => void) | undefined;
	private retry: NodeJS.Timeout | undefined;

	constructor(
		private readonly store: KV,
		private readonly pattern: string,
		private readonly on_change: OnChange,
		private readonly warn: ((text: string) => void) | undefined,
	) {}

	begin(): void {
		this.stop();
		const { round } = this;
		this.follow(round).catch((error: unknown) => {
			if (this.round !== round) return;
			if (this.retry === undefined) this.warn?.(`NATS does not tell of changes: ${String(error)}`);
			this.retry = setTimeout(() => this.begin(), watch_retry);
		});
	}

	stop(): void {
		this.round++;
		this.end?.();
		this.end = undefined;
		clearTimeout(this.retry);
		this.retry = undefined;
	}

	private async follow(round: number): Promise<void> {
		if (this.told > 0) {
			// Somebody has deleted the bucket: its revisions begin anew
			const { streamInfo } = await this.store.status();
			if (streamInfo.state.last_seq < this.told) this.told = 0;
		}
		const resume = this.told > 0 ? { resumeFromRevision: this.told + 1 } : {};
		const changes = await this.store.watch({ key: this.pattern, ...resume });
		if (this.round !== round) {
			changes.stop();
			return;
		}
		this.end = () => changes.stop();
		for await (const change of changes) {
			if (this.round !== round) return;
			if (change.revision <= this.told) continue;
			this.told = change.revision;
			this.on_change(change.key, entry_of(change), change.revision);
		}
		if (this.round === round) throw new Error("the watch has ended");
	}
}
