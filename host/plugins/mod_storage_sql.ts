// Counterpart: plugins/mod_storage_sql.lua

import type { ModuleApi, ModuleDefinition, StorageDriver, StorageError, StoreTypes } from "../core/types.ts";
import { Cache } from "../util/cache.ts";
import { failed, ok, type Result } from "../util/error.ts";
import { KnownBlocks } from "./archive_blocks.lib.ts";
import { RowsAhead } from "./storage_sql/ahead.ts";
import { archive_store, ItemCounts } from "./storage_sql/archive.ts";
import { sql_drivers } from "./storage_sql/driver.ts";
import { keyval_store, map_store } from "./storage_sql/keyval.ts";
import type { SqlConnection, SqlOption } from "./storage_sql/sql_driver.ts";

/** An open database with what belongs to it, shared by the modules of all hosts. */
class Connection implements SqlConnection {
	readonly database: SqlConnection["database"];
	readonly has_unique_index: boolean;
	/** Where the database is asked over the network. */
	readonly ahead: RowsAhead | undefined;

	constructor(connection: SqlConnection, is_shared: boolean) {
		this.database = connection.database;
		this.ahead = connection.database.is_far ? new RowsAhead(connection.database, is_shared) : undefined;
		this.has_unique_index = connection.has_unique_index;
	}
}

/** The database that the option `sql` means. */
interface Source {
	/** Its key among the databases of all hosts. */
	readonly name: string;
	/** Whether it is asked over the network. */
	readonly is_far: boolean;
	open(): Result<SqlConnection, StorageError>;
}

/** Shows how often and how long the server has waited for answers over the network. */
function measure_waits(module: ModuleApi, connected: () => unknown): void {
	const often = module.metric("counter", "waits", { description: "Answers of the database that the server has waited for" });
	const long = module.metric("counter", "waited", { unit: "seconds", description: "Time spent waiting for the database" });
	const longest = module.metric("gauge", "longest_wait", { unit: "seconds", description: "The longest time of them" });
	module.hook_global("stats-update", () => {
		const connection = connected();
		const waits = connection instanceof Connection ? connection.database.waits : undefined;
		if (waits === undefined) return;
		often.with_labels().set(waits.count);
		long.with_labels().set(waits.milliseconds / 1000);
		longest.with_labels().set(waits.longest / 1000);
	});
}

function as_option(option: unknown): SqlOption | undefined {
	if (typeof option !== "object" || option === null || Array.isArray(option)) return undefined;
	return option instanceof Map ? undefined : Object.fromEntries(Object.entries(option));
}

/** Reads the option. Source: normalize_params. */
function find_source(module: ModuleApi): Result<Source, StorageError> {
	const wrong = (text: string): Result<never, StorageError> => failed({ text: `option sql of ${module.host}: ${text}` });
	const expected = `expected ${sql_drivers.get("SQLite3")?.expected}`;
	const option = as_option(module.get_option("sql") ?? { driver: "SQLite3" });
	if (option === undefined) return wrong(expected);
	const name = option["driver"];
	if (typeof name !== "string") return wrong(`it names no driver: ${expected}`);
	const driver = sql_drivers.get(name);
	const names = [...sql_drivers.keys()].join(", ");
	if (driver === undefined) return wrong(`there is no driver "${name}", ${names} is what there is: ${expected}`);
	const located = driver.locate(module, option);
	if (!located.ok) return wrong(`${located.error}: expected ${driver.expected}`);
	return ok({ name: located.value, is_far: name !== "SQLite3", open: () => driver.open(module, option) });
}

/**
 * A driver that keeps its stores in Prosody's tables in a database, which all hosts of the server share that name the same one.
 * Options: `sql`, `sql_manage_tables`, `sqlite_tune`, `storage_archive_item_limit`, `storage_archive_item_limit_cache_size`.
 */
export const definition: ModuleDefinition = {
	name: "storage_sql",
	load(module) {
		const { host, log } = module;
		const item_limit = module.get_option_integer("storage_archive_item_limit", undefined, 0);
		const known_counts = new Cache<string, number>(module.get_option_integer("storage_archive_item_limit_cache_size", 1000, 1));
		const counts = new ItemCounts(known_counts, {
			hit: module.measure("item_count_cache_hit", "rate"),
			miss: module.measure("item_count_cache_miss", "rate"),
		});
		const blocks = new KnownBlocks();
		const connections = module.shared("/*/sql/connections");
		const source = find_source(module);
		if (source.ok && source.value.is_far) measure_waits(module, () => connections.get(source.ok ? source.value.name : ""));

		/** The open database; where it could not be opened, this tries again. */
		function connection(): Result<Connection, StorageError> {
			if (!source.ok) return source;
			const { name } = source.value;
			const shared = connections.get(name);
			if (shared instanceof Connection) return ok(shared);
			const opened = source.value.open();
			if (!opened.ok) {
				module.set_status("error", opened.error.text);
				return opened;
			}
			const connected = new Connection(opened.value, module.server.cluster !== undefined);
			connections.set(name, connected);
			module.set_status("info", `Connected to ${name}`);
			return ok(connected);
		}

		type Opener<Kind extends keyof StoreTypes> = (connection: Connection, store: string) => StoreTypes[Kind];
		const kinds: { [Kind in keyof StoreTypes]: Opener<Kind> } = {
			keyval: (connected, store) => keyval_store({ ...connected, host, store }),
			map: (connected, store) => map_store({ ...connected, host, store }),
			archive: ({ database }, store) => archive_store({ database, host, store, item_limit, counts, blocks, log }),
		};
		const fetch_from =
			(name: string): StorageDriver["fetch"] =>
			(user) => {
				const connected = connections.get(name);
				return connected instanceof Connection ? connected.ahead?.fetch(host, user) : undefined;
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
				const { ahead, database } = connected.value;
				ahead?.forget_all();
				counts.forget();
				blocks.forget();
				return database.write(() => {
					for (const table of ["prosody", "prosodyarchive"]) {
						database.run(`DELETE FROM "${table}" WHERE "host"=? AND "user"=?`, host, user);
					}
					return ok(undefined);
				});
			},
			...(source.ok && source.value.is_far ? { fetch: fetch_from(source.value.name) } : {}),
			close() {
				for (const driver of sql_drivers.values()) driver.give_up?.(module);
				const shared = source.ok ? connections.get(source.value.name) : undefined;
				if (!source.ok || !(shared instanceof Connection)) return;
				connections.delete(source.value.name);
				const closed = shared.database.close();
				if (!closed.ok) log("error", "Could not close the database: %s", closed.error.text);
			},
		};

		const connected = connection();
		// What will go by itself is tried again several times a second, and said where that is done
		if (!connected.ok) log(connected.error.locked ? "debug" : "error", "%s", connected.error.text);
		module.provides("storage", driver);
	},
};
