// Counterpart: plugins/mod_pubsub/pubsub.lib.lua (archive_itemstore)

import type { ArchiveItem, ArchiveStore, Log, StorageError } from "../../core/types.ts";
import { now } from "../../util/datetime.ts";
import type { Result } from "../../util/error.ts";
import { ns } from "../../util/ns.ts";
import type { Done, ItemStore } from "../../util/pubsub.ts";
import { refused } from "../../util/pubsub.ts";
import type { Stanza } from "../../util/stanza.ts";
import * as st from "../../util/stanza.ts";

/** An item around what was published. */
function item_of({ id, stanza, with: publisher }: ArchiveItem): Stanza {
	const item = st.stanza("item", { id, publisher: publisher === "" ? undefined : publisher, xmlns: ns.pubsub });
	return item.add_child(stanza);
}

/**
 * Keeps the items of a node in an archive, under their ids.
 * @param max_items how many there may be
 * @param user whose archive it is; undefined for that of the host
 */
export function archive_itemstore(archive: ArchiveStore, max_items: number, user: string | undefined, log: Log): ItemStore {
	let limit = max_items;

	function done<Value>(answer: Result<unknown, StorageError>, what: string, value: Value): Done<Value> {
		if (answer.ok) return { ok: true, value };
		log("error", "Unable to %s: %s", what, answer.error.text);
		return refused("internal-server-error");
	}

	function newest(wanted: number): Done<ArchiveItem[]> {
		const found = archive.find(user, { limit: wanted, reverse: true });
		return done(found, "get items", found.ok ? found.value.items : []);
	}

	function set(id: string, item: Stanza | undefined): Done {
		const payload = item?.first_tag;
		if (item !== undefined && payload === undefined) return refused("invalid-item");
		const stored =
			payload === undefined
				? archive.delete(user, { key: id })
				: archive.append(user, id, payload, now(), item?.attr["publisher"] ?? "");
		if (!stored.ok) return done(stored, "set item", true);
		return done(archive.delete(user, { truncate: limit }), "delete old items", true);
	}

	return {
		set,
		items(wanted = Number.POSITIVE_INFINITY) {
			const found = newest(Math.min(limit, wanted));
			return found.ok ? { ok: true, value: found.value.map((item) => [item.id, item_of(item)]) } : found;
		},
		get(id) {
			const found = archive.find(user, { key: id, reverse: true, limit: 1 });
			const item = found.ok ? found.value.items[0] : undefined;
			return done(found, "get item", item && item_of(item));
		},
		clear: () => done(archive.delete(user), "delete items", true),
		resize(size) {
			limit = size;
			return done(archive.delete(user, { truncate: size }), "delete old items", true);
		},
		head() {
			const found = newest(1);
			if (!found.ok) return found;
			const [item] = found.value;
			return { ok: true, value: item && [item.id, item_of(item)] };
		},
	};
}
