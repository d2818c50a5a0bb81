// Counterpart: mod_cloud_notify.lua of prosody-modules (push_store)

import type { ModuleApi, StorageError, StoreTable, StoreValue } from "../../core/types.ts";
import { Cache } from "../../util/cache.ts";
import { ok, type Result } from "../../util/error.ts";

/** How a device is woken; other modules may add what they know of it. */
export interface PushInfo {
	/** The service that wakes it. */
	jid: string;
	/** What it is there. */
	node?: string | undefined;
	include_payload?: string | undefined;
	/** A form that the service wants to be shown, as it is stored. */
	options?: StoreValue | undefined;
	/** When the client asked for it, in seconds since 1970. */
	timestamp: number;
	client_id?: string | undefined;
	resource?: string | undefined;
	language?: string | undefined;
	[more: string]: unknown;
}

/** The devices of one account, by the service and what each is there. */
export type Devices = ReadonlyMap<string, PushInfo>;

/** The devices of a host's accounts, in the store `cloud_notify`. */
export interface DeviceStore {
	get(username: string): Result<Devices, StorageError>;
	/** Stores the devices of an account: the newest ones, where they are more than allowed. */
	set(username: string, devices: Devices): Result<void, StorageError>;
	forget(username: string): void;
}

/** The name of a device within its account. */
export function identifier_of(jid: string, node: string | undefined): string {
	return `${jid}<${node ?? ""}`;
}

function is_table(value: unknown): value is StoreTable {
	return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Map);
}

function text_in(table: StoreTable, name: string): string | undefined {
	const value = table[name];
	return typeof value === "string" ? value : undefined;
}

/** What is stored of a device; undefined where it makes no sense. */
function read(table: StoreTable): PushInfo | undefined {
	const jid = text_in(table, "jid");
	const { timestamp } = table;
	return jid === undefined ? undefined : { ...table, jid, timestamp: typeof timestamp === "number" ? timestamp : 0 };
}

function is_value(value: unknown): value is StoreValue {
	return value !== undefined && value !== null && typeof value !== "function" && typeof value !== "symbol";
}

function to_table(info: PushInfo): StoreTable {
	const table: StoreTable = {};
	for (const [name, value] of Object.entries(info)) if (is_value(value)) table[name] = value;
	return table;
}

const nothing: Devices = new Map();

/** How many accounts' devices are kept in memory, since they are asked for with each message. */
const cache_size = 1000;

/** @param most how many devices an account may have */
export function open_devices(module: ModuleApi, most: number): DeviceStore {
	const store = module.open_store();
	const cache = new Cache<string, Devices>(cache_size);
	module.hook("account-given-up", ({ username }) => {
		if (username === undefined) cache.clear();
		else cache.set(username, undefined);
	});

	return {
		get(username) {
			const known = cache.get(username);
			if (known !== undefined) return ok(known);
			const stored = store.get(username);
			if (!stored.ok) return stored;
			const devices = new Map<string, PushInfo>();
			for (const [identifier, table] of Object.entries(stored.value ?? {})) {
				const info = is_table(table) ? read(table) : undefined;
				if (info !== undefined) devices.set(identifier, info);
				else module.log("warn", "A device of %s is stored in a way that makes no sense: %s", username, identifier);
			}
			const found = devices.size === 0 ? nothing : devices;
			cache.set(username, found);
			return ok(found);
		},
		set(username, devices) {
			const newest = [...devices].sort(([, one], [, other]) => one.timestamp - other.timestamp).slice(-most);
			const stored = store.set(username, Object.fromEntries(newest.map(([identifier, info]) => [identifier, to_table(info)])));
			// Where the turn fails, this is not what is stored
			module.server.turn.remember({ undo: () => void cache.set(username, undefined) });
			cache.set(username, stored.ok ? new Map(newest) : undefined);
			return stored;
		},
		forget: (username) => void cache.set(username, undefined),
	};
}
