// No counterpart: a Prosody is one process.

import type { ChildProcess } from "node:child_process";

/** A connection as Node's cluster hands it to a worker. */
interface Handle {
	close(told?: () => void): void;
}

function is_handle(value: unknown): value is Handle {
	return typeof value === "object" && value !== null && "close" in value && typeof value.close === "function";
}

function is_new_connection(message: unknown): boolean {
	return typeof message === "object" && message !== null && "act" in message && message.act === "newconn";
}

/**
 * Connections that were handed to a worker, which has not said that it has them. Node keeps them open in the process that hands them out
 * until it is told so; of a worker that has ended it is told nothing, and whoever is at the other end would wait for ever.
 * @returns ends them
 */
export function watch_handed(worker: ChildProcess): () => void {
	const handed = new Set<Handle>();
	const send: unknown = worker.send;
	if (typeof send !== "function") return () => {};
	const watched = (...given: readonly unknown[]): unknown => {
		const [message, handle] = given;
		if (is_new_connection(message) && is_handle(handle)) {
			handed.add(handle);
			const close = handle.close;
			handle.close = (told) => {
				handed.delete(handle);
				close.call(handle, told);
			};
		}
		return Reflect.apply(send, worker, given);
	};
	Object.defineProperty(worker, "send", { value: watched, configurable: true, writable: true });
	return () => {
		for (const handle of [...handed]) handle.close();
	};
}
