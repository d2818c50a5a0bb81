// Counterpart: util/pubsub.lua (load_node_from_store, save_node_to_store)

import type { StoreTable, StoreValue } from "../../core/types.ts";
import { entries, get, is_table } from "../../util/luatable.ts";
import {
	type Affiliation,
	type ConfigValue,
	is_affiliation,
	type PubsubNode,
	type SubscriptionOptions,
} from "../../util/pubsub.ts";

function config_value(value: StoreValue): ConfigValue | undefined {
	if (typeof value === "bigint") return Number(value);
	if (typeof value !== "object") return value;
	return Array.isArray(value) ? value.filter((one) => typeof one === "string") : undefined;
}

function named_values(stored: StoreValue | undefined): [string, StoreValue][] {
	if (stored === undefined || !is_table(stored)) return [];
	return entries(stored).flatMap(([key, value]) => (typeof key === "string" ? [[key, value]] : []));
}

function read_config(stored: StoreValue | undefined): { [name: string]: ConfigValue | undefined } {
	return Object.fromEntries(named_values(stored).map(([key, value]) => [key, config_value(value)]));
}

/** A node as it is stored; `true` in place of a table is from before Prosody 0.11, and means that it keeps its items. */
export function read_node(name: string, stored: StoreValue): PubsubNode | undefined {
	if (stored === true) return { name, config: {}, subscribers: new Map(), affiliations: new Map() };
	if (!is_table(stored)) return undefined;
	const subscribers = new Map<string, SubscriptionOptions>();
	for (const [jid, options] of named_values(get(stored, "subscribers"))) {
		subscribers.set(jid, is_table(options) ? read_config(options) : true);
	}
	const affiliations = new Map<string, Affiliation>();
	for (const [jid, affiliation] of named_values(get(stored, "affiliations"))) {
		if (is_affiliation(affiliation)) affiliations.set(jid, affiliation);
	}
	return { name, config: read_config(get(stored, "config")), subscribers, affiliations };
}

function write_config(config: { readonly [name: string]: ConfigValue | undefined }): StoreTable {
	const stored: StoreTable = {};
	for (const [key, value] of Object.entries(config)) {
		if (value !== undefined) stored[key] = typeof value === "object" ? [...value] : value;
	}
	return stored;
}

/** A node as it is stored. */
export function write_node({ name, config, subscribers, affiliations }: PubsubNode): StoreTable {
	const options = [...subscribers].map(([jid, chosen]) => [jid, chosen === true ? true : write_config(chosen)] as const);
	return {
		name,
		config: write_config(config),
		subscribers: Object.fromEntries(options),
		affiliations: Object.fromEntries(affiliations),
	};
}
