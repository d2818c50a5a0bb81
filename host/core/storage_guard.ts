// No counterpart: Prosody's callers look at what a store answers, or not.

import type { Result } from "../util/error.ts";
import type { Turn } from "../util/turn.ts";
import type { ArchiveStore, KeyvalStore, MapStore, StorageError, StoreTypes } from "./types.ts";

/** Errors that do not mean trouble with the storage, whichever driver gives them. */
const answers: ReadonlySet<string> = new Set(["quota-limit", "item-not-found", "unsupported-store"]);

/** Whether an error is about the storage itself, and not about the request. */
export function is_trouble({ text, condition, refused }: StorageError): boolean {
	return !refused && condition === undefined && !answers.has(text);
}

/** A store with all that another one has, some of which may then be replaced. */
function copy_of<Store extends object>(store: Store): Store {
	const copy: Store = Object.create(Object.getPrototypeOf(store));
	return Object.assign(copy, store);
}

/** Stores in front of others. */
type Guards = { readonly [Kind in keyof StoreTypes]: (store: StoreTypes[Kind], place: string) => StoreTypes[Kind] };

/**
 * Wraps stores so that a write that fails also fails the turn, even where nobody looks at the answer, and so that a turn depends on
 * earlier turns that wrote what it reads. The place is the store's name with its host.
 */
export function guard_stores(turn: Turn): Guards {
	function check<T>(done: Result<T, StorageError>): Result<T, StorageError> {
		if (!done.ok && is_trouble(done.error)) turn.fail(new Error(done.error.text));
		return done;
	}
	return {
		keyval(store, place) {
			const concern = (user: string | undefined): void => turn.concern(`${place}/${user ?? ""}`);
			const guarded: KeyvalStore = copy_of(store);
			guarded.get = (user) => {
				concern(user);
				return store.get(user);
			};
			guarded.get_table = (user) => {
				concern(user);
				return store.get_table(user);
			};
			guarded.set = (user, data) => {
				concern(user);
				return check(store.set(user, data));
			};
			guarded.set_table = (user, data) => {
				concern(user);
				return check(store.set_table(user, data));
			};
			return guarded;
		},
		map(store, place) {
			const concern = (user: string | undefined): void => turn.concern(`${place}/${user ?? ""}`);
			const guarded: MapStore = copy_of(store);
			guarded.get = (user, key) => {
				concern(user);
				return store.get(user, key);
			};
			guarded.set = (user, key, value) => {
				concern(user);
				return check(store.set(user, key, value));
			};
			guarded.set_keys = (user, values) => {
				concern(user);
				return check(store.set_keys(user, values));
			};
			guarded.delete_all = (key) => check(store.delete_all(key));
			return guarded;
		},
		archive(store, place) {
			const concern = (user: string | true | undefined): void => turn.concern(`${place}/${user ?? ""}`);
			const guarded: ArchiveStore = copy_of(store);
			guarded.append = (user, ...given) => {
				concern(user);
				return check(store.append(user, ...given));
			};
			guarded.set = (user, ...given) => {
				concern(user);
				return check(store.set(user, ...given));
			};
			const { set_many } = store;
			if (set_many !== undefined) {
				guarded.set_many = (user, stanzas) => {
					concern(user);
					return check(set_many(user, stanzas));
				};
			}
			guarded.delete = (user, ...given) => {
				concern(user);
				return check(store.delete(user, ...given));
			};
			guarded.find = (user, query) => {
				concern(user);
				return store.find(user, query);
			};
			guarded.find_later = async (user, query) => {
				const found = await store.find_later(user, query);
				// Whoever asked is told of the error in this turn
				concern(user);
				return found;
			};
			guarded.get = (user, id) => {
				concern(user);
				return store.get(user, id);
			};
			return guarded;
		},
	};
}
