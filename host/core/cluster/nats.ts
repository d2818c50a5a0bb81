// No counterpart: the nodes' connections to NATS.

import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { type KV, Kvm } from "@nats-io/kv";
import { type ConnectionOptions, connect, type NatsConnection } from "@nats-io/transport-node";
import type { Bucket, Bus } from "../../util/cluster/types.ts";
import { type BucketConnection, type Eraser, NatsBucket } from "./nats_bucket.ts";
import type { NatsTrust } from "./nats_files.ts";

export interface NatsOptions {
	/** Addresses such as `nats://user:password@nats.example:4222`; `tls://` where the connection has to be encrypted. */
	readonly servers: readonly string[];
	/** What the connection is called in NATS' own lists. */
	readonly name: string;
	/** How long an answer of a bucket may take, in milliseconds. */
	readonly patience: number;
	/** Whom to trust, and who this is, where files say so. */
	readonly trust?: NatsTrust;
	/** How many servers of NATS keep what is in buckets: 3 where there are several servers, where nothing is said. */
	readonly replicas?: number;
	/** Told of what an administrator should know. */
	warn?(text: string): void;
	/** Told when the connection is there again. */
	info?(text: string): void;
}

/** Milliseconds until the next attempt to connect, and after which a server that says nothing is given up twice. */
const reconnect_pause = 100;
const ping_interval = 1000;
const first_pause = 1000;
/** Revisions that a bucket keeps of a key. */
const history = 1;

/**
 * A connection to NATS, for as long as it is wanted: it is made anew whenever it breaks.
 */
export class Nats implements Bus, BucketConnection {
	is_connected = true;
	private is_closed = false;
	/** What has to be done when the connection is there again. */
	private readonly when_connected = new Set<() => void>();

	private constructor(
		readonly connection: NatsConnection,
		private readonly options: NatsOptions,
	) {
		void this.follow();
	}

	/**
	 * Connects, however long that takes; the administrator is told why it does.
	 * @param signal ends the attempts; then it rejects
	 */
	static async connect(options: NatsOptions, signal?: AbortSignal): Promise<Nats> {
		const { servers, name } = options;
		const settings: ConnectionOptions = {
			...addresses(servers, options.trust),
			name,
			maxReconnectAttempts: -1,
			reconnectTimeWait: reconnect_pause,
			reconnectJitter: reconnect_pause,
			ignoreAuthErrorAbort: true,
			pingInterval: ping_interval,
			maxPingOut: 2,
			timeout: 2000,
		};
		let told = "";
		for (;;) {
			signal?.throwIfAborted();
			try {
				const connection = await connect(settings);
				if (signal?.aborted) await connection.close();
				signal?.throwIfAborted();
				return new Nats(connection, options);
			} catch (error) {
				signal?.throwIfAborted();
				const why = error instanceof Error ? error.message : String(error);
				if (why !== told) options.warn?.(`NATS cannot be reached at ${servers.map(without_secrets).join(", ")}: ${why}`);
				told = why;
				await new Promise((resolve) => setTimeout(resolve, first_pause));
			}
		}
	}

	private async follow(): Promise<void> {
		for await (const { type } of this.connection.status()) {
			if (type === "disconnect" && !this.is_closed) {
				this.is_connected = false;
				this.options.warn?.("the connection to NATS is broken");
			}
			if (type !== "reconnect") continue;
			this.is_connected = true;
			this.options.info?.("the connection to NATS is there again");
			for (const act of [...this.when_connected]) act();
		}
		this.is_connected = false;
	}

	get longest(): number {
		return this.connection.info?.max_payload ?? 1_000_000;
	}

	publish(subject: string, data: Uint8Array, reply?: string): void {
		if (data.length > this.longest) {
			throw new RangeError(`a message of ${data.length} bytes: NATS takes at most ${this.longest}`);
		}
		// What the library would keep until there is a connection would come too late
		if (this.is_connected) this.connection.publish(subject, data, reply === undefined ? {} : { reply });
	}

	subscribe(subject: string, on_message: (data: Uint8Array, reply: string | undefined) => void): () => void {
		const subscription = this.connection.subscribe(subject, {
			callback: (error, message) => {
				if (error === null) on_message(message.data, message.reply);
				else this.options.warn?.(`NATS: ${subject}: ${error.message}`);
			},
		});
		return () => subscription.unsubscribe();
	}

	async request(subject: string, data: Uint8Array, milliseconds: number): Promise<Uint8Array> {
		this.need_connection();
		return (await this.connection.request(subject, data, { timeout: milliseconds })).data;
	}

	/** @throws where there is no connection: a request would only be made later */
	need_connection(): void {
		if (!this.is_connected) throw new Error("there is no connection to NATS");
	}

	/** Calls a function each time when the connection is there again. @returns what ends that */
	on_connected(act: () => void): () => void {
		this.when_connected.add(act);
		return () => this.when_connected.delete(act);
	}

	/**
	 * A bucket, made where there is none. Rejects where there is no JetStream.
	 * @param name of letters, digits, `_` and `-`
	 * @param use whether anybody watches it: then NATS has to keep a small message for each deleted key, which tells of that
	 */
	async bucket(name: string, use: { readonly is_watched: boolean } = { is_watched: true }): Promise<Bucket> {
		const { patience } = this.options;
		const has_several = this.connection.info?.cluster !== undefined;
		const replicas = this.options.replicas ?? (has_several ? 3 : 1);
		const manager = new Kvm(jetstream(this.connection, { timeout: patience }));
		let store: KV;
		try {
			store = await manager.create(name, { history, replicas });
		} catch (error) {
			// It may be there with other settings: those are the administrator's
			store = await manager.open(name);
			await store.status().catch(() => {
				throw error;
			});
		}
		return new NatsBucket(store, this, use.is_watched ? undefined : await this.eraser(store, patience), this.options.warn);
	}

	/** What deletes without a trace; undefined where an administrator made the bucket in a way that does not allow that. */
	private async eraser(store: KV, patience: number): Promise<Eraser | undefined> {
		const { streamInfo } = await store.status();
		const { name, max_msgs_per_subject, deny_delete } = streamInfo.config;
		if (max_msgs_per_subject === history && !deny_delete) {
			return { stream: name, manager: await jetstreamManager(this.connection, { timeout: patience }) };
		}
		this.options.warn?.(`NATS: ${name} keeps a small message for each deleted key: its settings allow nothing else`);
		return undefined;
	}

	/** Closes the connection; what was published before goes out. */
	async close(): Promise<void> {
		this.is_closed = true;
		if (this.is_connected) await this.connection.drain().catch(() => undefined);
		await this.connection.close();
	}
}

/** Addresses as the library takes them, with the name and the password of the first one that has any. */
function addresses(servers: readonly string[], { ca, authenticator }: NatsTrust = {}): ConnectionOptions {
	const urls = servers.map((server) => new URL(server.includes("://") ? server : `nats://${server}`));
	const secret = urls.find(({ username }) => username !== "");
	const [user, pass] = [decodeURIComponent(secret?.username ?? ""), decodeURIComponent(secret?.password ?? "")];
	return {
		servers: urls.map(({ host }) => host),
		...(user === "" ? {} : pass === "" ? { token: user } : { user, pass }),
		...(authenticator === undefined ? {} : { authenticator }),
		...(ca !== undefined ? { tls: { ca } } : urls.some(({ protocol }) => protocol === "tls:") ? { tls: {} } : {}),
	};
}

/** An address without its password. */
export function without_secrets(server: string): string {
	return server.replace(/\/\/[^/@]*@/, "//");
}
