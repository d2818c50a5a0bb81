// Counterpart: core/storagemanager.lua

import { failed, ok, type Result } from "../util/error.ts";
import type { Events } from "../util/events.ts";
import { type Waiting, waiting_for } from "../util/waiting.ts";
import { guard_stores, is_trouble } from "./storage_guard.ts";
import { map_on_keyval, null_stores } from "./storage_shims.ts";
import type { EventMap, KeyvalStore, Server, StorageDriver, StorageError, StoreTypes } from "./types.ts";

/** A store was opened; a handler may put another in its place, or an error. */
export interface StoreOpenedEvent<Kind extends keyof StoreTypes = keyof StoreTypes> {
	readonly host: string;
	readonly store_name: string;
	readonly store_type: Kind;
	store: StoreTypes[Kind];
	store_err?: StorageError;
}

declare module "./types.ts" {
	interface EventMap {
		"store-opened": StoreOpenedEvent;
	}
}

/** Opens stores by the configuration: options `storage` (a driver, or drivers by store) and `default_storage`. */
export interface StorageManager {
	/** A store of a host. An error names the driver or the file that is to blame. See {@link Server.open_store}. */
	open<Kind extends keyof StoreTypes>(
		host: string,
		store: string,
		kind: Kind,
		driver_of?: string,
	): Result<StoreTypes[Kind], StorageError>;
	/**
	 * Reads what is stored for a user (or a room) ahead, where it is in a database over the network: what waits for it can then read at once.
	 * Undefined where nothing has to be waited for. It ends where that fails, too; reading at once gives the error then.
	 */
	fetch(host: string, user: string): Waiting<void> | undefined;
	/** Removes everything that a host has stored for a user. Done by itself when an account is deleted. */
	purge(username: string, host: string): Result<void, StorageError>;
	/** Why a host cannot store anything; undefined where it can. */
	trouble(host: string): StorageError | undefined;
	/** Closes all files, once no module is loaded any more. */
	close(): void;
}

/** What of a server its storage needs. */
export interface StorageServices extends Pick<Server, "config" | "far_storage" | "logger" | "turn"> {
	readonly events: Events<EventMap>;
	readonly hosts: ReadonlyMap<string, { readonly events: Events<EventMap> }>;
	readonly modulemanager: Pick<Server["modulemanager"], "load" | "get_items">;
}

/** What is used where no option names a driver, as in Prosody. */
export const default_driver = "internal";

/** Drivers that were renamed; Prosody 0.12 still takes the earlier name. */
const renamed_drivers: ReadonlyMap<string, string> = new Map([["sql2", "sql"]]);

/** The name that a driver goes by today. */
export function current_driver(name: string): string {
	return renamed_drivers.get(name) ?? name;
}

/** An error's text by which a driver says that it has no stores of that kind. */
const unsupported_store = "unsupported-store";

function null_driver(stores: StoreTypes): StorageDriver {
	return {
		name: "null",
		open: (_store, kind) => ok(stores[kind]),
		purge: () => ok(undefined),
	};
}

/**
 * Makes the storage manager of one server. Drivers are modules, `mod_storage_NAME`, loaded on a host when its first store is
 * opened; they offer themselves as item `storage-provider`.
 * @param drivers names of the drivers that exist, for the message about one that does not
 */
export function create_storagemanager(
	server: StorageServices,
	drivers: readonly string[] = ["internal", "memory", "none", "sql"],
): StorageManager {
	const log = server.logger("storagemanager");
	const nothing_stores = null_stores("no data storage active", "fails");
	const nothing = null_driver(nothing_stores);
	const guards = guard_stores(server.turn);
	/** Drivers that were used, by host and name, to be closed at the end. */
	const used = new Map<string, StorageDriver>();
	/** Those of each host that can read ahead. */
	const far = new Map<string, ReadonlySet<StorageDriver>>();

	/** The driver's name for a store, or for all that `storage` does not name. */
	function driver_name(host: string, store?: string): Result<string, StorageError> {
		const storage = server.config.get(host, "storage");
		let name: unknown = storage;
		let option = "storage";
		if (typeof storage === "object" && storage !== null) {
			const by_store = drivers_by_store(storage);
			name = store === undefined ? undefined : by_store.get(store);
			option = `storage.${store}`;
		}
		if (name === undefined) {
			option = "default_storage";
			name = server.config.get(host, option) ?? default_driver;
		}
		if (typeof name === "string") return ok(current_driver(name));
		return failed({ text: `option ${option} of ${host}: expected the name of a storage driver (${drivers.join(", ")})` });
	}

	function drivers_by_store(storage: object): Map<unknown, unknown> {
		return storage instanceof Map ? storage : new Map<unknown, unknown>(Object.entries(storage));
	}

	function find_loaded(host: string, name: string): StorageDriver | undefined {
		return server.modulemanager.get_items(host, "storage-provider").find((driver) => driver.name === name);
	}

	function load_driver(host: string, name: string): Result<StorageDriver, StorageError> {
		if (name === "null") return ok(nothing);
		let driver = find_loaded(host, name);
		if (driver === undefined) {
			const loaded = server.modulemanager.load(host, `storage_${name}`);
			driver = find_loaded(host, name);
			if (driver === undefined) {
				const reason = loaded.ok ? "its module offers no driver of that name" : loaded.error;
				return failed({
					text: `cannot use the storage driver "${name}" on ${host}: ${reason}. Built in are: ${drivers.join(", ")}`,
				});
			}
		}
		used.set(`${host}/${name}`, driver);
		server.far_storage.is_used ||= driver.fetch !== undefined;
		if (driver.fetch !== undefined) far.set(host, new Set([...(far.get(host) ?? []), driver]));
		return ok(driver);
	}

	function get_driver(host: string, store?: string): Result<StorageDriver, StorageError> {
		const name = driver_name(host, store);
		return name.ok ? load_driver(host, name.value) : name;
	}

	/** What stands in for a kind of store that a driver does not have. */
	const stand_ins: {
		[Kind in keyof StoreTypes]: (driver: StorageDriver, store: string) => Result<StoreTypes[Kind], StorageError>;
	} = {
		keyval: (driver, store) => null_store(driver, store, "keyval"),
		archive: (driver, store) => null_store(driver, store, "archive"),
		map(driver, store) {
			const keyval: Result<KeyvalStore, StorageError> = driver.open(store, "keyval");
			return keyval.ok ? ok(map_on_keyval(keyval.value)) : keyval;
		},
	};

	function null_store<Kind extends keyof StoreTypes>(
		driver: StorageDriver,
		store: string,
		kind: Kind,
	): Result<StoreTypes[Kind], StorageError> {
		log("warn", "Storage driver %s has no %s stores: nothing is kept of %s", driver.name, kind, store);
		return nothing.open(store, kind);
	}

	function open<Kind extends keyof StoreTypes>(
		host: string,
		store: string,
		kind: Kind,
		driver_of = store,
	): Result<StoreTypes[Kind], StorageError> {
		const driver = get_driver(host, driver_of);
		if (!driver.ok) return driver;
		let opened = driver.value.open(store, kind);
		if (!opened.ok && opened.error.text === unsupported_store) opened = stand_ins[kind](driver.value, store);
		if (!opened.ok) return opened;
		const is_null = driver.value === nothing || opened.value === nothing_stores[kind];
		const guarded = is_null ? opened.value : guards[kind](opened.value, `${host}/${store}`);
		const event: StoreOpenedEvent<Kind> = { host, store_name: store, store_type: kind, store: guarded };
		server.hosts.get(host)?.events.fire_event("store-opened", event);
		return event.store_err === undefined ? ok(event.store) : failed(event.store_err);
	}

	/** All drivers that a host's configuration names, each once. */
	function all_drivers(host: string): Result<StorageDriver, StorageError>[] {
		const storage = server.config.get(host, "storage");
		const stores = typeof storage === "object" && storage !== null ? [...drivers_by_store(storage).keys()] : [];
		const found = new Map<string, Result<StorageDriver, StorageError>>();
		for (const store of [...stores.filter((name) => typeof name === "string"), undefined]) {
			const driver = get_driver(host, store);
			found.set(driver.ok ? driver.value.name : driver.error.text, driver);
		}
		return [...found.values()];
	}

	function purge(username: string, host: string): Result<void, StorageError> {
		let result: Result<void, StorageError> = ok(undefined);
		for (const driver of all_drivers(host)) {
			const purged = driver.ok ? driver.value.purge(username) : driver;
			if (purged.ok) continue;
			if (driver.ok && is_trouble(purged.error)) server.turn.fail(new Error(purged.error.text));
			log("error", "Could not remove all data of %s@%s: %s", username, host, purged.error.text);
			result = purged;
		}
		return result;
	}

	function trouble(host: string): StorageError | undefined {
		for (const driver of all_drivers(host)) {
			const opened = driver.ok ? driver.value.open("accounts", "keyval") : driver;
			if (!opened.ok && opened.error.text !== unsupported_store) return opened.error;
		}
		return undefined;
	}

	// After all other handlers, which may still want to read what is stored.
	server.events.add_handler("user-deleted", ({ username, host }) => void purge(username, host), -1000);

	function fetch(host: string, user: string): Waiting<void> | undefined {
		const coming: Promise<unknown>[] = [];
		for (const driver of far.get(host) ?? []) {
			const one = driver.fetch?.(user);
			if (one !== undefined) coming.push(one);
		}
		return coming.length === 0 ? undefined : waiting_for(Promise.all(coming)).go_on(() => undefined);
	}

	return {
		open,
		fetch,
		purge,
		trouble,
		close() {
			for (const driver of used.values()) driver.close?.();
			used.clear();
			far.clear();
			server.far_storage.is_used = false;
		},
	};
}
