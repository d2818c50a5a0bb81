// Counterpart: net/server_epoll.lua (setlimit), with the bursts and the resolution of plugins/mod_limits.lua

import type { RateLimitSettings } from "../core/types.ts";
import { Throttle } from "../util/throttle.ts";

/**
 * Lets bytes through at the allowed rate. What is too much waits here, in order, and nothing more is read meanwhile, so
 * that no more than one read waits and the other end notices.
 */
export class RateLimit {
	private readonly throttle: Throttle;
	private readonly resolution: number;
	private rest: Buffer | undefined;
	private timer: NodeJS.Timeout | undefined;

	/**
	 * @param deliver takes what may pass
	 * @param changed told when something begins to wait, and when nothing does any more: see {@link waits}
	 * @param is_ready whether something may be delivered now; where not, {@link go_on} is called later
	 */
	constructor(
		{ rate, burst, resolution }: RateLimitSettings,
		private readonly deliver: (bytes: Buffer) => void,
		private readonly changed: () => void,
		private readonly is_ready: () => boolean,
	) {
		this.resolution = Math.max(0.01, resolution);
		const most = Math.max(1, burst, rate * this.resolution);
		this.throttle = new Throttle(most, most / rate);
	}

	/** Whether something waits, so that nothing should be read. */
	get waits(): boolean {
		return this.rest !== undefined;
	}

	/** Takes what was read. */
	take(bytes: Buffer): void {
		if (this.rest !== undefined) this.rest = Buffer.concat([this.rest, bytes]);
		else this.pass(bytes);
	}

	/** Delivers waiting bytes, as many as may pass by now. */
	go_on(): void {
		const { rest } = this;
		if (rest === undefined || this.timer !== undefined || !this.is_ready()) return;
		this.rest = undefined;
		this.pass(rest);
		if (this.rest === undefined) this.changed();
	}

	/** Forgets what waits. */
	drop(): void {
		this.stop();
	}

	/** Ends the limit; answers with what still waits. */
	stop(): Buffer | undefined {
		const { rest } = this;
		clearTimeout(this.timer);
		this.timer = undefined;
		this.rest = undefined;
		return rest;
	}

	private pass(bytes: Buffer): void {
		const allowed = Math.min(bytes.length, Math.floor(this.throttle.update()));
		this.throttle.poll(allowed);
		if (allowed < bytes.length) {
			// Before anybody hears of it: delivering may pause the connection, or end it
			this.rest = bytes.subarray(allowed);
			this.timer = setTimeout(() => {
				this.timer = undefined;
				this.go_on();
			}, this.resolution * 1000).unref();
			this.changed();
		}
		if (allowed > 0) this.deliver(bytes.subarray(0, allowed));
	}
}
