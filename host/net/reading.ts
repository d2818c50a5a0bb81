// Counterpart: net/server_epoll.lua (pause, resume, setlimit)

import type { RateLimitSettings } from "../core/types.ts";
import { RateLimit } from "./rate_limit.ts";

/** Whether a connection is read: not while its owner wants nothing, nor while it waits for its other end, and no faster than it may be. */
export class Reading {
	/** Whether the owner wants nothing now. */
	private paused = false;
	private congested = false;
	/** What holds back bytes that come too fast. */
	private limit: RateLimit | undefined;
	/** Whether the other end has said all that it says, and the owner is not told yet. */
	private said_all = false;

	/**
	 * @param deliver takes what was read
	 * @param update told that {@link is_wanted} may have changed
	 * @param ended told that the other end says nothing more, once all that it said was delivered
	 */
	constructor(
		private readonly deliver: (bytes: Buffer) => void,
		private readonly update: () => void,
		private readonly ended: () => void,
	) {}

	/** Whether more is to be read now. */
	get is_wanted(): boolean {
		return !(this.paused || this.congested || this.limit?.waits === true);
	}

	/** Whether what is read has to pass through {@link take}. */
	get is_limited(): boolean {
		return this.limit !== undefined;
	}

	/** Passes on what was read, as fast as it may come. */
	take(bytes: Buffer): void {
		if (this.limit === undefined) this.deliver(bytes);
		else this.limit.take(bytes);
	}

	pause(): void {
		this.paused = true;
		this.update();
	}

	resume(): void {
		this.paused = false;
		this.limit?.go_on();
		this.changed();
	}

	/** Whether the other end is behind with what it was sent. */
	set_congested(is_so: boolean): void {
		if (this.congested === is_so) return;
		this.congested = is_so;
		this.update();
	}

	/** See {@link Connection.setlimit}. */
	set_limit(settings: RateLimitSettings | undefined): void {
		const rest = this.limit?.stop();
		this.limit =
			settings &&
			new RateLimit(
				settings,
				this.deliver,
				() => this.changed(),
				() => !this.paused,
			);
		if (rest !== undefined) this.take(rest);
		this.changed();
	}

	/** Something has to wait before it may be passed on, or nothing does any more. */
	private changed(): void {
		this.update();
		if (this.said_all) this.end();
	}

	/** The other end says nothing more. An owner that is not done with what it said hears of that when it goes on reading. */
	end(): void {
		this.said_all = this.paused || this.limit?.waits === true;
		if (!this.said_all) this.ended();
	}

	/** Forgets what waits. */
	drop(): void {
		this.limit?.drop();
	}
}
