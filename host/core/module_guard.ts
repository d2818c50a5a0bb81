// No counterpart: Prosody's modules cannot start what fails later, outside of what called them; those in TypeScript can.

import { AsyncLocalStorage } from "node:async_hooks";
import type { AnyHandler, Handler, Wrapper } from "../util/events.ts";
import type { Log } from "./types.ts";

/** The module that the running code belongs to. Promises and timers that the code starts belong to it, too. */
const running = new AsyncLocalStorage<ModuleGuard>();

/** Whether a value is a promise, or is like one. */
export function is_promise(value: unknown): value is PromiseLike<unknown> {
	return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}

function describe(error: unknown): unknown {
	return error instanceof Error ? error.stack : error;
}

/** Makes errors in a module that is not built in, and in what it starts, errors of that module only. */
export class ModuleGuard {
	private readonly handlers = new WeakMap<object, AnyHandler>();

	constructor(private readonly log: Log) {}

	/** Runs code of the module; whatever that starts belongs to the module, too. */
	run<Value>(code: () => Value): Value {
		return running.run(this, code);
	}

	/** Says in the log what failed, in the module's name. */
	report(what: string, error: unknown): void {
		this.log("error", "Error in %s: %s", what, describe(error));
	}

	/**
	 * The handler, run as the module's code; the same function each time. Events cannot wait: where the handler returns a promise,
	 * the event goes on as if it had returned undefined.
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
 * Logs uncaught errors, in promises and in Node's callbacks, as errors of the module that started them, so that the server goes on.
 * Where no module did, an error in a promise is logged as well, and any other ends the process, as it would otherwise. For a
 * process that runs one server.
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
