// Counterpart: core/storagemanager.lua (the map shim and the null driver)

import { failed, ok, type Result } from "../util/error.ts";
import type { ArchiveStore, KeyvalStore, MapStore, StorageError, StoreTypes, StoreValue } from "./types.ts";

/** Why a map store refuses to look for a key in all users. */
export const key_expected: StorageError = { text: "only non-empty text can be a key to look for in all users", refused: true };

/**
 * Whether an item of an archive is from a time or later, by {@link ArchiveQuery.start}: where its own is in whole seconds, as Prosody
 * 0.12 files everything, it may be from anywhere in that second. Giving too much does no harm; what is left out, the client never
 * gets.
 */
export function is_since(when: number, start: number): boolean {
	return when >= start || (Number.isInteger(when) && when >= Math.floor(start));
}

/** A map store for drivers that have none: reads and writes whole tables. */
export function map_on_keyval(keyval: KeyvalStore): MapStore {
	const store: MapStore = {
		get(user, key) {
			const table = keyval.get_table(user);
			return table.ok ? ok(table.value?.get(key)) : table;
		},
		set: (user, key, value) => store.set_keys(user, new Map([[key, value]])),
		set_keys(user, values) {
			const table = keyval.get_table(user);
			if (!table.ok) return table;
			const changed = new Map(table.value);
			for (const [key, value] of values) {
				if (value === undefined) changed.delete(key);
				else changed.set(key, value);
			}
			return keyval.set_table(user, changed);
		},
		get_all(key) {
			if (key === "") return failed(key_expected);
			const found = new Map<string, StoreValue>();
			const users = keyval.users();
			if (!users.ok) return users;
			for (const user of users.value) {
				const value = store.get(user, key);
				if (!value.ok) return value;
				if (value.value !== undefined) found.set(user, value.value);
			}
			return ok(found);
		},
		delete_all(key) {
			if (key === "") return failed(key_expected);
			const users = keyval.users();
			if (!users.ok) return users;
			let result: Result<void, StorageError> = ok(undefined);
			for (const user of users.value) {
				const value = store.get(user, key);
				const removed = value.ok && value.value === undefined ? value : store.set(user, key, undefined);
				// An error with one user's data must not keep the other users' keys.
				if (!removed.ok) result = removed;
			}
			return result;
		},
	};
	return store;
}

/** Stores that hold nothing: reading answers with `empty`, writing with an error. */
export function null_stores(text: string, reading: "empty" | "fails"): StoreTypes {
	const refused = failed<StorageError>({ text, refused: true });
	const read = <T>(empty: T): Result<T, StorageError> => (reading === "empty" ? ok(empty) : failed({ text }));
	const keyval: KeyvalStore = {
		get: () => read(undefined),
		get_table: () => read(undefined),
		set: () => refused,
		set_table: () => refused,
		users: () => read([]),
	};
	const archive: ArchiveStore = {
		...(reading === "fails" ? { name: "null" } : {}),
		caps: { total: true, full_id_range: true, ids: true, truncate: true, wildcard_delete: true },
		append: () => refused,
		find: (_user, query) => read(query?.total ? { items: [], total: 0 } : { items: [] }),
		find_later: async (user, query) => archive.find(user, query),
		get: () => read(undefined),
		set: () => refused,
		delete: () => read(0),
		summary: () => read(new Map()),
		users: () => read([]),
	};
	const map: MapStore = {
		get: () => read(undefined),
		set: () => refused,
		set_keys: () => refused,
		get_all: () => read(new Map()),
		delete_all: () => read(undefined),
	};
	return { keyval, map, archive };
}
