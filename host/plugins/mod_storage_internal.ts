// Counterpart: plugins/mod_storage_internal.lua

import type {
	KeyvalStore,
	ModuleDefinition,
	StorageDriver,
	StorageError,
	StoreMap,
	StoreTable,
	StoreTypes,
} from "../core/types.ts";
import { failed, ok, type Result } from "../util/error.ts";
import * as table from "../util/luatable.ts";
import { archive_store } from "./storage_internal/archive.ts";

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

		function load_table(user: string | undefined, store: string): Result<StoreMap | undefined, StorageError> {
			const loaded = stored(datamanager.load(user, host, store));
			if (!loaded.ok || loaded.value === undefined) return loaded.ok ? ok(undefined) : loaded;
			const data = loaded.value;
			if (!table.is_table(data)) {
				return failed({ text: `${datamanager.getpath(user, host, store)}: expected a table; the file is left as it is` });
			}
			return ok(data instanceof Map ? data : new Map(table.entries(data)));
		}

		function keyval_store(store: string): KeyvalStore {
			const set = (user: string | undefined, data: StoreTable | StoreMap | undefined): Result<void, StorageError> => {
				const written = stored(datamanager.store(user, host, store, data));
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
			};
		}

		const kinds: { [Kind in keyof StoreTypes]: (store: string) => Result<StoreTypes[Kind], StorageError> } = {
			keyval: (store) => ok(keyval_store(store)),
			archive: (store) => ok(archive_store({ datamanager, host, store, item_limit, log })),
			map: () => failed({ text: "unsupported-store" }),
		};
		const driver: StorageDriver = {
			name: "internal",
			open(store, kind) {
				const problem = datamanager.host_problem(host);
				return problem === undefined ? kinds[kind](store) : failed({ text: problem });
			},
			purge(user) {
				const purged = stored(datamanager.purge(user, host));
				return purged.ok ? ok(undefined) : purged;
			},
		};
		module.provides("storage", driver);
	},
};
