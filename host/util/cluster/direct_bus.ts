// No counterpart: what processes of one machine say to each other without a third one in between.

import type { Duplex } from "node:stream";
import { type BrokerFrame, FrameStream, most_waiting } from "./broker_frames.ts";
import type { Bus } from "./types.ts";

type Listener = (data: Uint8Array, reply: string | undefined) => void;

/** Streams between the nodes. */
export interface DirectStreams {
	/** Opens one to another node. It ends where that is not there. */
	open(node: string): Duplex;
	/** Has those taken that others open, with the name of whoever has. */
	answer(take: (stream: Duplex, node: string) => void): void;
}

/** What a direct bus needs. */
export interface DirectBusOptions {
	readonly node: string;
	/** What subjects begin with that name their node: `PREFIX.KIND.NODE`, or `PREFIX.KIND.NODE.INCARNATION`. */
	readonly prefix: string;
	/** Has everything else. */
	readonly broker: Bus;
	readonly streams: DirectStreams;
	/** Told that messages are lost. */
	warn(text: string): void;
}

/** Where the answer to a question goes. */
const reply_form = /^direct\.([\w-]+)\.(\d+)$/;

interface Asked {
	readonly node: string;
	resolve(answer: Uint8Array): void;
	reject(error: Error): void;
}

/**
 * A bus on which what is for one node goes to it over a stream of its own, and nothing else does. As with any bus, messages are lost where
 * a stream ends, or its reader is slow; what arrives is in order.
 */
export class DirectBus implements Bus {
	private readonly node_form: RegExp;
	private readonly outgoing = new Map<string, FrameStream>();
	/** Nodes that lose messages. */
	private readonly slow = new Set<string>();
	private readonly listeners = new Map<string, Set<Listener>>();
	private readonly asked = new Map<number, Asked>();
	private last_id = 0;

	constructor(private readonly options: DirectBusOptions) {
		this.node_form = new RegExp(`^${options.prefix}\\.\\w+\\.([\\w-]+)(?:\\.\\d+)?$`);
		options.streams.answer((stream, node) => {
			new FrameStream(
				stream,
				(frame) => this.take(node, frame),
				() => {},
			);
			// Whoever has read its beginning has stopped it
			stream.resume();
		});
	}

	get is_connected(): boolean {
		return this.options.broker.is_connected;
	}

	get longest(): number {
		return this.options.broker.longest;
	}

	publish(subject: string, data: Uint8Array, reply?: string): void {
		const [, asker, id] = reply_form.exec(subject) ?? [];
		if (asker !== undefined) {
			this.send(asker, { kind: "answer", id: Number(id), data });
			return;
		}
		const node = this.node_of(subject);
		if (node === undefined) {
			this.options.broker.publish(subject, data, reply);
			return;
		}
		if (data.length > this.longest) throw new RangeError(`a message of ${data.length} bytes: at most ${this.longest} are taken`);
		this.send(node, { kind: "publish", name: subject, data });
	}

	subscribe(subject: string, on_message: Listener): () => void {
		if (!this.node_form.test(subject)) return this.options.broker.subscribe(subject, on_message);
		const there = this.listeners.get(subject) ?? new Set();
		this.listeners.set(subject, there);
		there.add(on_message);
		return () => {
			there.delete(on_message);
			if (there.size === 0) this.listeners.delete(subject);
		};
	}

	request(subject: string, data: Uint8Array, milliseconds: number): Promise<Uint8Array> {
		const node = this.node_of(subject);
		if (node === undefined) return this.options.broker.request(subject, data, milliseconds);
		// As many as fit into a frame
		this.last_id = (this.last_id + 1) % 0x1_0000_0000;
		const id = this.last_id;
		return new Promise((resolve, reject) => {
			const timer = setTimeout(() => this.settle(id)?.reject(new Error(`${subject}: no answer in time`)), milliseconds);
			const end = (): void => clearTimeout(timer);
			this.asked.set(id, {
				node,
				resolve(answer) {
					end();
					resolve(answer);
				},
				reject(error) {
					end();
					reject(error);
				},
			});
			if (!this.send(node, { kind: "request", id, name: subject, data })) {
				this.settle(id)?.reject(new Error(`${subject}: it does not take what it is told`));
			}
		});
	}

	/** The node that a subject names; undefined where it names none, or this one. */
	private node_of(subject: string): string | undefined {
		const node = this.node_form.exec(subject)?.[1];
		return node === this.options.node ? undefined : node;
	}

	private settle(id: number): Asked | undefined {
		const asked = this.asked.get(id);
		this.asked.delete(id);
		return asked;
	}

	/** @returns whether it is on its way */
	private send(node: string, frame: Pick<BrokerFrame, "kind"> & Partial<BrokerFrame>): boolean {
		const stream = this.outgoing.get(node) ?? this.open(node);
		if (stream.waiting > most_waiting) {
			if (!this.slow.has(node)) this.options.warn(`${node} does not take what it is told: messages to it are lost`);
			this.slow.add(node);
			return false;
		}
		this.slow.delete(node);
		stream.send(frame);
		return true;
	}

	private open(node: string): FrameStream {
		const stream: FrameStream = new FrameStream(
			this.options.streams.open(node),
			() => {},
			() => {
				if (this.outgoing.get(node) === stream) this.outgoing.delete(node);
				for (const [id, asked] of [...this.asked]) {
					if (asked.node === node) this.settle(id)?.reject(new Error(`${node} is not there`));
				}
			},
		);
		this.outgoing.set(node, stream);
		return stream;
	}

	private take(from: string, { kind, id, name, data }: BrokerFrame): void {
		if (kind === "answer") this.settle(id)?.resolve(data);
		else if (kind === "nothing") this.settle(id)?.reject(new Error("nobody listens there"));
		else if (kind === "publish" || kind === "request") {
			const there = this.listeners.get(name);
			if (kind === "request" && there === undefined) this.send(from, { kind: "nothing", id });
			const reply = kind === "request" ? `direct.${from}.${id}` : undefined;
			for (const tell of there ?? []) tell(data, reply);
		}
	}
}
