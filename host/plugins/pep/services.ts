// Counterpart: plugins/mod_pep.lua (get_pep_service)

import type { ModuleApi, StoreValue } from "../../core/types.ts";
import { Cache } from "../../util/cache.ts";
import * as jid from "../../util/jid.ts";
import { ns } from "../../util/ns.ts";
import {
	type Broadcast,
	type NodeConfig,
	type NodeStore,
	type PubsubNode,
	PubsubService,
	type Recipients,
	refused,
} from "../../util/pubsub.ts";
import type * as st from "../../util/stanza.ts";
import { archive_itemstore } from "../pubsub/item_store.ts";
import { notice } from "../pubsub/notice.ts";
import { read_node, write_node } from "../pubsub/stored_nodes.ts";

declare module "../../core/types.ts" {
	interface ItemTypes {
		/** The service of an account, while it is in memory. */
		"pep-service": { readonly service: PubsubService; readonly jid: string };
	}
}

/** Those who want to be told of some nodes, by what their clients have said of themselves. */
export type Interested = (username: string) => ReadonlyMap<string, ReadonlySet<string>> | undefined;

/** What accounts publish about themselves. */
export interface PepServices {
	/** The service of an account; one that nobody may do anything with, where there is no such account. */
	get(username: string): PubsubService;
	/** The service, where it is in memory. */
	loaded(username: string): PubsubService | undefined;
	forget(username: string): void;
}

const node_defaults: NodeConfig = {
	max_items: 1,
	persist_items: true,
	access_model: "presence",
	send_last_published_item: "on_sub_and_presence",
};

const access_models: ReadonlySet<unknown> = new Set(["presence", "roster", "whitelist", "open"]);

/** Whether an element is an item with one thing in it. */
export function is_item(item: st.Stanza | undefined): boolean {
	return item?.name === "item" && item.attr["xmlns"] === ns.pubsub && item.tags.length === 1;
}

/** @param most_items how many items a node may keep at most */
export function open_services(module: ModuleApi, interested: Interested, most_items: number): PepServices {
	const { server, host } = module;
	const nodes_by_name = module.open_store("pep", "map");
	const nodes = module.open_store("pep");
	const items = new Map<string, { readonly service: PubsubService; readonly jid: string }>();
	const services = new Cache<string, PubsubService>(module.get_option_integer("pep_service_cache_size", 1000, 1), withdraw);

	function withdraw(username: string): void {
		const item = items.get(username);
		items.delete(username);
		if (item !== undefined) module.remove_item("pep-service", item);
	}

	function forget(username: string): void {
		services.set(username, undefined);
		withdraw(username);
	}

	module.hook("account-given-up", ({ username }) => {
		for (const name of username === undefined ? [...services.items()].map(([name]) => name) : [username]) forget(name);
	});

	/** Nobody may do anything with what belongs to nobody. */
	const nobody = new PubsubService({
		jid: host,
		node_defaults: { ...node_defaults, persist_items: false },
		max_items: most_items,
		autocreate_on_publish: false,
		autocreate_on_subscribe: false,
		get_affiliation: () => "outcast",
		normalize_jid: (address) => jid.bare(address) ?? address,
	});

	function nodestore(username: string): NodeStore {
		return {
			load() {
				const stored = nodes.get_table(username);
				if (!stored.ok) {
					module.log("error", "What %s has published could not be read: %s", username, stored.error.text);
					return refused("internal-server-error");
				}
				const entries: [unknown, StoreValue][] = [...(stored.value ?? [])];
				const read = entries.map(([name, node]) => (typeof name === "string" ? read_node(name, node) : undefined));
				return { ok: true, value: read.filter((node) => node !== undefined) };
			},
			set(name, node) {
				const stored = nodes_by_name.set(username, name, node && write_node(node));
				if (!stored.ok) module.log("error", "The node %s of %s could not be stored: %s", name, username, stored.error.text);
				return stored.ok;
			},
		};
	}

	function broadcast(user_bare: string, service: PubsubService, event: Broadcast): void {
		const { item, node_obj } = event;
		const config = node_obj && service.config_of(node_obj);
		const publisher = config?.["itemreply"] === "publisher" ? item?.attr["publisher"] : undefined;
		const message = notice(event, user_bare, config, publisher);
		if (message === undefined) return;
		const recipients = [...event.recipients.keys()];
		module.log("debug", "Sending notification to %d recipients from %s for node %s", recipients.length, user_bare, event.node);
		module.broadcast(recipients, message);
	}

	/** Those who are told beside the subscribers. */
	function with_interested(username: string, service: PubsubService, subscribers: Recipients, node: string): Recipients {
		const wanting = interested(username);
		if (wanting === undefined || wanting.size === 0) return subscribers;
		const recipients = new Map(subscribers);
		for (const [recipient, wanted] of wanting) {
			if (wanted.has(node) && service.may(node, recipient, "subscribe")) recipients.set(recipient, true);
		}
		return recipients;
	}

	/** Whether somebody is in a group of the roster that may read a node. */
	function is_in_group(username: string, address: string, node: PubsubNode | undefined): boolean {
		const allowed = node?.config["roster_groups_allowed"];
		const contact = server.rostermanager.load_roster(username, host).items.get(address);
		return contact !== undefined && Array.isArray(allowed) && allowed.some((group: string) => contact.groups.has(group));
	}

	function make(username: string): PubsubService {
		const user_bare = `${username}@${host}`;
		const normalize_jid = (address: string): string => jid.bare(address) ?? address;
		const service: PubsubService = new PubsubService({
			jid: user_bare,
			node_defaults,
			max_items: most_items,
			autocreate_on_publish: true,
			autocreate_on_subscribe: false,
			nodestore: nodestore(username),
			itemstore(config, node) {
				const archive = server.open_store(host, `pep_${node}`, "archive", "pep_data");
				// Nothing but a driver without archives
				if (!archive.ok) throw new Error(`cannot open the archive of ${node}: ${archive.error.text}`);
				return archive_itemstore(archive.value, service.number_of_items(config), username, module.log);
			},
			broadcaster: (event) => broadcast(user_bare, service, event),
			subscriber_filter: (subscribers, node) => with_interested(username, service, subscribers, node),
			itemcheck: is_item,
			get_affiliation: (address) => (normalize_jid(address) === user_bare ? "owner" : undefined),
			access_model(model, address, node) {
				const bare = normalize_jid(address);
				if (model === "roster") return is_in_group(username, bare, node) ? "member" : "outcast";
				if (model !== "presence") return undefined;
				const may_see = bare === user_bare || server.rostermanager.is_contact_subscribed(username, host, bare);
				return may_see ? "member" : "outcast";
			},
			normalize_jid,
			check_node_config({ max_items, access_model }) {
				return (typeof max_items !== "number" || max_items <= most_items) && access_models.has(access_model);
			},
			// Where the turn fails, what is in memory is not what is stored
			changing: () => server.turn.remember({ undo: () => forget(username) }),
		});
		return service;
	}

	return {
		forget,
		loaded: (username) => services.get(username),
		get(username) {
			const known = services.get(username);
			if (known !== undefined) return known;
			if (!server.usermanager.user_exists(username, host)) return nobody;
			const service = make(username);
			if (service.broken) return service;
			services.set(username, service);
			const item = { service, jid: `${username}@${host}` };
			items.set(username, item);
			module.add_item("pep-service", item);
			return service;
		},
	};
}
