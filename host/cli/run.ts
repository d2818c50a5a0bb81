// Counterpart: prosody (its main loop, and what signals do)

import type { RunningServer } from "../running_server.ts";
import type { Result } from "../util/error.ts";
import { refuse } from "./opening.ts";

/** The longest that Node can wait, in milliseconds. */
const longest_interval = 2 ** 31 - 1;

/** A server that is all that its process is for: the process ends with it. */
export class Run {
	private is_started = false;
	private is_ending = false;

	/** @param is_wanted asked before the server ends because one of its modules, or an administrator, wants that: whether it may */
	constructor(
		private readonly server: RunningServer,
		private readonly is_wanted: (reason: string) => boolean = () => true,
	) {}

	async start(): Promise<Result<unknown, string>> {
		const { server } = this;
		const listening = await server.start();
		if (!listening.ok) return listening;
		this.is_started = true;
		// Rooms that are another server's component listen nowhere: without this, nothing kept them here while that server is gone
		setInterval(() => {}, longest_interval);
		// Whoever stops it, the process ends with it; modules that take over the end are asked before
		server.events.add_handler("server-stopped", ({ reason }) => void setImmediate(() => this.end(reason)));
		server.events.add_handler(
			"shutdown-wanted",
			({ reason }) => {
				if (this.is_ending || this.is_wanted(reason)) setImmediate(() => this.end(reason));
				return true;
			},
			-1000,
		);
		return listening;
	}

	/** A module may take over the end of the server; who asks again does not wait for it. */
	stop(reason: string): void {
		const is_first = !this.is_ending;
		this.is_ending = true;
		if (is_first) this.server.shut_down(reason);
		else this.end(reason);
	}

	private end(reason: string): void {
		this.server.stop(reason).then(
			() => process.exit(0),
			(error: unknown) => refuse(error instanceof Error ? (error.stack ?? error.message) : String(error)),
		);
	}

	/** Reads the configuration again. A server that is still starting has nothing to reload: then the answer is false. */
	reload(): boolean {
		if (this.is_started) this.server.reload_config();
		return this.is_started;
	}

	/** Tells modules of a signal that means nothing to the server itself. */
	signal(signal: "SIGUSR1" | "SIGUSR2"): void {
		this.server.events.fire_event(`signal/${signal}`, {});
	}
}
