// No counterpart: Prosody's modules cannot start what fails later, outside of what called them; those in TypeScript can.

import { AsyncLocalStorage } from "node:async_hooks";
import type { AnyHandler, Handler, Wrapper } from "../util/events.ts";
import type { Log } from "./types.ts";

/** The module in whose name code runs, promises and timers that it started included. Nothing is stored: it goes with the call. */
const running = new AsyncLocalStorage<ModuleGuard>();

/** Whether somebody answered with something that is still to come. */
export function is_promise(value: unknown): value is PromiseLike<unknown> {
	return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}

function describe(error: unknown): unknown {
	return error instanceof Error ? error.stack : error;
}

/** Keeps what a module that is not built in starts from failing as anything but that module's own error. */
export class ModuleGuard {
	private readonly handlers = new WeakMap<object, AnyHandler>();

	constructor(private readonly log: Log) {}

	/** Runs some of the module's code; whatever that starts is the module's, too. */
	run<Value>(code: () => Value): Value {
		return running.run(this, code);
	}

	/** Says in the log what failed, in the module's name. */
	report(what: string, error: unknown): void {
		this.log("error", "Error in %s: %s", what, describe(error));
	}

	/**
	 * The same handler within the module's name, the same one each time. Events cannot wait: an answer that is still to come counts as
	 * none, so that the event goes on.
	 */
	handler<Payload>(handler: Handler<Payload>): Handler<Payload> {
		const known = this.handlers.get(handler);
		if (known !== undefined) return known;
		const guarded = (event: Payload): unknown => {
			const answer = this.run(() => handler(event));
			return is_promise(answer) ? this.settle(answer, "an async handler") : answer;
		};
		this.handlers.set(handler, guarded);
		return guarded;
	}

	/** The same for a wrapper; a new one each time. */
	wrapper<Payload>(wrapper: Wrapper<Payload>): Wrapper<Payload> {
		return (next, name, event) => {
			const answer = this.run(() => wrapper(next, name, event));
			return is_promise(answer) ? this.settle(answer, "an async wrapper") : answer;
		};
	}

	/** Waits for a promise that nobody else waits for. */
	private settle(promise: PromiseLike<unknown>, what: string): undefined {
		promise.then(
			(answer) => {
				if (answer !== undefined) this.log("warn", "The answer of %s comes too late: handlers of events are synchronous", what);
			},
			(error: unknown) => this.report(what, error),
		);
		return undefined;
	}
}

/**
 * Has what fails with nobody there to catch it, a promise or a callback of Node's, fail as the error of the module that started it, so
 * that the server goes on. Of what no module started, a promise is told of all the same; anything else ends the process, as it would
 * have. For a process that runs one server.
 */
export function watch_stray_errors(log: Log): void {
	process.on("unhandledRejection", (error) => {
		const guard = running.getStore();
		if (guard !== undefined) guard.report("a promise", error);
		else log("error", "Error in a promise that nobody waits for: %s", describe(error));
	});
	process.on("uncaughtException", (error) => {
		const guard = running.getStore();
		if (guard !== undefined) {
			guard.report("a callback", error);
			return;
		}
		process.stderr.write(`${describe(error)}\n`);
		process.exit(1);
	});
}
