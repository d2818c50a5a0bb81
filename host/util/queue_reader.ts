// No counterpart: Prosody makes one document of what carriers of messages bring.

import type { StreamReader } from "./framing.ts";
import type { StreamCallbacks, StreamFault, StreamOptions } from "./xmppstream.ts";

/** Reads a stream whose carrier brings separate units, such as messages, one after the other. */
export abstract class QueueReader<Unit> implements StreamReader {
	/** Whether the header came. */
	protected opened = false;
	protected readonly units: Unit[] = [];
	private paused = false;
	private stopped = false;
	private reading = false;

	constructor(
		protected readonly callbacks: StreamCallbacks,
		protected options: StreamOptions,
	) {}

	/** Units that the carrier brought. */
	protected abstract units_of(data: Buffer): readonly Unit[];

	/** Calls back for one of them. */
	protected abstract take(unit: Unit): void;

	get has_unread(): boolean {
		return this.paused && !this.stopped && this.units.length > 0;
	}

	feed(data: Buffer): boolean {
		if (this.stopped) return false;
		this.units.push(...this.units_of(data));
		return this.read();
	}

	pause(): void {
		this.paused = true;
	}

	resume(): boolean {
		this.paused = false;
		return this.read();
	}

	stop(): void {
		this.stopped = true;
		this.units.length = 0;
	}

	reset(rest: "keep" | "drop" = "keep"): void {
		this.opened = false;
		if (rest === "drop") this.units.length = 0;
	}

	set_stanza_size_limit(bytes: number): void {
		this.options = { ...this.options, stanza_size_limit: bytes };
	}

	protected refuse(fault: StreamFault): void {
		this.stop();
		this.callbacks.error(fault);
	}

	protected end(): void {
		this.stop();
		this.callbacks.streamclosed();
	}

	private read(): boolean {
		if (this.reading) return !this.stopped;
		this.reading = true;
		try {
			while (!(this.paused || this.stopped)) {
				const unit = this.units.shift();
				if (unit === undefined) break;
				this.take(unit);
			}
		} catch (error) {
			this.stop();
			throw error;
		} finally {
			this.reading = false;
		}
		return !this.stopped;
	}
}
