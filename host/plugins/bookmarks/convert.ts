// Counterpart: plugins/mod_bookmarks.lua (generate_legacy_storage, compare_bookmark2)

import { ns } from "../../util/ns.ts";
import type { Stanza } from "../../util/stanza.ts";
import * as st from "../../util/stanza.ts";

/** What both forms of a bookmark have. */
const details = ["nick", "password"] as const;

function add_details(conference: Stanza, from: Stanza | undefined): Stanza {
	for (const name of details) {
		const text = from?.get_child_text(name);
		if (text !== undefined) conference.text_tag(name, text);
	}
	return conference.reset();
}

/**
 * Bookmarks in the older form, all in one element, of items in the newer form.
 * @param invalid told of an item that is no bookmark
 */
export function legacy_storage(items: ReadonlyMap<string, Stanza>, invalid: (item: Stanza) => void): Stanza {
	const storage = st.stanza("storage", { xmlns: ns.legacy_bookmarks });
	for (const [id, item] of items) {
		const bookmark = item.get_child("conference", ns.bookmarks);
		if (bookmark === undefined) invalid(item);
		const { name, autojoin } = bookmark?.attr ?? {};
		storage.add_child(add_details(st.stanza("conference", { jid: id, name, autojoin }), bookmark));
	}
	return storage;
}

/** A bookmark in the older form as an item in the newer form. */
export function bookmark_item(jid: string, legacy: Stanza): Stanza {
	const { name, autojoin } = legacy.attr;
	const conference = st.stanza("conference", { xmlns: ns.bookmarks, name, autojoin });
	return st.stanza("item", { xmlns: ns.pubsub, id: jid }).add_child(add_details(conference, legacy));
}

/** Whether two items are the same bookmark with the same details. */
export function is_same_bookmark(a: Stanza, b: Stanza | undefined): boolean {
	const [one, other] = [a.get_child("conference", ns.bookmarks), b?.get_child("conference", ns.bookmarks)];
	if (one === undefined || other === undefined) return false;
	return (
		one.attr["name"] === other.attr["name"] &&
		one.attr["autojoin"] === other.attr["autojoin"] &&
		details.every((name) => one.get_child_text(name) === other.get_child_text(name))
	);
}
