// No counterpart: Prosody opens all databases in the same way.

import type { Turn } from "../../util/turn.ts";
import type { AsideTables } from "./aside.ts";
import type { Writers } from "./writers.ts";

/**
 * How careful to be with the disk (option `sqlite_tune`). `default` writes ahead to a log of its own while the server runs and
 * waits for the disk at each commit; the others are Prosody's: `normal` waits only when the log goes into the file, `fast` never
 * waits, `safe` uses no log and waits more often.
 */
export type SqliteTune = "default" | "normal" | "fast" | "safe";

export interface SqliteOptions {
	/** Path of the file, or `:memory:`. */
	readonly file: string;
	/** The turn, whose end commits what was written. */
	readonly turn: Turn;
	/** Where writes go while another process keeps the file locked; without this, they fail then. */
	readonly aside?: AsideTables;
	/** Where other processes of this server write to the file, too: who may next. This needs {@link aside}. */
	readonly writers?: Writers;
	/** Milliseconds to wait, doing nothing else, for another process that writes to the same file; none when not given. */
	readonly busy_timeout?: number;
}
