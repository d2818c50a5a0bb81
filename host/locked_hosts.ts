// No counterpart: Prosody waits for the lock, or loads the host's modules without storage.

import { setTimeout as delay } from "node:timers/promises";
import type { Log } from "./core/types.ts";

/** How often hosts whose storage somebody else has locked are tried again, in milliseconds. */
const retry_interval = 250;

/** Brings up hosts, also those whose storage is locked at first: these come later, while everything else runs. */
export class LockedHosts {
	private readonly waiting = new Set<string>();
	private timer: NodeJS.Timeout | undefined;

	/**
	 * @param activate brings up a host; answers with whether its storage is locked still
	 * @param patience how long to wait at the start where without it nothing runs, in milliseconds
	 */
	constructor(
		private readonly activate: (host: string) => boolean,
		private readonly log: Log,
		private readonly patience: number,
	) {}

	add(host: string, problem: string): void {
		this.waiting.add(host);
		this.log("error", "%s does not run yet: %s; it is tried again, and everything else runs", host, problem);
	}

	/** Tries for a while. Answers whether none is locked any more, or whether that is the case for enough of them. */
	async wait(is_enough = (): boolean => false): Promise<boolean> {
		const end = performance.now() + this.patience;
		while (this.waiting.size > 0 && !is_enough()) {
			if (performance.now() >= end) return false;
			await delay(retry_interval);
			this.retry();
		}
		return true;
	}

	/** Goes on trying, beside all else. */
	watch(): void {
		clearInterval(this.timer);
		if (this.waiting.size === 0) return;
		this.timer = setInterval(() => {
			this.retry();
			if (this.waiting.size === 0) this.stop();
		}, retry_interval);
	}

	private retry(): void {
		for (const host of [...this.waiting]) {
			if (this.activate(host)) continue;
			this.waiting.delete(host);
			this.log("info", "The storage of %s is not locked any more", host);
		}
	}

	stop(): void {
		clearInterval(this.timer);
		this.waiting.clear();
	}
}
