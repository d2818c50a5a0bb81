// No counterpart: Prosody handles all that a read brought before it looks at anybody else.

import type { Framing, StreamReader } from "../util/framing.ts";
import { Share, type Slices } from "../util/slices.ts";
import type { StreamCallbacks, StreamOptions } from "../util/xmppstream.ts";
import type { Connection, Log } from "./types.ts";

/**
 * What one session receives, in order. Work that takes long gets a little time in each turn, and then the next session has its
 * turn. Meanwhile nothing is read from the connection, so that no more waits here than what was read at once.
 */
export class StreamInput {
	private readonly reader: StreamReader;
	private readonly share = new Share();
	/** Whether it waits for its next slice. */
	private waits = false;
	/** Whether the connection was told to read nothing. */
	private keeps_back = false;
	/** How many holders keep it from going on. */
	private holds = 0;
	/** What is to be done once everything is handled, where the connection is gone. */
	private at_end: (() => void) | undefined;

	/**
	 * @param filter passes bytes on, changed or not
	 * @param callbacks told of what is read; `handlestanza` calls {@link handled}
	 */
	constructor(
		private readonly conn: Connection,
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
			if (slices.begin(this.share)) this.reader.pause();
			this.reader.feed(passed);
			this.settle();
		};
	}

	/** A stanza was handled; what comes behind it may have to wait. */
	handled(): void {
		if (this.slices.is_over(this.share)) this.reader.pause();
	}

	/** Handles nothing more until the returned function is called. */
	hold(): () => void {
		this.holds++;
		this.reader.pause();
		this.keep_back();
		let is_held = true;
		return () => {
			if (!is_held) return;
			is_held = false;
			this.holds--;
			this.go_on();
		};
	}

	/** Calls back once all that came is handled: at once where nothing waits. */
	end(callback: () => void): void {
		this.at_end = callback;
		this.settle();
	}

	/** Handles nothing any more, not even what came before. */
	stop(): void {
		this.reader.stop();
	}

	/** See {@link StreamReader.reset}. */
	reset(rest: "keep" | "drop"): void {
		this.reader.reset(rest);
	}

	/** See {@link StreamReader.set_stanza_size_limit}. */
	set_stanza_size_limit(bytes: number): void {
		this.reader.set_stanza_size_limit(bytes);
	}

	private go_on(): void {
		if (this.holds > 0 || this.waits) return;
		try {
			this.slices.begin(this.share);
			this.reader.resume();
			this.settle();
		} catch (error) {
			this.failed(error);
		}
	}

	/** Lets the rest wait, if there is any. */
	private settle(): void {
		if (this.holds > 0 || this.waits) return;
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
		this.reader.resume();
		if (this.keeps_back) {
			this.keeps_back = false;
			this.conn.resume();
		}
		const { at_end } = this;
		this.at_end = undefined;
		at_end?.();
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
