// No counterpart: Prosody's callers look at what a store answers, or not.

import type { Result } from "../util/error.ts";
import type { Turn } from "../util/turn.ts";
import type { ArchiveStore, KeyvalStore, MapStore, StorageError, StoreTypes } from "./types.ts";

/** Answers that are no trouble with the storage, whichever driver gives them. */
const answers: ReadonlySet<string> = new Set(["quota-limit", "item-not-found", "unsupported-store"]);

/** Whether an error is about the storage, and not about what was asked of it. */
export function is_trouble({ text, condition, refused }: StorageError): boolean {
	return !refused && condition === undefined && !answers.has(text);
}

/** A store in front of another one, through which a write that comes to nothing fails the turn, whoever looks at the answer. */
export function guard_writes(turn: Turn): {
	readonly [Kind in keyof StoreTypes]: (store: StoreTypes[Kind]) => StoreTypes[Kind];
} {
	function check<T>(done: Result<T, StorageError>): Result<T, StorageError> {
		if (!done.ok && is_trouble(done.error)) turn.fail(new Error(done.error.text));
		return done;
	}
	return {
		keyval(store) {
			const guarded: KeyvalStore = Object.create(store);
			guarded.set = (user, data) => check(store.set(user, data));
			guarded.set_table = (user, data) => check(store.set_table(user, data));
			return guarded;
		},
		map(store) {
			const guarded: MapStore = Object.create(store);
			guarded.set = (user, key, value) => check(store.set(user, key, value));
			guarded.set_keys = (user, values) => check(store.set_keys(user, values));
			guarded.delete_all = (key) => check(store.delete_all(key));
			return guarded;
		},
		archive(store) {
			const guarded: ArchiveStore = Object.create(store);
			guarded.append = (...given) => check(store.append(...given));
			guarded.set = (...given) => check(store.set(...given));
			guarded.delete = (...given) => check(store.delete(...given));
			return guarded;
		},
	};
}
