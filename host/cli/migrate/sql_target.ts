// Counterpart: migrator/prosody_sql.lua (writing): what targets in all databases have in common

import type { StorageError, StoreMap } from "../../core/types.ts";
import { serialize } from "../../plugins/storage_sql/values.ts";
import { failed, ok, type Result } from "../../util/error.ts";
import { problem } from "../../util/luatable.ts";
import { Turn } from "../../util/turn.ts";

export const insert = `INSERT INTO "prosodyarchive" ("host", "user", "store", "when", "with", "key", "type", "value") VALUES (?,?,?,?,?,?,'xml',?)`;
/** The place of the last item. */
export const newest = `SELECT MAX("sort_id") FROM "prosodyarchive"`;
/** Removes what an archive has behind a place. */
export const take_back = `DELETE FROM "prosodyarchive" WHERE "host"=? AND "user"=? AND "store"=? AND "sort_id">?`;

/** The error names the key of what no database of Prosody's can hold. */
export function check_storable(table: StoreMap): Result<void, string> {
	for (const [key, value] of table) {
		const held = typeof key === "string" && problem(key) !== undefined ? failed("a key that is no Unicode") : serialize(value);
		if (!held.ok) return failed(`${held.error}, at the key ${String(key)}`);
	}
	return ok(undefined);
}

/** The turn that what is moved is written in. */
export class TargetTurn {
	private trouble: unknown;
	readonly turn = new Turn((error) => {
		this.trouble = error;
	});

	/** Stores what was written. Throws where that fails. */
	commit(): void {
		this.turn.end();
		if (this.trouble !== undefined) throw this.trouble;
	}

	/** Stores what was written, and closes the database. Throws where either fails. */
	close(database: { close(): Result<void, StorageError> }): void {
		this.turn.end();
		const closed = database.close();
		if (!closed.ok) throw new Error(closed.error.text);
		if (this.trouble !== undefined) throw this.trouble;
	}
}
