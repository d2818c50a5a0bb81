// A server that has modules and storage, and nothing else of a server.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Config, type ConfigValue } from "../../host/core/config/config.ts";
import { create_delivery } from "../../host/core/delivery.ts";
import { create_hostmanager } from "../../host/core/hostmanager.ts";
import { create_modulemanager } from "../../host/core/modulemanager.ts";
import { create_statsmanager } from "../../host/core/statsmanager.ts";
import { create_storagemanager, type StorageManager } from "../../host/core/storagemanager.ts";
import type { EventMap, LogLevel, ModuleDefinition, Server, StoreTypes } from "../../host/core/types.ts";
import { definition as storage_internal } from "../../host/plugins/mod_storage_internal.ts";
import { definition as storage_memory } from "../../host/plugins/mod_storage_memory.ts";
import { definition as storage_none } from "../../host/plugins/mod_storage_none.ts";
import { definition as storage_sql } from "../../host/plugins/mod_storage_sql.ts";
import { create_datamanager } from "../../host/util/datamanager.ts";
import { ok } from "../../host/util/error.ts";
import { Events } from "../../host/util/events.ts";
import { Turn } from "../../host/util/turn.ts";
import { TurnFiles } from "../../host/util/turn_files.ts";

export interface StorageServer {
	readonly server: Server;
	readonly storage: StorageManager;
	/** The data folder, which goes with the server. */
	readonly folder: string;
	/** What was logged, level first. */
	readonly log: string[];
	/** What turns failed with. */
	readonly failures: unknown[];
	open<Kind extends keyof StoreTypes>(store: string, kind: Kind, host?: string): StoreTypes[Kind];
	/** Deactivates the hosts and closes the files, and removes the folder unless that is wanted. */
	stop(keep_folder?: boolean): void;
}

/** Brings up hosts with these options; `*` is the global section. Modules beyond the storage drivers may be added. */
export function start_storage(
	sections: Record<string, Record<string, ConfigValue>>,
	options: { folder?: string; modules?: readonly ModuleDefinition[] } = {},
): StorageServer {
	const folder = options.folder ?? mkdtempSync(join(tmpdir(), "enjamb-storage-"));
	const config = Config.from(sections);
	const log: string[] = [];
	const failures: unknown[] = [];
	const unused = (): never => {
		throw new Error("this server has only storage");
	};
	const turn = new Turn((error) => failures.push(error));
	const logger =
		(name: string) =>
		(level: LogLevel, message: string, ...args: unknown[]): void => {
			log.push(`${level} ${name}: ${message.replace(/%[sdq]/g, () => String(args.shift()))}`);
		};
	const server: Server = {
		version: "test",
		start_time: 0,
		config,
		events: new Events<EventMap>(),
		hosts: new Map(),
		full_sessions: new Map(),
		bare_sessions: new Map(),
		turn,
		statsmanager: create_statsmanager(),
		logger,
		datamanager: create_datamanager({ data_path: folder, files: new TurnFiles(turn), log: logger("datamanager") }),
		paths: { data: folder, config: folder, plugins: [] },
		get delivery() {
			return create_delivery(this, () => false);
		},
		get http_server() {
			return unused();
		},
		get http() {
			return unused();
		},
		addresses: unused,
		connect: unused,
		peer_tls_context: unused,
		get router() {
			return unused();
		},
		get sessionmanager() {
			return unused();
		},
		get usermanager() {
			return unused();
		},
		get rostermanager() {
			return unused();
		},
		get modulemanager() {
			return modulemanager;
		},
		open_store: (host, store, kind) => storage.open(host, store, kind),
		get_children: unused,
		tls_context: unused,
		service_tls_context: unused,
		purge_user: unused,
		activate_host: unused,
		deactivate_host: unused,
		stop: unused,
		reopen_logs: unused,
		reload_config: unused,
		reset: unused,
	};
	const storage = create_storagemanager(server);
	const modules = [storage_internal, storage_memory, storage_none, storage_sql, ...(options.modules ?? [])];
	const modulemanager = create_modulemanager(server, [
		{
			language: "builtin",
			find(name) {
				const found = modules.find((module) => module.name === name);
				return found && ok(found);
			},
		},
	]);
	const hostmanager = create_hostmanager(server, {
		load_modules: () => undefined,
		unload_modules: (host) => modulemanager.unload_all(host),
	});
	for (const host of config.hosts()) hostmanager.activate(host);
	return {
		server,
		storage,
		folder,
		log,
		failures,
		open(store, kind, host = config.hosts()[0] ?? "") {
			const opened = storage.open(host, store, kind);
			if (!opened.ok) throw new Error(opened.error.text);
			return opened.value;
		},
		stop(keep_folder = false) {
			server.turn.end();
			for (const host of [...server.hosts.keys()]) hostmanager.deactivate(host);
			storage.close();
			if (!keep_folder) rmSync(folder, { recursive: true, force: true });
		},
	};
}
