// No counterpart: Prosody only deletes what has expired.

import type { ArchiveStore, ModuleApi } from "../../host/core/types.ts";
import { now } from "../../host/util/datetime.ts";
import { failed, ok, type Result } from "../../host/util/error.ts";
import { node } from "../../host/util/jid.ts";
import type { FindRoom } from "./find.ts";
import { type Change, create_memory_change } from "./memory.ts";
import { is_stored, not_stored, slice_size } from "./slices.ts";

/** What was deleted in one turn, and whether that was all. */
interface Slice {
	readonly deleted: number;
	readonly is_last: boolean;
}

async function delete_slice(store: ArchiveStore, user: string | undefined, end: number): Promise<Result<Slice, string>> {
	// Where each change writes the whole archive anew, one is less work than many
	const found = store.set_many === undefined ? await store.find_later(user, { end, limit: slice_size }) : ok({ items: [] });
	if (!found.ok) return failed(found.error.text);
	const ids = found.value.items.map(({ id }) => id);
	// What cannot be read is not among them
	const deleted = store.delete(user, ids.length === 0 ? { end } : { ids });
	return deleted.ok ? ok({ deleted: deleted.value, is_last: ids.length === 0 }) : failed(deleted.error.text);
}

/**
 * Gives a function that deletes what was said in a room until a time (seconds since 1970, now where there is none), from its archive and
 * from what it remembers. Where that fails in the middle, what is older is gone and the rest is there; calling it again goes on.
 */
export function create_purge(
	module: ModuleApi,
	store: ArchiveStore,
	find: FindRoom,
): (room_jid: string, before?: number) => Promise<Result<number, string>> {
	const change_memory = create_memory_change(module);

	return async (room_jid, before = now()) => {
		const user = node(room_jid);
		let total = 0;
		for (;;) {
			const deleted = await delete_slice(store, user, before);
			// In every slice, since somebody may have restored the room meanwhile
			const room = find(room_jid);
			const is_old: Change = (_message, when) => (when <= before ? "gone" : undefined);
			const forgotten = room.ok ? change_memory(user, room.value, is_old) : room;
			const stored = await is_stored(module);
			if (!deleted.ok) return deleted;
			if (!forgotten.ok) return forgotten;
			if (!stored) return failed(not_stored);
			total += deleted.value.deleted;
			if (deleted.value.is_last) break;
		}
		module.log("info", "Deleted %d archived messages of %s", total, room_jid);
		return ok(total);
	};
}
