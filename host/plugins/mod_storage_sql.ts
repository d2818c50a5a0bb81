// Counterpart: plugins/mod_storage_sql.lua

import { isAbsolute, resolve } from "node:path";
import { SqliteDatabase } from "../core/sqlite.ts";
import type { ModuleApi, ModuleDefinition, StorageDriver, StorageError, StoreTypes } from "../core/types.ts";
import { Cache } from "../util/cache.ts";
import { failed, ok, type Result } from "../util/error.ts";
import { archive_store, ItemCounts } from "./storage_sql/archive.ts";
import { keyval_store, map_store } from "./storage_sql/keyval.ts";
import { aside_tables, check_tables } from "./storage_sql/schema.ts";

/** An open file, ready for use. What modules of all hosts share, so a class. */
class Connection {
	constructor(
		readonly database: SqliteDatabase,
		readonly has_unique_index: boolean,
	) {}
}

/** Where the database lies, by the option `sql`. Source: normalize_params. */
function database_file(module: ModuleApi): Result<string, StorageError> {
	const option: unknown = module.get_option("sql") ?? { driver: "SQLite3" };
	const wrong = (text: string): Result<never, StorageError> => failed({ text: `option sql of ${module.host}: ${text}` });
	const expected = 'expected { driver = "SQLite3", database = "prosody.sqlite" }';
	if (typeof option !== "object" || option === null || Array.isArray(option) || option instanceof Map) return wrong(expected);
	const driver = "driver" in option ? option.driver : undefined;
	const database = "database" in option ? option.database : "prosody.sqlite";
	if (typeof driver !== "string") return wrong(`it names no driver: ${expected}`);
	if (driver !== "SQLite3") return wrong(`there is no driver "${driver}", SQLite3 is what there is: ${expected}`);
	if (typeof database !== "string" || database === "") return wrong(`database is no file name: ${expected}`);
	if (database === ":memory:" || isAbsolute(database)) return ok(database);
	return ok(resolve(module.server.paths.data, database));
}

function connect(module: ModuleApi, file: string): Result<Connection, StorageError> {
	const opened = SqliteDatabase.open({ file, turn: module.server.turn, aside: aside_tables });
	if (!opened.ok) return opened;
	const database = opened.value;
	const refuse = (error: StorageError): Result<never, StorageError> => {
		database.close();
		return failed(error);
	};
	// First look, then touch: a file that is refused stays as it is.
	const checked = check_tables(database, module.get_option_boolean("sql_manage_tables", true));
	if (!checked.ok) return refuse(checked.error);
	const tuned = database.tune(module.get_option_enum("sqlite_tune", "default", "normal", "fast", "safe"));
	if (!tuned.ok) return refuse(tuned.error);
	return ok(new Connection(database, checked.value));
}

/**
 * A driver that keeps its stores in Prosody's tables in a SQLite file, which all hosts of the server share that name the same file.
 * Options: `sql`, `sql_manage_tables`, `sqlite_tune`, `storage_archive_item_limit`, `storage_archive_item_limit_cache_size`.
 */
export const definition: ModuleDefinition = {
	name: "storage_sql",
	load(module) {
		const { host, log } = module;
		const item_limit = module.get_option_integer("storage_archive_item_limit", undefined, 0);
		const counts = new ItemCounts(new Cache(module.get_option_integer("storage_archive_item_limit_cache_size", 1000, 1)));
		const connections = module.shared("/*/sql/connections");
		const file = database_file(module);

		/** The open file; where it could not be opened, another try. */
		function connection(): Result<Connection, StorageError> {
			if (!file.ok) return file;
			const shared = connections.get(file.value);
			if (shared instanceof Connection) return ok(shared);
			const connected = connect(module, file.value);
			if (connected.ok) {
				connections.set(file.value, connected.value);
				module.set_status("info", `Connected to ${file.value}`);
			} else module.set_status("error", connected.error.text);
			return connected;
		}

		type Opener<Kind extends keyof StoreTypes> = (connection: Connection, store: string) => StoreTypes[Kind];
		const kinds: { [Kind in keyof StoreTypes]: Opener<Kind> } = {
			keyval: ({ database, has_unique_index }, store) => keyval_store({ database, has_unique_index, host, store }),
			map: ({ database, has_unique_index }, store) => map_store({ database, has_unique_index, host, store }),
			archive: ({ database }, store) => archive_store({ database, host, store, item_limit, counts, log }),
		};
		const driver: StorageDriver = {
			name: "sql",
			open(store, kind) {
				const connected = connection();
				return connected.ok ? ok(kinds[kind](connected.value, store)) : connected;
			},
			purge(user) {
				const connected = connection();
				if (!connected.ok) return connected;
				const { database } = connected.value;
				counts.forget();
				return database.write(() => {
					for (const table of ["prosody", "prosodyarchive"]) {
						database.run(`DELETE FROM "${table}" WHERE "host"=? AND "user"=?`, host, user);
					}
					return ok(undefined);
				});
			},
			close() {
				const shared = file.ok ? connections.get(file.value) : undefined;
				if (!file.ok || !(shared instanceof Connection)) return;
				connections.delete(file.value);
				const closed = shared.database.close();
				if (!closed.ok) log("error", "Could not close the database: %s", closed.error.text);
			},
		};

		const connected = connection();
		if (!connected.ok) log("error", "%s", connected.error.text);
		module.provides("storage", driver);
	},
};
