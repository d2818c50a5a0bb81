// Counterpart: plugins/mod_blocklist.lua (get_blocklist, set_blocklist, migrate_privacy_list)

import type { ModuleApi, StorageError, StoreMap, StoreValue } from "../../core/types.ts";
import { Cache } from "../../util/cache.ts";
import { now } from "../../util/datetime.ts";
import { ok, type Result } from "../../util/error.ts";
import * as jid from "../../util/jid.ts";
import { get, is_table } from "../../util/luatable.ts";

/** Whom an account blocks. */
export interface Blocklist {
	/** When each JID was blocked, in seconds since 1970; `true` where nobody knows. */
	readonly jids: ReadonlyMap<string, StoreValue>;
	/** The domains of all of them. */
	readonly domains: ReadonlySet<string>;
	/** What is stored under the key `false`: that no older list is to be taken over, and when it changed. */
	readonly metadata: StoreValue;
}

/** The blocklists of a host's accounts. */
export interface Blocklists {
	/** The list of an account; an empty one where there is no such account. An error where it could not be read. */
	get(username: string): Result<Blocklist, StorageError>;
	/** Stores a list in place of the one before. */
	set(username: string, jids: ReadonlyMap<string, StoreValue>, metadata: StoreValue): Result<void, StorageError>;
	forget(username: string): void;
}

function blocklist(jids: ReadonlyMap<string, StoreValue>, metadata: StoreValue): Blocklist {
	return { jids, metadata, domains: new Set([...jids.keys()].map((one) => jid.host(one) ?? one)) };
}

/** What is stored as a list. */
function read(stored: StoreMap): Blocklist {
	const jids = new Map<string, StoreValue>();
	for (const [key, value] of stored) if (typeof key === "string" && value !== false) jids.set(key, value);
	return blocklist(jids, stored.get(false) ?? false);
}

/** Whether a list has an address, its account, or its domain. */
export function is_on(list: Blocklist, address: string): boolean {
	const { jids } = list;
	if (jids.size === 0) return false;
	const { node, host } = jid.split(address);
	return jids.has(address) || (host !== undefined && (jids.has(host) || (node !== undefined && jids.has(`${node}@${host}`))));
}

/**
 * Keeps the lists that were used last in memory, since they are asked for with each stanza.
 * Options: blocklist_cache_size, migrate_legacy_blocking.
 */
export function open_blocklists(module: ModuleApi): Blocklists {
	const { server, host } = module;
	const store = module.open_store();
	const cache = new Cache<string, Blocklist>(module.get_option_integer("blocklist_cache_size", 256, 1));
	const takes_over = module.get_option_boolean("migrate_legacy_blocking", true);
	const nothing = blocklist(new Map(), false);
	module.hook("account-given-up", ({ username }) => {
		if (username === undefined) cache.clear();
		else cache.set(username, undefined);
	});

	function set(username: string, jids: ReadonlyMap<string, StoreValue>, metadata: StoreValue): Result<void, StorageError> {
		const stored = store.set_table(username, new Map<string | boolean, StoreValue>([[false, metadata], ...jids]));
		if (!stored.ok) return stored;
		cache.set(username, blocklist(jids, metadata));
		// Where the turn fails, this is not what is stored
		server.turn.remember({ undo: () => void cache.set(username, undefined) });
		return stored;
	}

	/** The JIDs that the list of mod_privacy denied, which Prosody had before 0.10; undefined where there is none. */
	function privacy_list(username: string): Map<string, StoreValue> | undefined {
		const stored = module.open_store("privacy").get_table(username);
		const lists = stored.ok ? stored.value?.get("lists") : undefined;
		const name = stored.ok ? stored.value?.get("default") : undefined;
		if (lists === undefined || !is_table(lists) || typeof name !== "string") return undefined;
		const list = get(lists, name);
		const items = list !== undefined && is_table(list) ? get(list, "items") : undefined;
		if (!Array.isArray(items)) return undefined;
		module.log("info", "Migrating blocklist from mod_privacy storage for user '%s'", username);
		const jids = new Map<string, StoreValue>();
		for (const item of items) {
			if (!is_table(item) || get(item, "type") !== "jid" || get(item, "action") !== "deny") continue;
			const value = get(item, "value");
			const address = typeof value === "string" ? jid.prep(value) : undefined;
			if (address !== undefined) jids.set(address, true);
			else module.log("warn", "Invalid JID in privacy store for user '%s' not migrated: %s", username, value);
		}
		return jids;
	}

	return {
		set,
		forget: (username) => void cache.set(username, undefined),
		get(username) {
			const known = cache.get(username);
			if (known !== undefined) return ok(known);
			if (!server.usermanager.user_exists(username, host)) return ok(nothing);
			const stored = store.get_table(username);
			if (!stored.ok) return stored;
			let list = stored.value === undefined ? undefined : read(stored.value);
			const older = list === undefined && takes_over ? privacy_list(username) : undefined;
			if (older !== undefined) {
				const metadata = { created: now(), migrated: "privacy" };
				set(username, older, metadata);
				list = blocklist(older, metadata);
			}
			list ??= blocklist(new Map(), { created: now() });
			cache.set(username, list);
			return ok(list);
		},
	};
}
