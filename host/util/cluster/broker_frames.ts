// No counterpart: what a broker and its clients in other processes say to each other.

import type { Duplex } from "node:stream";

/** What a client asks, and what it is told. */
const kinds = [
	// Asked by clients
	"publish",
	"subscribe",
	"unsubscribe",
	"request",
	"get",
	"create",
	"update",
	"delete",
	"watch",
	"unwatch",
	// Told to clients
	"message",
	"answer",
	"nothing",
	"failure",
	"change",
	"removal",
] as const;
export type FrameKind = (typeof kinds)[number];

/** All frames have the same parts; what a part means depends on the kind. */
export interface BrokerFrame {
	readonly kind: FrameKind;
	/** Names what an answer, a message or a change belongs to; the client gives it. */
	readonly id: number;
	/** A revision, or milliseconds. */
	readonly number: number;
	/** A subject, a bucket, or why something failed. */
	readonly name: string;
	/** A key, a prefix of keys, or where the answer to a message goes. */
	readonly key: string;
	readonly data: Uint8Array;
}

/** What may wait for an end that does not read, in bytes; messages beyond that are lost, as with NATS. */
export const most_waiting = 64 * 1024 * 1024;

const none = new Uint8Array(0);
/** Length, kind, id, number, and the lengths of two texts. */
const head_bytes = 4 + 1 + 4 + 8 + 2 + 2;
/** More than any frame has: the longest messages with their names. */
const longest_frame = 2_000_000;

type FrameParts = Pick<BrokerFrame, "kind"> & Partial<BrokerFrame>;

function write_frame({ kind, id = 0, number = 0, name = "", key = "", data = none }: FrameParts): Buffer {
	const [name_bytes, key_bytes] = [Buffer.byteLength(name), Buffer.byteLength(key)];
	const length = head_bytes + name_bytes + key_bytes + data.length;
	if (length > longest_frame || Math.max(name_bytes, key_bytes) > 0xffff) throw new RangeError(`a frame of ${length} bytes`);
	const frame = Buffer.allocUnsafe(length);
	let at = frame.writeUInt32BE(length, 0);
	at = frame.writeUInt8(kinds.indexOf(kind), at);
	at = frame.writeUInt32BE(id, at);
	at = frame.writeDoubleBE(number, at);
	at = frame.writeUInt16BE(name_bytes, at);
	at = frame.writeUInt16BE(key_bytes, at);
	at += frame.write(name, at);
	at += frame.write(key, at);
	frame.set(data, at);
	return frame;
}

/** The frame that a buffer begins with; undefined where it is not all there. Throws where it is none. */
function read_frame(bytes: Buffer): { readonly frame: BrokerFrame; readonly length: number } | undefined {
	if (bytes.length < head_bytes) return undefined;
	const length = bytes.readUInt32BE(0);
	const kind = kinds[bytes.readUInt8(4)];
	const name_end = head_bytes + bytes.readUInt16BE(17);
	const key_end = name_end + bytes.readUInt16BE(19);
	if (kind === undefined || length > longest_frame || key_end > length) throw new RangeError("this is no frame of a broker");
	if (bytes.length < length) return undefined;
	const frame: BrokerFrame = {
		kind,
		id: bytes.readUInt32BE(5),
		number: bytes.readDoubleBE(9),
		name: bytes.toString("utf8", head_bytes, name_end),
		key: bytes.toString("utf8", name_end, key_end),
		// Its own, since the rest of what came with it would be kept as long
		data: Uint8Array.prototype.slice.call(bytes, key_end, length),
	};
	return { frame, length };
}

/** Frames over one stream, both ways. */
export class FrameStream {
	private unread: Buffer = Buffer.alloc(0);
	private is_corked = false;
	private is_over = false;

	/**
	 * @param on_frame told of each frame, in order
	 * @param on_end told once, when the other side is gone, or has sent what is no frame
	 */
	constructor(
		private readonly stream: Duplex,
		private readonly on_frame: (frame: BrokerFrame) => void,
		private readonly on_end: () => void,
	) {
		stream.on("data", (chunk: Buffer) => this.came(chunk));
		// What comes of an error is its end
		stream.on("error", () => {});
		stream.on("close", () => this.end());
		stream.on("end", () => this.end());
	}

	/** Bytes that the other side has not taken yet. */
	get waiting(): number {
		return this.stream.writableLength;
	}

	send(parts: FrameParts): void {
		if (this.is_over) return;
		// What is sent at once goes out at once
		if (!this.is_corked) {
			this.is_corked = true;
			this.stream.cork();
			process.nextTick(() => {
				this.is_corked = false;
				this.stream.uncork();
			});
		}
		this.stream.write(write_frame(parts));
	}

	end(): void {
		if (this.is_over) return;
		this.is_over = true;
		this.stream.destroy();
		this.on_end();
	}

	private came(chunk: Buffer): void {
		this.unread = this.unread.length === 0 ? chunk : Buffer.concat([this.unread, chunk]);
		try {
			for (let read = read_frame(this.unread); read !== undefined; read = read_frame(this.unread)) {
				this.unread = this.unread.subarray(read.length);
				this.on_frame(read.frame);
			}
		} catch {
			this.end();
		}
	}
}
