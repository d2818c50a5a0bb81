// Counterpart: util/pubsub.lua (the configuration of a service)

import type { Stanza } from "../stanza.ts";
import type {
	Action,
	Actor,
	Affiliation,
	ItemStore,
	Kind,
	NodeConfig,
	NodeStore,
	PubsubError,
	PubsubNode,
	Recipients,
} from "./types.ts";

/** What a service does, and for whom. */
export interface PubsubSettings {
	/** The JID that the nodes are found at. */
	readonly jid: string;
	/** What nodes have where nothing else is configured. */
	readonly node_defaults: NodeConfig;
	/** What `max` items are. */
	readonly max_items: number;
	readonly autocreate_on_publish: boolean;
	readonly autocreate_on_subscribe: boolean;
	/** Where nothing is stored, there are no nodes. */
	readonly nodestore?: NodeStore;
	itemstore?(config: NodeConfig, node: string): ItemStore;
	/** Tells people; without a node in the rare case that a new subscriber is told what came last. */
	broadcaster?(event: Broadcast): void;
	/** Who is told beside the subscribers. */
	subscriber_filter?(subscribers: Recipients, node: string): Recipients;
	itemcheck?(item: Stanza | undefined): boolean;
	/** Somebody's affiliation with the whole service. */
	get_affiliation?(jid: string, node: string | undefined, action: Action): Affiliation | undefined;
	/** Somebody's affiliation by the access model of a node, for those but open and whitelist. */
	access_model?(model: string, jid: string, node: PubsubNode | undefined): Affiliation | undefined;
	normalize_jid(jid: string): string;
	/** Whether a node may be configured so. */
	check_node_config?(config: NodeConfig): boolean;
	/** The fields of the configuration that everybody may see. */
	readonly metadata_subset?: readonly string[];
	/** Items say who published them; undefined leaves that to the node. */
	readonly expose_publisher?: boolean | undefined;
	/** Called before anything changes in memory that is not stored yet. */
	changing?(): void;
}

/** People are told of something. */
export interface Broadcast {
	readonly kind: Kind;
	readonly node: string;
	readonly recipients: Recipients;
	readonly item?: Stanza | undefined;
	readonly actor?: Actor;
	readonly node_obj?: PubsubNode | undefined;
}

/** What nodes have where neither they nor their service says something else. */
export const default_node_config: NodeConfig = {
	persist_items: true,
	max_items: 20,
	access_model: "open",
	publish_model: "publishers",
	send_last_published_item: "never",
};

/** That something was not done. */
export function refused(error: PubsubError, field?: string): { ok: false; error: PubsubError; field?: string } {
	return field === undefined ? { ok: false, error } : { ok: false, error, field };
}

/** Wanted values of a configuration, and whether they only count for a new node. */
export interface RequestedConfig {
	readonly config: NodeConfig;
	readonly is_for_new_only?: boolean;
}

/** Whether two values of a configuration are the same. */
export function equal(a: unknown, b: unknown): boolean {
	return a === b || (Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((one, index) => one === b[index]));
}
