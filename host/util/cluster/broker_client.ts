// No counterpart: a broker that another process has.

import type { Duplex } from "node:stream";
import { type BrokerFrame, FrameStream } from "./broker_frames.ts";
import type { Bucket, Bus, Entry } from "./types.ts";

const longest = 1_000_000;

interface Asked {
	resolve(answer: BrokerFrame | undefined): void;
	reject(error: Error): void;
}

interface Subscriber {
	tell(data: Uint8Array, reply: string | undefined): void;
}

interface Watcher {
	tell(key: string, entry: Entry | undefined, revision: number): void;
}

/** The broker at the other end of a stream. It cannot be cut off and come back: where the stream ends, so does everything here. */
export class BrokerClient implements Bus {
	private readonly frames: FrameStream;
	private readonly asked = new Map<number, Asked>();
	private readonly subscribers = new Map<number, Subscriber>();
	private readonly watchers = new Map<number, Watcher>();
	private last_id = 0;
	is_connected = true;
	readonly longest = longest;

	constructor(stream: Duplex) {
		this.frames = new FrameStream(
			stream,
			(frame) => this.take(frame),
			() => this.ended(),
		);
	}

	publish(subject: string, data: Uint8Array, reply = ""): void {
		if (data.length > longest) throw new RangeError(`a message of ${data.length} bytes: at most ${longest} are taken`);
		this.frames.send({ kind: "publish", name: subject, key: reply, data });
	}

	subscribe(subject: string, on_message: (data: Uint8Array, reply: string | undefined) => void): () => void {
		const id = this.new_id();
		this.subscribers.set(id, { tell: on_message });
		this.frames.send({ kind: "subscribe", id, name: subject });
		return () => {
			if (this.subscribers.delete(id)) this.frames.send({ kind: "unsubscribe", id });
		};
	}

	async request(subject: string, data: Uint8Array, milliseconds: number): Promise<Uint8Array> {
		const answer = await this.ask({ kind: "request", name: subject, number: milliseconds, data });
		if (answer === undefined) throw new Error(`${subject}: there is no answer`);
		return answer.data;
	}

	bucket(name: string): Bucket {
		const revision_of = (answer: BrokerFrame | undefined): number | undefined => answer?.number;
		return {
			get: async (key) => {
				const answer = await this.ask({ kind: "get", name, key });
				return answer && { value: answer.data, revision: answer.number };
			},
			create: async (key, data) => revision_of(await this.ask({ kind: "create", name, key, data })),
			update: async (key, data, number) => revision_of(await this.ask({ kind: "update", name, key, number, data })),
			delete: async (key, number) => (await this.ask({ kind: "delete", name, key, number })) !== undefined,
			watch: (prefix, on_change) => {
				const id = this.new_id();
				this.watchers.set(id, { tell: on_change });
				this.frames.send({ kind: "watch", id, name, key: prefix });
				return () => {
					if (this.watchers.delete(id)) this.frames.send({ kind: "unwatch", id });
				};
			},
		};
	}

	/** Ends the stream once what was said has gone out. */
	close(): void {
		this.frames.end();
	}

	private new_id(): number {
		// As many as fit into a frame
		this.last_id = (this.last_id + 1) % 0x1_0000_0000;
		return this.last_id;
	}

	private ask(question: Pick<BrokerFrame, "kind"> & Partial<BrokerFrame>): Promise<BrokerFrame | undefined> {
		return new Promise((resolve, reject) => {
			if (!this.is_connected) {
				reject(new Error("there is no connection"));
				return;
			}
			const id = this.new_id();
			this.asked.set(id, { resolve, reject });
			this.frames.send({ ...question, id });
		});
	}

	private take(frame: BrokerFrame): void {
		const { kind, id, number, name, key, data } = frame;
		if (kind === "message") this.subscribers.get(id)?.tell(data, key === "" ? undefined : key);
		else if (kind === "change") this.watchers.get(id)?.tell(key, { value: data, revision: number }, number);
		else if (kind === "removal") this.watchers.get(id)?.tell(key, undefined, number);
		else {
			const asked = this.asked.get(id);
			this.asked.delete(id);
			if (kind === "failure") asked?.reject(new Error(name));
			else asked?.resolve(kind === "answer" ? frame : undefined);
		}
	}

	private ended(): void {
		this.is_connected = false;
		for (const { reject } of this.asked.values()) reject(new Error("there is no connection"));
		this.asked.clear();
	}
}
