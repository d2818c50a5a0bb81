// Counterpart: plugins/mod_pubsub/mod_pubsub.lua (XEP-0060)

import type { ModuleApi, ModuleDefinition, StanzaEvent } from "../core/types.ts";
import * as jid from "../util/jid.ts";
import { ns } from "../util/ns.ts";
import {
	type Action,
	type Affiliation,
	type Broadcast,
	is_affiliation,
	type NodeStore,
	type PubsubNode,
	PubsubService,
	refused,
} from "../util/pubsub.ts";
import type { Stanza } from "../util/stanza.ts";
import * as st from "../util/stanza.ts";
import { is_item } from "./pep/services.ts";
import { pubsub_commands } from "./pubsub/commands.ts";
import { node_config_form } from "./pubsub/forms.ts";
import { handle_pubsub_iq } from "./pubsub/handle.ts";
import { archive_itemstore } from "./pubsub/item_store.ts";
import { notice } from "./pubsub/notice.ts";
import { feature_set, handle_disco_info_node, handle_disco_items_node, handlers, iq_namespaces } from "./pubsub/pubsub.lib.ts";
import { read_node, write_node } from "./pubsub/stored_nodes.ts";
import { load_summaries } from "./pubsub/summaries.ts";

declare module "../core/types.ts" {
	interface EventMap {
		/** What people without an application for a payload may read; by the payload's type. */
		[summary: `pubsub-summary/${string}`]: PubsubSummaryEvent;
	}
	interface ModuleExports {
		pubsub: { readonly service: PubsubService };
	}
}

/** A payload that is told of. */
export interface PubsubSummaryEvent extends Broadcast {
	readonly payload: Stanza;
}

/** Where the nodes of the host are stored. */
function open_nodestore(module: ModuleApi): NodeStore {
	const store = module.open_store(`${module.name}_nodes`);

	function unreadable(text: string): ReturnType<typeof refused> {
		module.log("error", "The nodes could not be read: %s", text);
		return refused("internal-server-error");
	}

	return {
		load() {
			const names = store.users();
			if (!names.ok) return unreadable(names.error.text);
			const nodes: PubsubNode[] = [];
			for (const name of names.value) {
				const stored = store.get_table(name);
				if (!stored.ok) return unreadable(stored.error.text);
				const node = stored.value === undefined ? undefined : read_node(name, stored.value);
				if (node !== undefined) nodes.push(node);
			}
			return { ok: true, value: nodes };
		},
		set(name, node) {
			const stored = store.set(name, node && write_node(node));
			if (!stored.ok) module.log("error", "The node %s could not be stored: %s", name, stored.error.text);
			return stored.ok;
		},
	};
}

/** Options: autocreate_on_publish, autocreate_on_subscribe, expose_publisher, default_admin_affiliation, pubsub_max_items. */
function load(module: ModuleApi): { readonly service: PubsubService } {
	const { server, host } = module;
	const autocreate_on_publish = module.get_option_boolean("autocreate_on_publish", false);
	const autocreate_on_subscribe = module.get_option_boolean("autocreate_on_subscribe", false);
	const expose_publisher = module.get_option_boolean("expose_publisher");
	const most_items = module.get_option_integer("pubsub_max_items", 256, 1);
	const affiliation = module.get_option_enum("default_admin_affiliation", "owner", "publisher", "member", "outcast", "none");
	const admin_affiliation: Affiliation = is_affiliation(affiliation) ? affiliation : "owner";
	const form = node_config_form(most_items);
	const nodestore = open_nodestore(module);

	module.depends("disco");
	module.add_identity("pubsub", "service", module.get_option_string("name", "Prosody PubSub Service"));
	module.add_feature(ns.pubsub);
	module.default_permission("prosody:admin", ":service-admin");
	module.default_permission("prosody:admin", ":create-node");

	function get_affiliation(address: string, _node: string | undefined, action: Action): Affiliation | undefined {
		const bare = jid.bare(address) ?? address;
		// What the host itself does, its modules do
		if (bare === host) return admin_affiliation;
		if (action === "create" && module.may(":create-node", bare)) return "owner";
		return module.could(":service-admin", bare) ? admin_affiliation : undefined;
	}

	function broadcast(event: Broadcast): void {
		const { item, node_obj, actor, node } = event;
		const config = node_obj && service.config_of(node_obj);
		const is_exposed = expose_publisher ?? config?.["itemreply"] === "publisher";
		const by_actor = actor === undefined || actor === true ? undefined : service.config.normalize_jid(actor);
		const message = notice(event, host, config, is_exposed ? (item?.attr["publisher"] ?? by_actor) : undefined);
		if (message === undefined) return;
		const type = config?.["notification_type"];
		if (typeof type === "string") message.attr["type"] = type;
		const payload = item?.first_tag;
		const payload_type = config?.["payload_type"] ?? payload?.attr["xmlns"];
		const summary = payload && module.fire_event(`pubsub-summary/${String(payload_type)}`, { ...event, payload });
		for (const [recipient, options] of event.recipients) {
			const copy = st.clone(message);
			if (typeof summary === "string" && options !== true && options["pubsub#include_body"]) copy.body(summary);
			copy.attr["to"] = recipient;
			module.log("debug", "Sending notification to %s for node %s", recipient, node);
			module.send(copy.reset());
		}
	}

	function make_service(): PubsubService {
		return new PubsubService({
			jid: host,
			node_defaults: { persist_items: true },
			max_items: most_items,
			autocreate_on_publish,
			autocreate_on_subscribe,
			expose_publisher,
			nodestore,
			itemstore(config, node) {
				const archive = server.open_store(host, `pubsub_${node}`, "archive", "pubsub_data");
				// Nothing but a driver without archives
				if (!archive.ok) throw new Error(`cannot open the archive of ${node}: ${archive.error.text}`);
				return archive_itemstore(archive.value, service.number_of_items(config), undefined, module.log);
			},
			broadcaster: broadcast,
			itemcheck: is_item,
			check_node_config({ max_items, access_model }) {
				const is_small = typeof max_items !== "number" || max_items <= most_items;
				return is_small && (access_model === "whitelist" || access_model === "open");
			},
			metadata_subset: ["title", "description", "payload_type", "access_model", "publish_model"],
			get_affiliation,
			normalize_jid: (address) => jid.bare(address) ?? address,
			// Where the turn fails, what is in memory is not what is stored
			changing() {
				server.turn.remember({
					undo: () => {
						service = make_service();
					},
				});
			},
		});
	}

	let service = make_service();
	load_summaries(module, (node) => {
		const config = service.get_node_config(node, true);
		return config.ok ? config.value : undefined;
	});

	const handle = (event: StanzaEvent): true | undefined => {
		// Nothing could be read when it was made
		if (service.broken) service = make_service();
		return handle_pubsub_iq(event, service, form, handlers);
	};
	for (const xmlns of iq_namespaces) module.hook(`iq/host/${xmlns}:pubsub`, handle);
	for (const feature of feature_set(service)) module.add_feature(`${ns.pubsub}#${feature}`);
	module.hook("host-disco-info-node", (event) => handle_disco_info_node(event, service));
	module.hook("host-disco-items-node", (event) => handle_disco_items_node(event, service));
	module.hook("host-disco-items", ({ stanza, reply }) => {
		const from = stanza.attr["from"] ?? "";
		const nodes = service.get_nodes(from);
		if (!nodes.ok) return;
		for (const node of nodes.value.keys()) {
			const metadata = service.get_node_metadata(node, from);
			if (!metadata.ok) continue;
			const { title } = metadata.value;
			reply.tag("item", { jid: host, node, name: typeof title === "string" ? title : undefined }).up();
		}
	});
	for (const command of pubsub_commands(() => service, form)) module.add_item("shell-command", command);

	return {
		get service() {
			return service;
		},
	};
}

/** Nodes of a component or host that people publish to, and subscribe to. */
export const definition: ModuleDefinition = { name: "pubsub", load };
