// No counterpart: Prosody handles all that a read brought before it looks at anybody else.

import type { Framing, StreamReader } from "../util/framing.ts";
import { Share, type Slices } from "../util/slices.ts";
import type { StreamCallbacks, StreamOptions } from "../util/xmppstream.ts";
import type { Connection, Log } from "./types.ts";

/** How many bytes may wait behind a handler that waits before the connection is read no more. What is read at once may come on top. */
const most_behind = 64 * 1024;
/** What a piece itself counts beside its bytes: with WebSocket, many may come that are empty. */
const piece_bytes = 64;

/**
 * What one session receives, in order. Work that takes long gets a little time in each turn, and then the next session has its
 * turn. Meanwhile nothing is read from the connection, so that no more waits here than what was read at once. While a handler waits,
 * a little more is read, since the end of a connection is seen by reading only; the handler may wait for ever, and that end does not.
 */
export class StreamInput {
	private readonly reader: StreamReader;
	private readonly share = new Share();
	/** Whether it waits for its next slice. */
	private waits = false;
	/** Whether the connection was told to read nothing. */
	private keeps_back = false;
	/** How many pieces of work keep it from going on, and how many handlers that wait for something else. */
	private readonly holds = { work: 0, handler: 0 };
	/** How many bytes came behind handlers that wait. */
	private behind = 0;
	/** What is to be done once everything is handled, where the connection is gone. */
	private at_end: (() => void) | undefined;

	/**
	 * @param filter passes bytes on, changed or not
	 * @param callbacks told of what is read; `handlestanza` calls {@link handled}
	 */
	constructor(
		private readonly conn: Pick<Connection, "ondata" | "pause" | "resume" | "destroy" | "ip">,
		private readonly slices: Slices,
		private readonly log: Log,
		framing: Framing,
		filter: (bytes: Buffer) => Buffer | undefined,
		callbacks: StreamCallbacks,
		options: StreamOptions,
	) {
		this.reader = framing.reader(callbacks, options);
		// What the carrier brought is handled now, or in later slices
		conn.ondata = (bytes) => {
			const passed = filter(bytes);
			if (passed === undefined) return;
			if (this.is_held) this.came_behind(passed);
			else if (slices.begin(this.share)) this.reader.pause();
			this.reader.feed(passed);
			this.settle();
		};
	}

	/** A stanza was handled; what comes behind it may have to wait. */
	handled(): void {
		if (this.slices.is_over(this.share)) this.reader.pause();
	}

	/**
	 * Handles nothing more until the returned function is called.
	 * @param by whether work that ends soon keeps it, or a handler that waits for something, perhaps for ever
	 */
	hold(by: "work" | "handler"): () => void {
		this.holds[by]++;
		this.reader.pause();
		if (by === "work") this.keep_back();
		let is_held = true;
		return () => {
			if (!is_held) return;
			is_held = false;
			this.holds[by]--;
			this.go_on();
		};
	}

	/**
	 * Calls back once all that came is handled: at once where nothing waits. What waits for a handler is dropped, as Prosody drops it:
	 * there the session is gone by the time that the handler goes on.
	 */
	end(callback: () => void): void {
		this.at_end = callback;
		this.settle();
	}

	/** Handles nothing any more, not even what came before. */
	stop(): void {
		this.reader.stop();
	}

	/** What came and was not handled, as text. */
	unread(): readonly string[] {
		return this.reader.unread?.().filter((text) => text !== "") ?? [];
	}

	/** See {@link StreamReader.reset}. */
	reset(rest: "keep" | "drop"): void {
		this.reader.reset(rest);
	}

	/** See {@link StreamReader.set_stanza_size_limit}. */
	set_stanza_size_limit(bytes: number): void {
		this.reader.set_stanza_size_limit(bytes);
	}

	private get is_held(): boolean {
		return this.holds.work + this.holds.handler > 0;
	}

	private came_behind(bytes: Buffer): void {
		this.behind += bytes.length + piece_bytes;
		if (this.behind >= most_behind) this.keep_back();
	}

	private go_on(): void {
		try {
			if (!this.is_held && !this.waits) {
				this.slices.begin(this.share);
				this.reader.resume();
			}
			this.settle();
		} catch (error) {
			this.failed(error);
		}
	}

	/** Lets the rest wait, if there is any. */
	private settle(): void {
		if (this.is_held) {
			if (this.holds.work > 0) return;
			if (this.at_end !== undefined) this.reader.stop();
			else if (this.behind < most_behind) this.read_on();
			this.tell_end();
			return;
		}
		if (this.waits) return;
		if (this.reader.has_unread) {
			this.waits = true;
			this.keep_back();
			this.slices.later(
				this.share,
				() => {
					this.waits = false;
					this.go_on();
				},
				(error) => this.failed(error),
			);
			return;
		}
		this.behind = 0;
		this.reader.resume();
		this.read_on();
		this.tell_end();
	}

	private tell_end(): void {
		const { at_end } = this;
		this.at_end = undefined;
		at_end?.();
	}

	private read_on(): void {
		if (!this.keeps_back) return;
		this.keeps_back = false;
		this.conn.resume();
	}

	private keep_back(): void {
		if (this.keeps_back) return;
		this.keeps_back = true;
		this.conn.pause();
	}

	/** A mistake in the program costs the connection, and nobody else's. */
	private failed(error: unknown): void {
		this.log("error", "Error in a stream from %s: %s", this.conn.ip, error instanceof Error ? error.stack : error);
		this.reader.stop();
		this.conn.destroy();
		if (this.at_end !== undefined) this.settle();
	}
}
