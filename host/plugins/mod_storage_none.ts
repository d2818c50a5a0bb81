// Counterpart: plugins/mod_storage_none.lua

import { null_stores } from "../core/storage_shims.ts";
import type { ModuleDefinition } from "../core/types.ts";
import { ok } from "../util/error.ts";

/** A driver for stores that stay empty: reading finds nothing, and writing fails. */
export const definition: ModuleDefinition = {
	name: "storage_none",
	load(module) {
		const stores = null_stores("Storage disabled", "empty");
		module.provides("storage", {
			name: "none",
			open: (_store, kind) => ok(stores[kind]),
			purge: () => ok(undefined),
		});
	},
};
