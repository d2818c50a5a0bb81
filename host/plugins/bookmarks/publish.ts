// Counterpart: plugins/mod_bookmarks.lua (publish_to_pep)

import type { ModuleApi } from "../../core/types.ts";
import { ns } from "../../util/ns.ts";
import type { Done, NodeConfig, PubsubService } from "../../util/pubsub.ts";
import type { Stanza } from "../../util/stanza.ts";
import * as st from "../../util/stanza.ts";
import { bookmark_item, is_same_bookmark } from "./convert.ts";

/** What the node of bookmarks has to be like: nobody else may see them. */
export const default_options: NodeConfig = {
	persist_items: true,
	max_items: "max",
	send_last_published_item: "never",
	access_model: "whitelist",
};

const done = { ok: true, value: true } as const;

/** The bookmarks that there are. The node is made, or becomes what it has to be. */
function prepare_node(module: ModuleApi, service: PubsubService, actor: string): Done<ReadonlyMap<string, Stanza>> {
	const current = service.get_items(ns.bookmarks, actor);
	if (!current.ok && current.error === "item-not-found") {
		const created = service.create(ns.bookmarks, actor, default_options);
		return created.ok ? { ok: true, value: new Map() } : created;
	}
	if (!current.ok) return current;
	const config = service.get_node_config(ns.bookmarks, actor);
	if (!config.ok) return config;
	const wrong = Object.keys(default_options).filter((key) => config.value[key] !== default_options[key]);
	if (wrong.length === 0) return current;
	module.log("warn", "Overriding bookmarks 2 configuration for %s: %s", actor, wrong.join(", "));
	const set = service.set_node_config(ns.bookmarks, actor, { ...config.value, ...default_options });
	return set.ok ? current : set;
}

/**
 * Publishes bookmarks in the older form, each as an item of its own.
 * @param synchronise whether those that are not among them are removed
 */
export function publish_bookmarks(
	module: ModuleApi,
	service: PubsubService,
	actor: string,
	storage: Stanza,
	synchronise: boolean,
): Done {
	if (storage.first_tag === undefined) {
		const purged = synchronise ? service.purge(ns.bookmarks, actor, true) : done;
		// Where there is no node, there are no bookmarks
		return purged.ok || purged.error === "item-not-found" ? done : purged;
	}
	const current = prepare_node(module, service, actor);
	if (!current.ok) return current;
	const kept = new Set<string>();
	for (const legacy of storage.childtags("conference", ns.legacy_bookmarks)) {
		const { jid } = legacy.attr;
		// Divergence: Prosody fails on a bookmark without a room, and nothing is answered
		if (jid === undefined) continue;
		kept.add(jid);
		const item = bookmark_item(jid, legacy);
		if (is_same_bookmark(item, current.value.get(jid))) continue;
		const published = service.publish(ns.bookmarks, actor, jid, item, { config: default_options });
		if (!published.ok) return published;
	}
	if (!synchronise) return done;
	for (const id of current.value.keys()) {
		if (kept.has(id)) continue;
		const retracted = service.retract(ns.bookmarks, actor, id, st.stanza("retract", { id }));
		if (!retracted.ok) return retracted;
	}
	return done;
}
