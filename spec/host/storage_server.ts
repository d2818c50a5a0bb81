// A server of which only modules and storage are used: it listens nowhere, and its hosts have no other modules.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Config, type ConfigValue } from "../../host/core/config/config.ts";
import type { ModuleDefinition, StorageError, StoreTypes } from "../../host/core/types.ts";
import { definition as storage_internal } from "../../host/plugins/mod_storage_internal.ts";
import { definition as storage_memory } from "../../host/plugins/mod_storage_memory.ts";
import { definition as storage_none } from "../../host/plugins/mod_storage_none.ts";
import { definition as storage_sql } from "../../host/plugins/mod_storage_sql.ts";
import type { RunningServer } from "../../host/running_server.ts";
import { create_server } from "../../host/startup.ts";
import { ok, type Result } from "../../host/util/error.ts";

export interface StorageServer {
	readonly server: RunningServer;
	/** The data folder, which goes with the server. */
	readonly folder: string;
	/** What was logged, level first. */
	readonly log: string[];
	/** What turns failed with. */
	readonly failures: unknown[];
	try_open<Kind extends keyof StoreTypes>(store: string, kind: Kind, host?: string): Result<StoreTypes[Kind], StorageError>;
	open<Kind extends keyof StoreTypes>(store: string, kind: Kind, host?: string): StoreTypes[Kind];
	/** Why the first host can store nothing; undefined where it can. */
	problem(): string | undefined;
	/** Deactivates the hosts and closes the files, and removes the folder unless that is wanted. */
	stop(keep_folder?: boolean): void;
}

const autoload_modules = ["presence", "message", "iq", "offline", "c2s", "s2s", "s2s_auth_certs"];

/** Stand for the modules of accounts and rights, which would open stores of their own. */
const without_accounts: readonly ModuleDefinition[] = [
	{ name: "authz_internal", load: () => undefined },
	{ name: "auth_internal_hashed", load: () => undefined },
];

/** Brings up hosts with these options; `*` is the global section. Modules beyond the storage drivers may be added. */
export function start_storage(
	sections: Record<string, Record<string, ConfigValue>>,
	options: { folder?: string; modules?: readonly ModuleDefinition[] } = {},
): StorageServer {
	const folder = options.folder ?? mkdtempSync(join(tmpdir(), "enjamb-storage-"));
	const own = { data_path: folder, modules_disabled: autoload_modules };
	const config = Config.from({ ...sections, "*": { ...sections["*"], ...own } });
	const log: string[] = [];
	const failures: unknown[] = [];
	const drivers = [storage_internal, storage_memory, storage_none, storage_sql];
	const modules = [...drivers, ...without_accounts, ...(options.modules ?? [])];
	const created = create_server({
		config,
		version: "test",
		log: [{ level: "debug", to: { write: (name, level, message) => void log.push(`${level} ${name}: ${message}`) } }],
		loaders: () => [
			{
				language: "builtin",
				find(name) {
					const found = modules.find((module) => module.name === name);
					return found && ok(found);
				},
			},
		],
	});
	if (!created.ok) throw new Error(created.error);
	const server = created.value;
	server.events.add_handler("turn-failed", ({ error }) => void failures.push(error));
	for (const host of config.hosts()) server.activate_host(host);
	const try_open: StorageServer["try_open"] = (store, kind, host = config.hosts()[0] ?? "") =>
		server.open_store(host, store, kind);
	return {
		server,
		folder,
		log,
		failures,
		try_open,
		problem() {
			const opened = try_open("test", "keyval");
			return opened.ok ? undefined : opened.error.text;
		},
		open(store, kind, host) {
			const opened = try_open(store, kind, host);
			if (!opened.ok) throw new Error(opened.error.text);
			return opened.value;
		},
		stop(keep_folder = false) {
			void server.stop("the test is over");
			if (!keep_folder) rmSync(folder, { recursive: true, force: true });
		},
	};
}
