// No counterpart: Prosody's connections write as they are told to.

import { OutBuffer, type RawHead } from "./out_buffer.ts";
import type { AddressableText } from "./stanza.ts";
import type { Held, Outlet, Turn } from "./turn.ts";

/**
 * What connections of all carriers have in common. What is written joins the turn and goes out at its end, or not at all where the
 * turn fails; errors in the owner's callbacks do not leave this class.
 */
export abstract class TurnConnection implements Outlet {
	onclose: (error: string | undefined) => void = () => {};
	onpredrain: () => void = () => {};
	ondrain: () => void = () => {};
	ondiscard: () => void = () => {};

	speaks_after_loss = false;

	protected state: "open" | "closing" | "ended" = "open";
	/** Collected for the end of the turn. */
	protected readonly out = new OutBuffer();
	/** Whether the turn knows of something to write. */
	protected dirty = false;

	/**
	 * @param most_pending most bytes that may wait for the other end
	 * @param mistake called with what a callback of the owner threw; the connection ends
	 */
	constructor(
		protected readonly turn: Turn,
		private readonly most_pending: number,
		private readonly mistake: (error: unknown) => void,
	) {}

	/** Passes on what is certain. */
	abstract flush(): void;

	/** Ends the connection at once. */
	abstract fail(reason: string | undefined): void;

	/** Bytes that the other end has not taken yet. */
	get pending(): number {
		return this.out.size;
	}

	/** Whether what is collected has to wait for something that is sent in another way. */
	protected get is_blocked(): boolean {
		return false;
	}

	write(data: string | Uint8Array, keep = false): boolean {
		if (!this.has_place(data.length)) return false;
		this.out.add(data, keep);
		this.touch();
		return true;
	}

	write_shared(text: AddressableText, to: string, head?: RawHead): boolean {
		if (!this.has_place(text.size + to.length)) return false;
		this.out.add_shared(text, to, head);
		if (!this.dirty) this.touch();
		return true;
	}

	/** Whether so much more may wait; if not, the connection is ended, since the other end does not read. */
	private has_place(size: number): boolean {
		if (this.state !== "open") return false;
		if (this.pending + size <= this.most_pending) return true;
		this.fail("no space left in buffer");
		return false;
	}

	/** Tells the turn to flush this at its end. */
	protected touch(): void {
		if (this.dirty) return;
		this.dirty = true;
		this.turn.touch(this);
	}

	hold(): Held {
		if (this.is_blocked) return { release: () => this.flush(), discard: () => this.discard() };
		this.prepare();
		const segment = this.out.hold();
		return {
			release: () => {
				this.out.release(segment);
				this.flush();
			},
			discard: () => {
				if (this.out.drop(segment)) this.lost();
				this.flush();
			},
		};
	}

	seal(): void {
		if (this.is_blocked) this.dirty = false;
		else {
			this.prepare();
			this.out.seal();
		}
	}

	/** What is collected is about to go out; the owner may add to it. */
	private prepare(): void {
		if (this.out.size > 0 && this.is_writing) this.guard(this.onpredrain);
		this.dirty = false;
	}

	/** Whether what is sealed goes out at once. */
	protected get is_writing(): boolean {
		return this.state !== "ended";
	}

	discard(): void {
		const is_lost = this.out.has_losses;
		this.out.discard();
		if (is_lost) this.lost();
		this.seal();
		this.flush();
	}

	/** Tells the owner that what it wrote was dropped. */
	private lost(): void {
		const is_closing = this.state === "closing";
		if (is_closing && this.speaks_after_loss) this.state = "open";
		if (this.state !== "open") return;
		this.guard(() => this.ondiscard());
		if (is_closing) this.close();
	}

	/** Writes what is left, then ends the connection. */
	close(): void {
		if (this.state !== "open") return;
		this.state = "closing";
		this.touch();
	}

	/** Whether a closing connection has nothing left to send; where more was written since, the end of that turn ends it. */
	protected get is_finished(): boolean {
		return this.state === "closing" && !(this.dirty || this.out.waits);
	}

	destroy(): void {
		this.fail(undefined);
	}

	/** Runs a callback of the owner; an error in it ends this connection and affects nobody else. */
	guard(callback: () => void): void {
		try {
			callback();
		} catch (error) {
			this.failed_callback(error);
		}
	}

	protected failed_callback(error: unknown): void {
		this.mistake(error);
		this.fail("internal error");
	}
}
