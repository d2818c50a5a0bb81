// Counterpart: util/pubsub.lua

import type { Stanza } from "../stanza.ts";

/** A value in the configuration of a node. */
export type ConfigValue = string | number | boolean | readonly string[];

/** What is configured of a node, by the names of the fields of its form. */
export interface NodeConfig {
	readonly [name: string]: ConfigValue | undefined;
}

/** What a subscriber has chosen; `true` for nothing. */
export type SubscriptionOptions = true | { readonly [name: string]: ConfigValue | undefined };

export type Affiliation = "outcast" | "none" | "member" | "publisher" | "owner";

const affiliations: readonly string[] = ["outcast", "none", "member", "publisher", "owner"] satisfies Affiliation[];

/** Whether a text is an affiliation. */
export function is_affiliation(value: unknown): value is Affiliation {
	return typeof value === "string" && affiliations.includes(value);
}

/** What somebody may do with a node. */
export type Action =
	| "create"
	| "publish"
	| "retract"
	| "delete"
	| "get_nodes"
	| "configure"
	| "get_configuration"
	| "subscribe"
	| "unsubscribe"
	| "get_subscription"
	| "get_subscriptions"
	| "get_items"
	| "get_metadata"
	| "subscribe_other"
	| "unsubscribe_other"
	| "get_subscription_other"
	| "get_subscriptions_other"
	| "be_subscribed"
	| "be_unsubscribed"
	| "set_affiliation";

/** Whoever does something: a JID, or `true` for the server itself, which may do everything. */
export type Actor = string | true;

/** A node as it is stored. */
export interface PubsubNode {
	readonly name: string;
	/** What is not the default. */
	config: NodeConfig;
	readonly subscribers: Map<string, SubscriptionOptions>;
	readonly affiliations: Map<string, Affiliation>;
}

/** Why something was not done. */
export type PubsubError =
	| "forbidden"
	| "item-not-found"
	| "conflict"
	| "not-acceptable"
	| "not-allowed"
	| "not-subscribed"
	| "invalid-item"
	| "invalid-jid"
	| "jid-required"
	| "nodeid-required"
	| "invalid-options"
	| "precondition-not-met"
	| "persistent-items-unsupported"
	| "internal-server-error";

export type Done<Value = true> =
	| { readonly ok: true; readonly value: Value }
	| { readonly ok: false; readonly error: PubsubError; readonly field?: string };

/** The items of one node, newest last. */
export interface ItemStore {
	/** The newest items first, as many as are wanted. */
	items(limit?: number): Done<[id: string, item: Stanza][]>;
	get(id: string): Done<Stanza | undefined>;
	/** Puts an item at the end, or removes it. */
	set(id: string, item: Stanza | undefined): Done;
	clear(): Done;
	/** How many items may be kept from now on. */
	resize(size: number): Done;
	/** The newest item. */
	head(): Done<[id: string, item: Stanza] | undefined>;
}

/** Where the nodes of a service are stored. */
export interface NodeStore {
	/** All nodes. */
	load(): Done<PubsubNode[]>;
	/** False where the node could not be stored. */
	set(name: string, node: PubsubNode | undefined): boolean;
}

/** What happened to a node, for those who are told. */
export type Kind = "items" | "retract" | "purge" | "delete";

/** Those who are told, with what they have chosen. */
export type Recipients = ReadonlyMap<string, SubscriptionOptions>;
