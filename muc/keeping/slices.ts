// No counterpart: in Prosody, everybody waits for what takes long.

import type { ArchiveItem, ArchiveQuery, ArchiveStore, ModuleApi, Stanza, StorageError } from "../../host/core/types.ts";
import { failed, ok, type Result } from "../../host/util/error.ts";

/** How many items are looked at in one turn. */
export const slice_size = 250;

/** Lets others have their turn. */
export function between_turns(): Promise<void> {
	return new Promise((resolve) => setImmediate(resolve));
}

/**
 * Whether what the current turn does is stored, once that is known. Asked for in the turn itself. A turn that cannot be stored is taken
 * back as a whole.
 */
export function is_stored({ server }: ModuleApi): Promise<boolean> {
	return new Promise((resolve) => {
		server.turn.remember({ kept: () => resolve(true), undo: () => resolve(false) });
	});
}

/** What is said where a turn could not be stored; the log has the cause. */
export const not_stored = "it could not be written, see the log";

/**
 * Goes through an archive from the oldest item to the newest, page by page. Where the last item of a page goes meanwhile, by expiry or
 * by whoever asks for the pages, the next page begins at its time.
 * @throws a {@link StorageError}'s text as an Error where the archive cannot be read
 */
export async function* pages_of(
	store: ArchiveStore,
	user: string | undefined,
	query: ArchiveQuery = {},
): AsyncGenerator<ArchiveItem[], void> {
	/** Those of the last second that were given, since a page that begins by time has them again. */
	let given = new Set<string>();
	let last: ArchiveItem | undefined;
	for (;;) {
		const limit = slice_size;
		let found = await store.find_later(user, last === undefined ? { ...query, limit } : { ...query, after: last.id, limit });
		if (!found.ok && last !== undefined && found.error.condition === "item-not-found") {
			found = await store.find_later(user, { ...query, start: Math.floor(last.when), limit: limit + given.size });
		}
		if (!found.ok) throw new Error(found.error.text);
		const page = found.value.items.filter(({ id }) => !given.has(id));
		const newest = page.at(-1);
		if (newest === undefined) return;
		const second = Math.floor(newest.when);
		if (last === undefined || Math.floor(last.when) !== second) given = new Set();
		for (const { id, when } of page) if (Math.floor(when) === second) given.add(id);
		last = newest;
		yield page;
	}
}

/** Replaces several items' stanzas; those that are gone are left out. */
export function replace_items(
	store: ArchiveStore,
	user: string | undefined,
	stanzas: ReadonlyMap<string, Stanza>,
): Result<void, StorageError> {
	if (store.set_many !== undefined) return store.set_many(user, stanzas);
	for (const [id, stanza] of stanzas) {
		const done = store.set(user, id, stanza);
		if (!done.ok && done.error.text !== "item-not-found") return failed(done.error);
	}
	return ok(undefined);
}
