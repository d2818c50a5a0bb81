// Counterpart: plugins/mod_bookmarks.lua (migrate_legacy_bookmarks)

import type { C2sSession, ModuleApi } from "../../core/types.ts";
import { ns } from "../../util/ns.ts";
import type { PubsubService } from "../../util/pubsub.ts";
import * as st from "../../util/stanza.ts";
import { publish_bookmarks } from "./publish.ts";

declare module "../../core/types.ts" {
	interface EventMap {
		/** Somebody logs in who has no bookmarks. */
		"bookmarks/empty": { session: C2sSession };
	}
}

/** The older node is there so that nobody else is told what is sent in its name; nothing is kept in it. */
const useless = {
	persist_items: false,
	max_items: 1,
	send_last_published_item: "never",
	access_model: "whitelist",
} as const;

/**
 * Takes over bookmarks in the older forms when their owners log in: those published (XEP-0048), and those in private storage.
 * Option: upgrade_legacy_bookmarks.
 */
export function migrate_bookmarks(module: ModuleApi, service_of: (username: string) => PubsubService): void {
	const private_storage = module.open_store("private", "map");
	const key = `storage:${ns.legacy_bookmarks}`;

	function migrate_published(service: PubsubService, session: C2sSession, jid: string): void {
		const actor = session.full_jid ?? jid;
		const published = service.get_items(ns.legacy_bookmarks, actor);
		if (!published.ok || published.value.size === 0) return;
		for (const item of published.value.values()) {
			const storage = item.get_child("storage", ns.legacy_bookmarks);
			// Divergence: Prosody fails on what are no bookmarks
			if (storage === undefined) continue;
			const done = publish_bookmarks(module, service, actor, storage, false);
			if (done.ok) continue;
			module.log("error", "Failed to store legacy PEP bookmarks to bookmarks 2 for %s, aborting migration: %s", jid, done.error);
			return;
		}
		const purged = service.purge(ns.legacy_bookmarks, jid, false);
		if (!purged.ok) module.log("error", "Failed to delete legacy PEP bookmarks for %s: %s", jid, purged.error);
	}

	/** Makes the older node useless; false where that failed. */
	function prepare_legacy_node(service: PubsubService, jid: string): boolean {
		const node = service.nodes.get(ns.legacy_bookmarks);
		if (node !== undefined && service.config_of(node)["access_model"] === "whitelist") return true;
		const done =
			node === undefined
				? service.create(ns.legacy_bookmarks, jid, useless)
				: service.set_node_config(ns.legacy_bookmarks, jid, useless);
		if (!done.ok) module.log("error", "Setting legacy bookmarks node config failed: %s", done.error);
		return done.ok;
	}

	function migrate_private(service: PubsubService, session: C2sSession, username: string, jid: string): void {
		const actor = session.full_jid ?? jid;
		const stored = private_storage.get(username, key);
		if (!stored.ok) {
			module.log("error", "Legacy bookmarks of %s could not be read: %s", jid, stored.error.text);
			return;
		}
		const storage = st.deserialize(stored.value);
		if (storage === undefined) {
			if (!service.get_items(ns.bookmarks, actor).ok) module.fire_event("bookmarks/empty", { session });
			return;
		}
		const published = publish_bookmarks(module, service, actor, storage, false);
		if (!published.ok) {
			module.log("error", "Failed to store legacy bookmarks to bookmarks 2 for %s, aborting migration: %s", jid, published.error);
			return;
		}
		const removed = private_storage.set(username, key, undefined);
		if (!removed.ok) module.log("error", "Failed to remove legacy bookmarks of %s: %s", jid, removed.error.text);
	}

	if (!module.get_option_boolean("upgrade_legacy_bookmarks", true)) return;
	module.hook("resource-bind", ({ session }) => {
		const { username, host } = session;
		if (username === undefined) return;
		const jid = `${username}@${host}`;
		const service = service_of(username);
		migrate_published(service, session, jid);
		if (prepare_legacy_node(service, jid)) migrate_private(service, session, username, jid);
	});
}
