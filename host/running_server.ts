// No counterpart: Prosody is one process, which starts once.

import type { ListenAddress, Server } from "./core/types.ts";
import type { Result } from "./util/error.ts";

/** A server with its lifecycle. */
export interface RunningServer extends Server {
	/** Brings up hosts and listeners. An error is one line that says why the server cannot run; nothing is left open then. */
	start(): Promise<Result<ListenAddress[], string>>;
	/**
	 * Brings up only the accounts of virtual hosts, without listening: for commands beside a server that runs.
	 * @returns one line that says why that cannot be done
	 */
	open_accounts(): Promise<Result<true, string>>;
}
