// Counterpart: plugins/mod_pubsub/pubsub.lib.lua

import type { DiscoEvent } from "../../core/types.ts";
import { ns } from "../../util/ns.ts";
import type { PubsubService } from "../../util/pubsub.ts";
import { pubsub_error_reply } from "./errors.ts";
import { filled, node_metadata_form } from "./forms.ts";
import type { Handlers } from "./handle.ts";
import { item_handlers } from "./items.ts";
import { node_handlers } from "./nodes.ts";
import { people_handlers } from "./people.ts";

/** All that clients may ask of a service. */
export const handlers: Handlers = new Map([...item_handlers, ...node_handlers, ...people_handlers]);

/** What a service can do, by the names of XEP-0060 §10. */
export function feature_set({ config, node_defaults }: PubsubService): Set<string> {
	const features = new Set([
		"subscribe",
		"subscription-options",
		"create-nodes",
		"instant-nodes",
		"item-ids",
		"create-and-configure",
		"delete-nodes",
		"retrieve-items",
		"retrieve-subscriptions",
		"retrieve-default",
		"publish",
		"multi-items",
		"publish-options",
		"purge-nodes",
		"delete-items",
		"retract-items",
		"config-node",
		"meta-data",
		"modify-affiliations",
		"outcast-affiliation",
		"member-affiliation",
		"publisher-affiliation",
		"config-node-max",
	]);
	if (config.autocreate_on_publish) features.add("auto-create");
	features.add(`access-${node_defaults["access_model"]}`);
	if (node_defaults["send_last_published_item"] !== "never") features.add("last-published");
	if (config.itemstore !== undefined && config.nodestore !== undefined) features.add("persistent-items");
	return features;
}

/** Service discovery of a node: what it is. */
export function handle_disco_info_node(event: DiscoEvent, service: PubsubService): true | undefined {
	const { stanza, reply, node = "", origin } = event;
	const metadata = service.get_node_metadata(node, stanza.attr["from"] ?? "");
	if (!metadata.ok) {
		origin.send(pubsub_error_reply(stanza, metadata));
		return true;
	}
	event.exists = true;
	reply.tag("identity", { category: "pubsub", type: "leaf" }).up();
	reply.add_child(filled(node_metadata_form, metadata.value, "result"));
	return undefined;
}

/** Service discovery of a node: its items. */
export function handle_disco_items_node(event: DiscoEvent, service: PubsubService): true | undefined {
	const { stanza, reply, node = "", origin } = event;
	const items = service.get_items(node, stanza.attr["from"] ?? "");
	if (!items.ok) {
		origin.send(pubsub_error_reply(stanza, items));
		return true;
	}
	for (const id of items.value.keys()) reply.tag("item", { jid: service.config.jid, name: id }).up();
	event.exists = true;
	return undefined;
}

/** The namespaces of IQs for a service. */
export const iq_namespaces = [ns.pubsub, ns.pubsub_owner] as const;
