// Counterpart: util/pubsub.lua

import { Events } from "./events.ts";
import { capabilities } from "./pubsub/capabilities.ts";
import {
	type Broadcast,
	default_node_config,
	equal,
	type PubsubSettings,
	type RequestedConfig,
	refused,
} from "./pubsub/settings.ts";
import { Subscriptions } from "./pubsub/subscriptions.ts";
import type { Action, Actor, Affiliation, Done, ItemStore, NodeConfig, PubsubNode, SubscriptionOptions } from "./pubsub/types.ts";
import type { Stanza } from "./stanza.ts";

export { is_action } from "./pubsub/capabilities.ts";
export { type Broadcast, type PubsubSettings, type RequestedConfig, refused } from "./pubsub/settings.ts";
export type * from "./pubsub/types.ts";
export { is_affiliation } from "./pubsub/types.ts";

interface NodeEvent {
	readonly service: PubsubService;
	readonly node: string;
	readonly actor: Actor;
}

interface ItemEvent extends NodeEvent {
	readonly id: string;
}

/** What happens in a service; `item-published/NODE` comes before `item-published`. */
export interface PubsubEvents {
	[published: `item-published/${string}`]: ItemEvent & { readonly item: Stanza };
	"item-published": ItemEvent & { readonly item: Stanza };
	"item-retracted": ItemEvent;
	"node-created": NodeEvent;
	"node-deleted": NodeEvent;
	"node-purged": NodeEvent;
	"subscription-added": SubscriptionEvent & { readonly options: SubscriptionOptions | undefined };
	"subscription-removed": SubscriptionEvent;
}

interface SubscriptionEvent {
	readonly service: PubsubService;
	readonly node: string;
	readonly jid: string;
	readonly normalized_jid: string;
}

const done = { ok: true, value: true } as const;

/** Nodes, their items, and who is told of them (XEP-0060). */
export class PubsubService {
	readonly nodes = new Map<string, PubsubNode>();
	readonly events = new Events<PubsubEvents>();
	/** What nodes have where nothing else is configured. */
	readonly node_defaults: NodeConfig;
	/** Its nodes could not be read: nothing is answered or changed, so that nothing is overwritten. */
	readonly broken: boolean;
	private readonly subscriptions = new Subscriptions();
	private readonly data = new Map<string, ItemStore>();

	constructor(readonly config: PubsubSettings) {
		this.node_defaults = { ...default_node_config, ...config.node_defaults };
		const stored = config.nodestore?.load() ?? { ok: true, value: [] };
		this.broken = !stored.ok;
		if (!stored.ok) return;
		for (const node of stored.value) {
			this.nodes.set(node.name, node);
			for (const jid of node.subscribers.keys()) this.subscriptions.add(config.normalize_jid(jid), jid, node.name);
		}
	}

	/** The configuration of a node with its defaults. */
	config_of(node: PubsubNode): NodeConfig {
		return { ...this.node_defaults, ...node.config };
	}

	jids_equal(a: string, b: string): boolean {
		return this.config.normalize_jid(a) === this.config.normalize_jid(b);
	}

	may(name: string | undefined, actor: Actor, action: Action): boolean {
		if (actor === true) return true;
		const node = name === undefined ? undefined : this.nodes.get(name);
		const affiliation =
			node?.affiliations.get(actor) ??
			node?.affiliations.get(this.config.normalize_jid(actor)) ??
			this.config.get_affiliation?.(actor, name, action) ??
			this.default_affiliation(node, actor);
		return capabilities[affiliation].has(action);
	}

	private default_affiliation(node: PubsubNode | undefined, actor: string): Affiliation {
		const model = (node && this.config_of(node)["access_model"]) ?? this.node_defaults["access_model"];
		if (model === "open") return "member";
		if (model === "whitelist") return "outcast";
		return (typeof model === "string" ? this.config.access_model?.(model, actor, node) : undefined) ?? "none";
	}

	/** The items of a node; undefined where it keeps none. */
	private items_of(node: PubsubNode): ItemStore | undefined {
		const config = this.config_of(node);
		let items = this.data.get(node.name);
		if (items === undefined && config["persist_items"] === true && this.config.itemstore !== undefined) {
			items = this.config.itemstore(config, node.name);
			this.data.set(node.name, items);
		}
		return items;
	}

	private save(node: PubsubNode): boolean {
		return this.config.nodestore?.set(node.name, node) ?? true;
	}

	/** An action that needs a permission and a node. */
	private checked(name: string, actor: Actor, action: Action): Done<PubsubNode> {
		if (this.broken) return refused("internal-server-error");
		if (!this.may(name, actor, action)) return refused("forbidden");
		const node = this.nodes.get(name);
		return node === undefined ? refused("item-not-found") : { ok: true, value: node };
	}

	set_affiliation(name: string, actor: Actor, given_jid: string, affiliation: Affiliation | undefined): Done {
		const checked = this.checked(name, actor, "set_affiliation");
		if (!checked.ok) return checked;
		const node = checked.value;
		const jid = this.config.normalize_jid(given_jid);
		const before = node.affiliations.get(jid);
		this.config.changing?.();
		if (affiliation === undefined) node.affiliations.delete(jid);
		else node.affiliations.set(jid, affiliation);
		if (!this.save(node)) {
			if (before === undefined) node.affiliations.delete(jid);
			else node.affiliations.set(jid, before);
			return refused("internal-server-error");
		}
		// Divergence: Prosody answers with forbidden, and whoever is shut out goes on to be told of new items
		if (node.subscribers.has(jid) && !this.may(name, jid, "be_subscribed")) return this.remove_subscription(name, true, jid);
		return done;
	}

	add_subscription(name: string, actor: Actor, jid: string, options?: SubscriptionOptions): Done {
		const is_own = actor === true || this.jids_equal(actor, jid);
		if (!this.may(name, actor, is_own ? "subscribe" : "subscribe_other")) return refused("forbidden");
		if (!this.may(name, jid, "be_subscribed")) return refused("forbidden");
		if (!this.nodes.has(name)) {
			if (!this.config.autocreate_on_subscribe) return refused("item-not-found");
			const created = this.create(name, true);
			if (!created.ok) return created;
		}
		const node = this.nodes.get(name);
		if (node === undefined) return refused("item-not-found");
		const before = node.subscribers.get(jid);
		const normalized_jid = this.config.normalize_jid(jid);
		this.config.changing?.();
		node.subscribers.set(jid, options ?? true);
		if (!this.save(node)) {
			if (before === undefined) node.subscribers.delete(jid);
			else node.subscribers.set(jid, before);
			return refused("internal-server-error");
		}
		this.subscriptions.add(normalized_jid, jid, name);
		this.events.fire_event("subscription-added", { service: this, node: name, jid, normalized_jid, options });
		return done;
	}

	remove_subscription(name: string, actor: Actor, jid: string): Done {
		const is_own = actor === true || this.jids_equal(actor, jid);
		const checked = this.checked(name, actor, is_own ? "unsubscribe" : "unsubscribe_other");
		if (!checked.ok) return checked;
		if (!this.may(name, jid, "be_unsubscribed")) return refused("forbidden");
		const node = checked.value;
		const before = node.subscribers.get(jid);
		if (before === undefined) return refused("not-subscribed");
		const normalized_jid = this.config.normalize_jid(jid);
		this.config.changing?.();
		node.subscribers.delete(jid);
		if (!this.save(node)) {
			node.subscribers.set(jid, before);
			return refused("internal-server-error");
		}
		this.subscriptions.remove(normalized_jid, jid, name);
		this.events.fire_event("subscription-removed", { service: this, node: name, jid, normalized_jid });
		return done;
	}

	get_subscription(name: string, actor: Actor, jid: string): Done<SubscriptionOptions | undefined> {
		const is_own = actor === true || this.jids_equal(actor, jid);
		const checked = this.checked(name, actor, is_own ? "get_subscription" : "get_subscription_other");
		return checked.ok ? { ok: true, value: checked.value.subscribers.get(jid) } : checked;
	}

	create(name: string, actor: Actor, options: NodeConfig = {}): Done {
		if (this.broken) return refused("internal-server-error");
		if (!this.may(name, actor, "create")) return refused("forbidden");
		if (this.nodes.has(name)) return refused("conflict");
		const node: PubsubNode = { name, config: options, subscribers: new Map(), affiliations: new Map() };
		if (this.config.check_node_config?.(this.config_of(node)) === false) return refused("not-acceptable");
		this.config.changing?.();
		this.nodes.set(name, node);
		if (!this.save(node)) {
			this.nodes.delete(name);
			return refused("internal-server-error");
		}
		this.events.fire_event("node-created", { service: this, node: name, actor });
		if (actor === true) return done;
		const owned = this.set_affiliation(name, true, actor, "owner");
		if (!owned.ok) this.nodes.delete(name);
		return owned;
	}

	delete(name: string, actor: Actor): Done {
		const checked = this.checked(name, actor, "delete");
		if (!checked.ok) return checked;
		const node = checked.value;
		this.config.changing?.();
		const cleared = this.items_of(node)?.clear() ?? done;
		if (!cleared.ok || !(this.config.nodestore?.set(name, undefined) ?? true)) return refused("internal-server-error");
		this.nodes.delete(name);
		this.data.delete(name);
		for (const jid of node.subscribers.keys()) this.subscriptions.remove(this.config.normalize_jid(jid), jid, name);
		this.events.fire_event("node-deleted", { service: this, node: name, actor });
		this.broadcast({ kind: "delete", node: name, recipients: node.subscribers, actor, node_obj: node });
		return done;
	}

	private may_publish(name: string, actor: Actor): boolean {
		if (this.may(name, actor, "publish")) return true;
		const node = this.nodes.get(name);
		const model = node && this.config_of(node)["publish_model"];
		return model === "open" || (model === "subscribers" && actor !== true && node?.subscribers.has(actor) === true);
	}

	publish(name: string, actor: Actor, id: string, item: Stanza | undefined, requested?: RequestedConfig): Done {
		if (!this.may_publish(name, actor)) return refused("forbidden");
		const existing = this.nodes.get(name);
		if (existing === undefined) {
			if (!this.config.autocreate_on_publish) return refused("item-not-found");
			const created = this.create(name, true, requested?.config);
			if (!created.ok) return created;
		} else if (requested !== undefined && !requested.is_for_new_only) {
			const config = this.config_of(existing);
			const field = Object.keys(requested.config).find((key) => !equal(config[key], requested.config[key]));
			if (field !== undefined) return refused("precondition-not-met", field);
		}
		const node = this.nodes.get(name);
		if (node === undefined || item === undefined || this.config.itemcheck?.(item) === false) return refused("invalid-item");
		const stored = this.items_of(node)?.set(id, item) ?? done;
		if (!stored.ok) return refused("internal-server-error");
		const event = { service: this, node: name, actor, id, item };
		this.events.fire_event(`item-published/${name}`, event);
		this.events.fire_event("item-published", event);
		this.broadcast({ kind: "items", node: name, recipients: node.subscribers, item, actor, node_obj: node });
		return done;
	}

	broadcast(event: Broadcast): void {
		const recipients = this.config.subscriber_filter?.(event.recipients, event.node) ?? event.recipients;
		this.config.broadcaster?.({ ...event, recipients });
	}

	/** @param notice what subscribers are told; nothing where there is none */
	retract(name: string, actor: Actor, id: string, notice?: Stanza): Done {
		const checked = this.checked(name, actor, "retract");
		if (!checked.ok) return checked;
		const node = checked.value;
		const items = this.items_of(node);
		if (items !== undefined) {
			const found = items.get(id);
			if (!found.ok) return found;
			if (found.value === undefined) return refused("item-not-found");
			const removed = items.set(id, undefined);
			if (!removed.ok) return removed;
		}
		this.events.fire_event("item-retracted", { service: this, node: name, actor, id });
		if (notice !== undefined) {
			this.broadcast({ kind: "retract", node: name, recipients: node.subscribers, item: notice, actor, node_obj: node });
		}
		return done;
	}

	purge(name: string, actor: Actor, notify = false): Done {
		const checked = this.checked(name, actor, "retract");
		if (!checked.ok) return checked;
		const node = checked.value;
		const cleared = this.items_of(node)?.clear() ?? done;
		if (!cleared.ok) return cleared;
		this.events.fire_event("node-purged", { service: this, node: name, actor });
		if (notify) this.broadcast({ kind: "purge", node: name, recipients: node.subscribers, actor, node_obj: node });
		return done;
	}

	/** Items, newest first, or in the order in which they are asked for by id. */
	get_items(name: string, actor: Actor, ids?: readonly string[], max?: number): Done<Map<string, Stanza>> {
		const checked = this.checked(name, actor, "get_items");
		if (!checked.ok) return checked;
		const items = this.items_of(checked.value);
		if (items === undefined) return refused("persistent-items-unsupported");
		// PARITY: who asks for no item gets one
		const limit = max === undefined ? Number.POSITIVE_INFINITY : Math.max(1, max);
		if (ids === undefined) {
			const listed = items.items(limit);
			return listed.ok ? { ok: true, value: new Map(listed.value) } : listed;
		}
		const found = new Map<string, Stanza>();
		for (const id of ids) {
			const item = items.get(id);
			if (!item.ok) return item;
			if (item.value !== undefined) found.set(id, item.value);
			if (found.size >= limit) break;
		}
		return { ok: true, value: found };
	}

	get_last_item(name: string, actor: Actor): Done<[id: string, item: Stanza] | undefined> {
		const checked = this.checked(name, actor, "get_items");
		if (!checked.ok) return checked;
		return this.items_of(checked.value)?.head() ?? { ok: true, value: undefined };
	}

	get_nodes(actor: Actor): Done<ReadonlyMap<string, PubsubNode>> {
		return this.may(undefined, actor, "get_nodes") ? { ok: true, value: this.nodes } : refused("forbidden");
	}

	/** Subscriptions to one node or to all of them, of somebody or of everybody. */
	get_subscriptions(name: string | undefined, actor: Actor, jid?: string): Done<{ node: string; jid: string }[]> {
		const is_own = actor === true || (jid !== undefined && this.jids_equal(actor, jid));
		if (!this.may(name, actor, is_own ? "get_subscriptions" : "get_subscriptions_other")) return refused("forbidden");
		if (name !== undefined && !this.nodes.has(name)) return refused("item-not-found");
		const normal = jid === undefined ? undefined : this.config.normalize_jid(jid);
		const found = [...this.subscriptions.of(normal)].filter(({ node }) => name === undefined || node === name);
		return { ok: true, value: found };
	}

	set_node_config(name: string, actor: Actor, config: NodeConfig): Done {
		const checked = this.checked(name, actor, "configure");
		if (!checked.ok) return checked;
		const node = checked.value;
		if (this.config.check_node_config?.({ ...this.node_defaults, ...config }) === false) return refused("not-acceptable");
		const before = node.config;
		const old = this.config_of(node);
		this.config.changing?.();
		node.config = config;
		if (!this.save(node)) {
			node.config = before;
			return refused("internal-server-error");
		}
		const current = this.config_of(node);
		if (old["access_model"] !== current["access_model"]) {
			for (const jid of [...node.subscribers.keys()]) {
				if (this.may(name, jid, "be_subscribed")) continue;
				const removed = this.remove_subscription(name, true, jid);
				if (!removed.ok) return removed;
			}
		}
		if (old["persist_items"] !== current["persist_items"]) {
			const items = this.data.get(name) ?? (old["persist_items"] === true ? this.config.itemstore?.(old, name) : undefined);
			this.data.delete(name);
			return (current["persist_items"] === true ? undefined : items?.clear()) ?? done;
		}
		if (old["max_items"] === current["max_items"]) return done;
		return this.items_of(node)?.resize(this.number_of_items(current)) ?? done;
	}

	/** How many items a node keeps. */
	number_of_items(config: NodeConfig): number {
		const { max_items } = config;
		return typeof max_items === "number" ? max_items : this.config.max_items;
	}

	get_node_config(name: string, actor: Actor): Done<NodeConfig> {
		const checked = this.checked(name, actor, "get_configuration");
		return checked.ok ? { ok: true, value: this.config_of(checked.value) } : checked;
	}

	get_node_metadata(name: string, actor: Actor): Done<NodeConfig> {
		const checked = this.checked(name, actor, "get_metadata");
		if (!checked.ok) return checked;
		const config = this.config_of(checked.value);
		const shown = (this.config.metadata_subset ?? []).map((key) => [key, config[key]] as const);
		return { ok: true, value: Object.fromEntries(shown) };
	}
}
