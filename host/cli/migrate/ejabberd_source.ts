// No counterpart: data of ejabberd, in either of the forms in which rooms and archives are to be had.

import { closeSync, openSync, readSync } from "node:fs";
import { ejabberd_database } from "./ejabberd_database.ts";
import { ejabberd_dump } from "./ejabberd_dump.ts";
import type { Source } from "./types.ts";

/** How every SQLite file begins (SQLite's file format, §1.3). */
const magic = "SQLite format 3\0";

/** A dump, or the database of an ejabberd with `sql_type: sqlite`, as a source. Throws where it cannot be read. */
export function ejabberd_source(path: string): Source {
	const start = Buffer.alloc(magic.length);
	const file = openSync(path, "r");
	try {
		readSync(file, start, 0, start.length, 0);
	} finally {
		closeSync(file);
	}
	return start.toString("latin1") === magic ? ejabberd_database(path) : ejabberd_dump(path);
}
