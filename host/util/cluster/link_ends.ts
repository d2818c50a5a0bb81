// No counterpart: the two ends of a channel from one node to another.

import { type Chunk, read_frame, renew_frame, Unpacker } from "./frame.ts";

/** What is sent and not yet stored by the other side. */
export class SendingEnd {
	/** Frames that the other side has not stored, the oldest first. */
	private frames: Buffer[] = [];
	/** Numbers of frames: the last one that was written, was sent, is received, and is stored over there. */
	private written = 0;
	private sent = 0;
	received = 0;
	stored = 0;
	/** Bytes of frames that are not stored over there. */
	bytes = 0;
	/** Bytes that were sent, and are not known to be received. */
	private in_flight = 0;
	/** Whether the next frame is sent to find out what has arrived, and no other until that is known. */
	private is_probing = false;
	/** Who wants to know when frames up to a number have arrived. */
	private waiters: { readonly number: number; resolve(): void }[] = [];

	/** @param window how many bytes may be on their way */
	constructor(private readonly window: number) {}

	/** The number of the last frame. */
	get last_number(): number {
		return this.written;
	}

	/** Whether there is something that is not known to be received. */
	get is_waiting(): boolean {
		return this.written > this.received;
	}

	add(frame: Buffer): void {
		this.written++;
		this.frames.push(frame);
		this.bytes += frame.length;
	}

	/** Gives those frames to a function that may be sent now. */
	pump(publish: (frame: Buffer) => void): void {
		while (this.sent < this.written && this.in_flight < this.window && !(this.is_probing && this.sent > this.received)) {
			const frame = this.frames[this.sent - this.stored];
			if (frame === undefined) return;
			this.sent++;
			this.in_flight += frame.length;
			publish(frame);
		}
	}

	/** What the other side says. @returns whether it has received more than was known */
	acknowledged(received: number, stored: number): boolean {
		const has_moved = received > this.received && received <= this.written;
		if (has_moved) {
			this.received = received;
			this.sent = Math.max(this.sent, received);
			this.is_probing = false;
			this.count_in_flight();
			this.tell_waiters(received);
		}
		const done = Math.min(stored, this.received) - this.stored;
		if (done > 0) {
			for (const frame of this.frames.splice(0, done)) this.bytes -= frame.length;
			this.stored += done;
		}
		return has_moved;
	}

	/** Resolves when all that was sent by now has arrived, or was given back. */
	settled(): Promise<void> {
		if (!this.is_waiting) return Promise.resolve();
		return new Promise((resolve) => this.waiters.push({ number: this.written, resolve }));
	}

	private tell_waiters(received: number): void {
		const told = this.waiters.filter(({ number }) => number <= received);
		this.waiters = this.waiters.filter(({ number }) => number > received);
		for (const { resolve } of told) resolve();
	}

	private count_in_flight(): void {
		this.in_flight = 0;
		for (let number = this.received + 1; number <= this.sent; number++) {
			this.in_flight += this.frames[number - this.stored - 1]?.length ?? 0;
		}
	}

	/** Nothing was heard for too long: all that is not known to be received has to be sent again, its first frame at first. */
	go_back(): void {
		this.sent = this.received;
		this.is_probing = true;
		this.in_flight = 0;
	}

	/** The items that are not known to be stored, in order. */
	take_items(): Uint8Array[] {
		const unpacker = new Unpacker();
		const items: Uint8Array[] = [];
		for (const frame of this.frames.splice(0)) {
			for (const chunk of read_frame(frame)?.chunks ?? []) {
				const item = unpacker.add(chunk);
				if (item !== undefined) items.push(item);
			}
		}
		this.bytes = 0;
		this.tell_waiters(this.written);
		return items;
	}
}

/** An item that came, with the frame in which it begins. */
interface OpenItem {
	readonly begun: number;
	/** When it was stored: the last frame by then that goes the other way; undefined before. */
	answered: number | undefined;
}

/**
 * What comes in: each item once and in order. An item counts as stored when what was sent the other way until then has arrived there:
 * whoever knows that an item is stored has the answer to it.
 */
export class ReceivingEnd {
	/** The number of the last frame that came. */
	received = 0;
	private readonly unpacker = new Unpacker();
	/** Where the item begins that has not ended. */
	private begun = 0;
	/** Items that do not count as stored, or stand behind one that does not. */
	private open: OpenItem[] = [];

	/** @param sending what goes the other way */
	constructor(private readonly sending: SendingEnd) {}

	/** The number of the last frame whose items all count as stored, with all before it. */
	get stored(): number {
		const first = this.open[0];
		if (first !== undefined) return first.begun - 1;
		return this.unpacker.is_within ? this.begun - 1 : this.received;
	}

	/** Looks which items count as stored by now. @returns whether there are more */
	advance(): boolean {
		const still = this.open.findIndex(({ answered }) => answered === undefined || answered > this.sending.received);
		this.open.splice(0, still < 0 ? this.open.length : still);
		return still !== 0;
	}

	/**
	 * Takes a frame if it is the next one.
	 * @param on_item gets each item, with what is to be called when it is stored
	 * @param on_stored called when {@link stored} has changed
	 * @returns whether it was the next one
	 */
	take(
		number: number,
		chunks: readonly Chunk[],
		on_item: (item: Uint8Array, stored: () => void) => void,
		on_stored: () => void,
	): boolean {
		if (number !== this.received + 1) return false;
		this.received = number;
		for (const chunk of chunks) {
			if (chunk.begins) this.begun = number;
			const item = this.unpacker.add(chunk);
			if (item === undefined) continue;
			const one: OpenItem = { begun: this.begun, answered: undefined };
			this.open.push(one);
			on_item(item, () => {
				if (one.answered !== undefined) return;
				one.answered = this.sending.last_number;
				if (this.advance()) on_stored();
			});
		}
		return true;
	}
}

/** Writes into a frame what was received by now. */
export function with_acknowledgement(frame: Buffer, end: ReceivingEnd): Buffer {
	renew_frame(frame, end.received, end.stored);
	return frame;
}
