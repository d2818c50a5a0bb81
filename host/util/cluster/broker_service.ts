// No counterpart: how processes share the broker of one of them.

import type { Duplex } from "node:stream";
import { type BrokerFrame, FrameStream, most_waiting } from "./broker_frames.ts";
import type { MemoryClient } from "./memory.ts";
import type { Entry } from "./types.ts";

/** Serves a broker to a client at the other end of a stream. */
export class BrokerService {
	private readonly frames: FrameStream;
	/** What ends subscriptions and watches, by their names. */
	private readonly ends = new Map<number, () => void>();

	/** Messages that were lost since the other end last took something. */
	private lost = 0;

	/**
	 * @param client what is done here for the other end
	 * @param warn told that messages are lost from now on, and later how many were
	 */
	constructor(
		private readonly client: MemoryClient,
		stream: Duplex,
		private readonly warn: (text: string) => void,
	) {
		this.frames = new FrameStream(
			stream,
			(frame) => this.take(frame),
			() => this.stop(),
		);
	}

	/** The other side is gone, or has to go. */
	stop(): void {
		for (const end of this.ends.values()) end();
		this.ends.clear();
		this.frames.end();
	}

	/** Whether the other end takes what it is told; if not, a message is lost. */
	private has_space(): boolean {
		if (this.frames.waiting > most_waiting) {
			if (this.lost === 0) this.warn(`it does not take what it is told: ${most_waiting} bytes wait, and messages to it are lost`);
			this.lost++;
			return false;
		}
		if (this.lost > 0) this.warn(`it takes what it is told again; ${this.lost} messages to it were lost`);
		this.lost = 0;
		return true;
	}

	private take(frame: BrokerFrame): void {
		const { kind, id, number, name, key, data } = frame;
		const { client, frames } = this;
		switch (kind) {
			case "publish":
				client.publish(name, data, key === "" ? undefined : key);
				return;
			case "subscribe":
				this.ends.set(
					id,
					client.subscribe(name, (message, reply = "") => {
						if (this.has_space()) frames.send({ kind: "message", id, key: reply, data: message });
					}),
				);
				return;
			case "request":
				this.answer(id, client.request(name, data, number), (answer) => frames.send({ kind: "answer", id, data: answer }));
				return;
			case "watch":
				this.ends.set(
					id,
					client.bucket(name).watch(key, (changed, entry, revision) => {
						if (entry === undefined) frames.send({ kind: "removal", id, key: changed, number: revision });
						else frames.send({ kind: "change", id, key: changed, number: revision, data: entry.value });
					}),
				);
				return;
			case "unsubscribe":
			case "unwatch":
				this.ends.get(id)?.();
				this.ends.delete(id);
				return;
			default:
				this.use_bucket(frame);
		}
	}

	private use_bucket({ kind, id, number, name, key, data }: BrokerFrame): void {
		const bucket = this.client.bucket(name);
		const tell = (revision: number | undefined, value?: Uint8Array): void => {
			if (revision === undefined) this.frames.send({ kind: "nothing", id });
			else this.frames.send({ kind: "answer", id, number: revision, ...(value === undefined ? {} : { data: value }) });
		};
		if (kind === "get") this.answer(id, bucket.get(key), (entry: Entry | undefined) => tell(entry?.revision, entry?.value));
		else if (kind === "create") this.answer(id, bucket.create(key, data), tell);
		else if (kind === "update") this.answer(id, bucket.update(key, data, number), tell);
		else if (kind === "delete") this.answer(id, bucket.delete(key, number), (is_done) => tell(is_done ? 0 : undefined));
	}

	private answer<Answer>(id: number, work: Promise<Answer>, tell: (answer: Answer) => void): void {
		work.then(tell, (error: unknown) => {
			this.frames.send({ kind: "failure", id, name: error instanceof Error ? error.message : String(error) });
		});
	}
}
