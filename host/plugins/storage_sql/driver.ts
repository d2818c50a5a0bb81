// Counterpart: plugins/mod_storage_sql.lua (normalize_params, module.load)

import { isAbsolute, resolve } from "node:path";
import { SqliteDatabase } from "../../core/sqlite.ts";
import type { StorageError } from "../../core/types.ts";
import { failed, ok, type Result } from "../../util/error.ts";
import { network_driver } from "./network.ts";
import { aside_tables, check_tables } from "./schema.ts";
import type { SqlDriver } from "./sql_driver.ts";

const sqlite: SqlDriver = {
	expected: '{ driver = "SQLite3", database = "prosody.sqlite" }',
	locate(module, { database = "prosody.sqlite" }) {
		if (typeof database !== "string" || database === "") return failed("database is no file name");
		if (database === ":memory:" || isAbsolute(database)) return ok(database);
		return ok(resolve(module.server.paths.data, database));
	},
	open(module, option) {
		const file = sqlite.locate(module, option);
		if (!file.ok) return failed({ text: file.error });
		const { turn, writers } = module.server;
		const shared = writers === undefined ? {} : { writers };
		const opened = SqliteDatabase.open({ file: file.value, turn, aside: aside_tables, ...shared });
		if (!opened.ok) return opened;
		const database = opened.value;
		const refuse = (error: StorageError): Result<never, StorageError> => {
			database.close();
			return failed(error);
		};
		// Checked before anything is written, so that a refused file is not changed.
		const checked = check_tables(database, module.get_option_boolean("sql_manage_tables", true));
		if (!checked.ok) return refuse(checked.error);
		const tuned = database.tune(module.get_option_enum("sqlite_tune", "default", "normal", "fast", "safe"));
		if (!tuned.ok) return refuse(tuned.error);
		return ok({ database, has_unique_index: checked.value });
	},
};

/** The kinds of databases that there are. */
export const sql_drivers: ReadonlyMap<string, SqlDriver> = new Map([
	["SQLite3", sqlite],
	["PostgreSQL", network_driver("PostgreSQL")],
	["MySQL", network_driver("MySQL")],
]);
