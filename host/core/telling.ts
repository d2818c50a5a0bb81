// No counterpart: errors of handlers that nobody waits for.

import type { Log } from "./types.ts";

/** Says in the log where a handler failed; for {@link Events.tell}. */
export function telling(log: Log): (name: string, error: unknown) => void {
	return (name, error) => log("error", "Error in a handler of %s: %s", name, error instanceof Error ? error.stack : error);
}
