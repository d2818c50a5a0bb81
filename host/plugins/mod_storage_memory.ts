// Counterpart: plugins/mod_storage_memory.lua

import { is_since } from "../core/storage_shims.ts";
import type {
	ArchiveItem,
	ArchiveQuery,
	ArchiveStore,
	KeyvalStore,
	ModuleDefinition,
	StorageDriver,
	StorageError,
	StoreMap,
	StoreTable,
	StoreTypes,
} from "../core/types.ts";
import { failed, ok, type Result } from "../util/error.ts";
import * as id from "../util/id.ts";
import * as table from "../util/luatable.ts";
import * as st from "../util/stanza.ts";

interface StoredItem extends ArchiveItem {
	/** Grows with each item of the store, of any user. */
	readonly sort_id: number;
}

/** What one store holds, by user; the host's own under the empty name. Users without anything are not in it. */
interface StoreData {
	readonly tables: Map<string, StoreMap>;
	/** Items by id, in the order in which they were added. */
	readonly archives: Map<string, Map<string, StoredItem>>;
	last_sort_id: number;
}

/** All stores of a host, by name. A class, so that a reloaded module knows what it saved. */
class Memory {
	private readonly stores = new Map<string, StoreData>();

	store(name: string): StoreData {
		let data = this.stores.get(name);
		if (data === undefined) {
			data = { tables: new Map(), archives: new Map(), last_sort_id: 0 };
			this.stores.set(name, data);
		}
		return data;
	}

	forget(user: string, stores: Iterable<string> = this.stores.keys()): void {
		for (const name of stores) {
			this.stores.get(name)?.tables.delete(user);
			this.stores.get(name)?.archives.delete(user);
		}
	}
}

function names(users: Iterable<string>): string[] {
	return [...users].filter((user) => user !== "");
}

function keyval_store(data: () => StoreData): KeyvalStore {
	const set = (user: string | undefined, value: StoreTable | StoreMap | undefined): Result<void, StorageError> => {
		const problem = value === undefined ? undefined : table.problem(value);
		if (problem !== undefined) return failed({ text: `${problem} cannot be stored`, refused: true });
		const copied = table.copy_map(new Map(value === undefined ? [] : table.entries(value)));
		if (copied.size > 0) data().tables.set(user ?? "", copied);
		else data().tables.delete(user ?? "");
		return ok(undefined);
	};
	return {
		get(user) {
			const stored = data().tables.get(user ?? "");
			return ok(stored && table.copy_record(table.to_record(stored)));
		},
		get_table(user) {
			const stored = data().tables.get(user ?? "");
			return ok(stored && table.copy_map(stored));
		},
		set,
		set_table: set,
		users: () => ok(names(data().tables.keys())),
	};
}

function matches(item: StoredItem, query: ArchiveQuery, ids: ReadonlySet<string> | undefined): boolean {
	return (
		(query.key === undefined || item.id === query.key) &&
		(ids === undefined || ids.has(item.id)) &&
		(query.with === undefined || item.with === query.with) &&
		(query.start === undefined || is_since(item.when, query.start)) &&
		(query.end === undefined || item.when <= query.end)
	);
}

const not_found = failed<StorageError>({ text: "item-not-found", condition: "item-not-found" });

function archive_store(data: () => StoreData, item_limit: number): ArchiveStore {
	/** One user's archive, or those of all. */
	const archives = (user: string | true | undefined): Map<string, StoredItem>[] => {
		const all = data().archives;
		if (user === true) return [...all.values()];
		const own = all.get(user ?? "");
		return own ? [own] : [];
	};

	/** The items that a query selects, oldest first, and how many there would be without `after` and `before`. */
	const select = (
		user: string | true | undefined,
		query: ArchiveQuery,
	): Result<{ items: StoredItem[]; total: number }, StorageError> => {
		const searched = archives(user);
		const position = (key: string | undefined): number | undefined => {
			for (const archive of key === undefined ? [] : searched) {
				const item = archive.get(key ?? "");
				if (item) return item.sort_id;
			}
			return undefined;
		};
		const after = position(query.after);
		const before = position(query.before);
		if ((query.after !== undefined && after === undefined) || (query.before !== undefined && before === undefined))
			return not_found;
		const ids = query.ids && new Set(query.ids);
		const items = searched.flatMap((archive) => [...archive.values()].filter((item) => matches(item, query, ids)));
		if (searched.length > 1) items.sort((a, b) => a.sort_id - b.sort_id);
		const in_range = items.filter(({ sort_id }) => sort_id > (after ?? 0) && sort_id < (before ?? Number.POSITIVE_INFINITY));
		return ok({ items: in_range, total: items.length });
	};

	const copy = ({ id: key, stanza, when, with: with_whom }: StoredItem): ArchiveItem => ({
		id: key,
		stanza: st.clone(stanza),
		when,
		with: with_whom,
	});

	/** Deletes without gathering first: a full archive is looked through for what has expired again and again. */
	const delete_matching = (user: string | true, query: ArchiveQuery): Result<number, StorageError> => {
		const ids = query.ids && new Set(query.ids);
		const all = data().archives;
		let deleted = 0;
		for (const owner of user === true ? [...all.keys()] : [user]) {
			const archive = all.get(owner);
			archive?.forEach((item) => {
				if (!matches(item, query, ids)) return;
				archive.delete(item.id);
				deleted++;
			});
			if (archive?.size === 0) all.delete(owner);
		}
		return ok(deleted);
	};

	/** Deletes all but so many of the newest items of one user. */
	const truncate_one = (user: string, kept: number): Result<number, StorageError> => {
		const archive = data().archives.get(user);
		if (archive === undefined) return ok(0);
		const doomed = Math.max(0, archive.size - kept);
		let left = doomed;
		for (const key of archive.keys()) {
			if (left === 0) break;
			archive.delete(key);
			left--;
		}
		if (archive.size === 0) data().archives.delete(user);
		return ok(doomed);
	};

	const store: ArchiveStore = {
		caps: { total: true, quota: item_limit, full_id_range: true, ids: true, truncate: true, wildcard_delete: true },
		append(user = "", key = id.medium(), stanza, when, with_whom) {
			const { archives: all } = data();
			const archive = all.get(user) ?? new Map<string, StoredItem>();
			if (!archive.has(key) && archive.size >= item_limit) return failed({ text: "quota-limit" });
			archive.delete(key);
			archive.set(key, { id: key, stanza: st.clone(stanza), when, with: with_whom, sort_id: ++data().last_sort_id });
			all.set(user, archive);
			return ok(key);
		},
		find(user, query = {}) {
			const selected = select(user, query);
			if (!selected.ok) return selected;
			const { items, total } = selected.value;
			if (query.reverse) items.reverse();
			const page = items.slice(0, query.limit).map(copy);
			return ok(query.total ? { items: page, total } : { items: page });
		},
		async find_later(user, query) {
			await new Promise((resolve) => setImmediate(resolve));
			return store.find(user, query);
		},
		get(user = "", key) {
			const item = data().archives.get(user)?.get(key);
			return ok(item && copy(item));
		},
		set(user = "", key, stanza, when, with_whom) {
			const archive = data().archives.get(user);
			const item = archive?.get(key);
			if (!archive || !item) return not_found;
			archive.set(key, { ...item, stanza: st.clone(stanza), when: when ?? item.when, with: with_whom ?? item.with });
			return ok(undefined);
		},
		delete(user = "", query = {}) {
			const { after, before, truncate: most } = query;
			if (most !== undefined && user !== true && Object.keys(query).length === 1) return truncate_one(user, most);
			if (after === undefined && before === undefined && most === undefined) return delete_matching(user, query);
			const selected = select(user, query);
			if (!selected.ok) return selected;
			const { items } = selected.value;
			const kept = most === undefined ? 0 : Math.min(most, items.length);
			const doomed = query.reverse ? items.slice(kept) : items.slice(0, items.length - kept);
			const gone = new Set(doomed);
			const all = data().archives;
			for (const [owner, archive] of user === true ? [...all] : [[user, all.get(user)] as const]) {
				for (const item of archive?.values() ?? []) if (gone.has(item)) archive?.delete(item.id);
				if (archive?.size === 0) all.delete(owner);
			}
			return ok(doomed.length);
		},
		summary(user, query = {}) {
			const selected = select(user, query);
			if (!selected.ok) return selected;
			const summary = new Map<string, { count: number; first: number; last: number }>();
			for (const { with: with_whom, when } of selected.value.items) {
				const seen = summary.get(with_whom) ?? { count: 0, first: when, last: when };
				summary.set(with_whom, { count: seen.count + 1, first: Math.min(seen.first, when), last: Math.max(seen.last, when) });
			}
			return ok(summary);
		},
		users: () => ok(names(data().archives.keys())),
	};
	return store;
}

/**
 * A driver that keeps everything in this process, until the host is deactivated.
 * Values are copied when they are stored and when they are read.
 * Options: `storage_archive_item_limit`, `storage_memory_temporary`, `storage_memory_temporary_stores`.
 */
export const definition: ModuleDefinition = {
	name: "storage_memory",
	load(module) {
		let memory = new Memory();
		const item_limit = module.get_option_integer("storage_archive_item_limit", 1000, 0);

		const kinds: { [Kind in keyof StoreTypes]: (store: string) => Result<StoreTypes[Kind], StorageError> } = {
			keyval: (store) => ok(keyval_store(() => memory.store(store))),
			archive: (store) => ok(archive_store(() => memory.store(store), item_limit)),
			map: () => failed({ text: "unsupported-store" }),
		};
		const driver: StorageDriver = {
			name: "memory",
			open: (store, kind) => kinds[kind](store),
			purge(user) {
				memory.forget(user);
				return ok(undefined);
			},
		};

		if (module.get_option_boolean("storage_memory_temporary", false)) {
			const chosen = [...module.get_option_set("storage_memory_temporary_stores")].filter((name) => typeof name === "string");
			module.hook("resource-unbind", ({ session: { username, host } }) => {
				if (username === undefined || module.server.delivery.is_online(`${username}@${host}`)) return;
				module.log("debug", "Clearing store for offline user %s@%s", username, host);
				memory.forget(username, chosen.length > 0 ? chosen : undefined);
			});
		}

		module.save = () => memory;
		module.restore = (saved) => {
			if (saved instanceof Memory) memory = saved;
		};
		module.provides("storage", driver);
	},
};
