// Counterpart: plugins/mod_storage_internal.lua

import { is_trouble } from "../core/storage_guard.ts";
import { map_on_keyval } from "../core/storage_shims.ts";
import type {
	KeyvalStore,
	MapStore,
	ModuleDefinition,
	StorageDriver,
	StorageError,
	StoreMap,
	StoreTable,
	StoreTypes,
	StoreValue,
} from "../core/types.ts";
import { failed, ok, type Result } from "../util/error.ts";
import type { LuaMap, LuaTable, LuaValue } from "../util/luatable.ts";
import * as table from "../util/luatable.ts";
import { archive_store } from "./storage_internal/archive.ts";

function is_scalar(value: StoreValue | undefined): boolean {
	return typeof value !== "object";
}

/** A result of the files as one of a store. */
function stored<T>(result: Result<T, string>): Result<T, StorageError> {
	return result.ok ? result : failed({ text: result.error });
}

/**
 * A driver that keeps its stores in Prosody's own files, in the folder `data_path`.
 * Option: `storage_archive_item_limit`.
 */
export const definition: ModuleDefinition = {
	name: "storage_internal",
	load(module) {
		const { host, log } = module;
		const { datamanager } = module.server;
		const item_limit = module.get_option_integer("storage_archive_item_limit", 10_000, 0);

		/** Makes sure that what was read is a table. */
		function as_table(
			user: string | undefined,
			store: string,
			loaded: Result<LuaValue | undefined, string>,
		): Result<LuaTable | undefined, StorageError> {
			if (!loaded.ok) return stored(loaded);
			if (loaded.value === undefined) return ok(undefined);
			if (table.is_table(loaded.value)) return ok(loaded.value);
			return failed({ text: `${datamanager.getpath(user, host, store)}: expected a table; the file is left as it is` });
		}

		function load_table(user: string | undefined, store: string): Result<StoreMap | undefined, StorageError> {
			const loaded = as_table(user, store, datamanager.load(user, host, store));
			if (!loaded.ok || loaded.value === undefined) return loaded.ok ? ok(undefined) : loaded;
			return ok(loaded.value instanceof Map ? loaded.value : new Map(table.entries(loaded.value)));
		}

		/** Writes, and marks errors that are about the value and not about the disk. */
		function writing<T>(work: () => Result<T, StorageError>): Result<T, StorageError> {
			const before = datamanager.troubles;
			const done = work();
			if (done.ok || datamanager.troubles > before || !is_trouble(done.error)) return done;
			return failed({ ...done.error, refused: true });
		}

		function keyval_store(store: string): KeyvalStore {
			const set = (user: string | undefined, data: StoreTable | StoreMap | undefined): Result<void, StorageError> => {
				const written = writing(() => stored(datamanager.store(user, host, store, data)));
				return written.ok ? ok(undefined) : written;
			};
			return {
				get(user) {
					const loaded = load_table(user, store);
					return loaded.ok ? ok(loaded.value && table.to_record(loaded.value)) : loaded;
				},
				get_table: (user) => load_table(user, store),
				set,
				set_table: set,
				users: () => stored(datamanager.users(host, store)),
				name_problem(user) {
					const problem = datamanager.name_problem(user, host, store);
					return problem === undefined ? undefined : { text: problem, condition: "resource-constraint" };
				},
			};
		}

		/** Tables by key, of which some have thousands, such as the list of all rooms. */
		function map_store(store: string): MapStore {
			/** Only for reading; it must not be changed. */
			const look = (user: string | undefined): Result<LuaTable | undefined, StorageError> =>
				as_table(user, store, datamanager.peek(user, host, store));
			const set_keys: MapStore["set_keys"] = (user, values) => writing(() => write_keys(user, values));
			const write_keys: MapStore["set_keys"] = (user, values) => {
				const present = look(user);
				if (!present.ok) return present;
				if ([...values].every(([key, value]) => is_scalar(value) && table.get(present.value, key) === value))
					return ok(undefined);
				const changed: LuaMap = new Map(present.value === undefined ? [] : table.entries(present.value));
				for (const [key, value] of values) {
					if (value === undefined) changed.delete(key);
					else changed.set(key, table.copy(value));
				}
				const written = stored(datamanager.store(user, host, store, changed, true));
				return written.ok ? ok(undefined) : written;
			};
			return {
				...map_on_keyval(keyval_store(store)),
				get(user, key) {
					const present = look(user);
					if (!present.ok) return present;
					const value = table.get(present.value, key);
					return ok(value === undefined ? undefined : table.copy(value));
				},
				set: (user, key, value) => set_keys(user, new Map([[key, value]])),
				set_keys,
			};
		}

		const kinds: { [Kind in keyof StoreTypes]: (store: string) => Result<StoreTypes[Kind], StorageError> } = {
			keyval: (store) => ok(keyval_store(store)),
			archive(store) {
				const archive = archive_store({ datamanager, host, store, item_limit, log });
				return ok({
					...archive,
					append: (...given) => writing(() => archive.append(...given)),
					set: (...given) => writing(() => archive.set(...given)),
					delete: (...given) => writing(() => archive.delete(...given)),
				});
			},
			map: (store) => ok(map_store(store)),
		};
		const driver: StorageDriver = {
			name: "internal",
			open(store, kind) {
				const problem = datamanager.host_problem(host);
				return problem === undefined ? kinds[kind](store) : failed({ text: problem });
			},
			purge(user) {
				const purged = writing(() => stored(datamanager.purge(user, host)));
				return purged.ok ? ok(undefined) : purged;
			},
		};
		module.provides("storage", driver);
	},
};
