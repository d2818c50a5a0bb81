// Counterpart: core/moduleapi.lua (add_timer)

import { is_promise } from "./module_guard.ts";
import type { Timer } from "./types.ts";

/** The longest that Node's own timers can wait, in milliseconds. */
const longest_timeout = 2 ** 31 - 1;

/** What a timer calls, and whom it tells of itself. */
export interface TimerOwner {
	/** Does what the timer is for, with the time in seconds since 1970; a number that comes back, or a promise of one, starts it again. */
	call(now: number): unknown;
	failed(error: unknown): void;
	/** Whether the owner is still there, so that the timer may be started. */
	may_wait(): boolean;
	/** The timer was started. */
	waits(): void;
	/** It has gone off, or was stopped. */
	over(): void;
}

/** Makes a timer, which `reschedule` starts. It does not keep the process running. */
export function create_timer(owner: TimerOwner): Timer {
	let handle: NodeJS.Timeout | undefined;

	function stop(): void {
		clearTimeout(handle);
		owner.over();
	}

	function reschedule(seconds: number): void {
		clearTimeout(handle);
		if (!owner.may_wait() || seconds === Number.POSITIVE_INFINITY) return;
		const milliseconds = Math.max(0, seconds * 1000);
		const wait = Math.min(milliseconds, longest_timeout);
		handle = setTimeout(() => (milliseconds > wait ? reschedule((milliseconds - wait) / 1000) : run()), wait);
		handle.unref();
		owner.waits();
	}

	function again(answer: unknown): void {
		if (typeof answer === "number") reschedule(answer);
	}

	function run(): void {
		owner.over();
		try {
			const answer = owner.call(Date.now() / 1000);
			if (is_promise(answer)) answer.then(again, owner.failed);
			else again(answer);
		} catch (error) {
			owner.failed(error);
		}
	}

	return { stop, reschedule };
}
