// Counterpart: util/pubsub.lua (services of the host as Lua modules see them)

import {
	type Actor,
	type ConfigValue,
	is_action,
	is_affiliation,
	type NodeConfig,
	PubsubService,
	type RequestedConfig,
} from "../host/util/pubsub.ts";
import { Stanza } from "../host/util/stanza.ts";
import type { LuaContext } from "./context.ts";
import { type Field, HostTable, read_only, remembered } from "./host_table.ts";
import { argument } from "./room.ts";
import { TValue } from "./vm/fengari.ts";
import { string_value, tags } from "./vm/live_table.ts";

/** A method: Lua's arguments as values of the host, and what Lua gets. */
type Method = (service: PubsubService, args: readonly unknown[]) => TValue | TValue[];

type Outcome = ReturnType<PubsubService["create"]>;

function text(value: unknown, what: string): string {
	if (typeof value === "string") return value;
	throw new TypeError(`expected ${what} as a text, got ${typeof value}`);
}

function optional(value: unknown): string | undefined {
	return typeof value === "string" ? value : undefined;
}

/** Whoever does something: `true` for the server itself. */
function actor_of(value: unknown): Actor {
	return value === true ? true : text(value, "whoever does this");
}

function is_config_value(value: unknown): value is ConfigValue {
	if (Array.isArray(value)) return value.every((one) => typeof one === "string");
	return typeof value === "string" || typeof value === "number" || typeof value === "boolean";
}

/** A Lua table with a configuration. */
function config_of(value: unknown): NodeConfig {
	const entries = value instanceof Map ? [...value] : typeof value === "object" && value !== null ? Object.entries(value) : [];
	const config: Record<string, ConfigValue> = {};
	for (const [key, item] of entries) {
		if (typeof key === "string" && key !== "_defaults_only" && is_config_value(item)) config[key] = item;
	}
	return config;
}

function requested(value: unknown): RequestedConfig | undefined {
	if (typeof value !== "object" || value === null) return undefined;
	const only_new = value instanceof Map ? value.get("_defaults_only") : Reflect.get(value, "_defaults_only");
	return { config: config_of(value), is_for_new_only: only_new === true };
}

function ids_of(value: unknown): string[] | undefined {
	if (typeof value === "string") return [value];
	return Array.isArray(value) ? value.filter((id) => typeof id === "string") : undefined;
}

function methods({ border, vm }: LuaContext): { readonly [name: string]: Method } {
	const yes = (...more: unknown[]): TValue[] => [border.to_lua(true), ...more.map((value) => border.to_lua(value))];
	const no = ({ error, field }: { error: string; field?: string }): TValue[] => [
		border.to_lua(false),
		border.to_lua(error),
		...(field === undefined ? [] : [border.to_lua({ field })]),
	];
	const outcome = (done: Outcome): TValue[] => (done.ok ? yes() : no(done));
	const config_answer = (found: ReturnType<PubsubService["get_node_config"]>): TValue[] =>
		found.ok ? yes(found.value) : no(found);

	return {
		jids_equal: (service, [a, b]) => border.to_lua(service.jids_equal(text(a, "a JID"), text(b, "a JID"))),
		// What is no action, nobody but the server may do
		may: (service, [node, actor, action]) =>
			border.to_lua(actor === true || (is_action(action) && service.may(optional(node), actor_of(actor), action))),
		set_affiliation: (service, [node, actor, jid, affiliation]) => {
			const wanted = is_affiliation(affiliation) && affiliation !== "none" ? affiliation : undefined;
			return outcome(service.set_affiliation(text(node, "a node"), actor_of(actor), text(jid, "a JID"), wanted));
		},
		add_subscription: (service, [node, actor, jid, options]) =>
			outcome(
				service.add_subscription(
					text(node, "a node"),
					actor_of(actor),
					text(jid, "a JID"),
					typeof options === "object" && options !== null ? config_of(options) : undefined,
				),
			),
		remove_subscription: (service, [node, actor, jid]) =>
			outcome(service.remove_subscription(text(node, "a node"), actor_of(actor), text(jid, "a JID"))),
		get_subscription: (service, [node, actor, jid]) => {
			const found = service.get_subscription(text(node, "a node"), actor_of(actor), text(jid, "a JID"));
			return found.ok ? yes(found.value) : no(found);
		},
		create: (service, [node, actor, options]) =>
			outcome(service.create(text(node, "a node"), actor_of(actor), config_of(options))),
		delete: (service, [node, actor]) => outcome(service.delete(text(node, "a node"), actor_of(actor))),
		publish: (service, [node, actor, id, item, options]) =>
			outcome(
				service.publish(
					text(node, "a node"),
					actor_of(actor),
					text(id, "the id of an item"),
					item instanceof Stanza ? item : undefined,
					requested(options),
				),
			),
		retract: (service, [node, actor, id, notice]) =>
			outcome(
				service.retract(
					text(node, "a node"),
					actor_of(actor),
					text(id, "the id of an item"),
					notice instanceof Stanza ? notice : undefined,
				),
			),
		purge: (service, [node, actor, notify]) =>
			outcome(service.purge(text(node, "a node"), actor_of(actor), notify !== undefined && notify !== false)),
		get_items: (service, [node, actor, ids]) => {
			const found = service.get_items(text(node, "a node"), actor_of(actor), ids_of(ids));
			if (!found.ok) return no(found);
			// A list of the ids, in which the items are, too
			const table = vm.new_table();
			let index = 0;
			for (const [id, item] of found.value) {
				vm.raw_set(table, ++index, string_value(id));
				vm.raw_set(table, id, border.to_lua(item));
			}
			return [border.to_lua(true), new TValue(tags.table, table)];
		},
		get_last_item: (service, [node, actor]) => {
			const found = service.get_last_item(text(node, "a node"), actor_of(actor));
			return found.ok ? yes(...(found.value ?? [])) : no(found);
		},
		get_nodes: (service, [actor]) => {
			const found = service.get_nodes(actor_of(actor));
			return found.ok ? yes(found.value) : no(found);
		},
		get_subscriptions: (service, [node, actor, jid]) => {
			const found = service.get_subscriptions(optional(node), actor_of(actor), optional(jid));
			return found.ok ? yes(found.value) : no(found);
		},
		set_node_config: (service, [node, actor, config]) =>
			outcome(service.set_node_config(text(node, "a node"), actor_of(actor), config_of(config))),
		get_node_config: (service, [node, actor]) => config_answer(service.get_node_config(text(node, "a node"), actor_of(actor))),
		get_node_metadata: (service, [node, actor]) =>
			config_answer(service.get_node_metadata(text(node, "a node"), actor_of(actor))),
	};
}

/** Shows services of nodes to Lua: what accounts publish, and those of a component. */
export function register_pubsub_services(host: LuaContext): void {
	const { border, vm } = host;
	const fields = new Map<string, Field<PubsubService>>([
		read_only("nodes"),
		read_only("events"),
		read_only("config"),
		read_only("node_defaults"),
	]);
	for (const [name, method] of Object.entries(methods(host))) {
		const shown = remembered<PubsubService>((service) =>
			vm.native(([, ...args]) =>
				method(
					service,
					args.map((arg) => argument(border, arg)),
				),
			),
		);
		fields.set(name, { get: shown });
	}
	border.register(PubsubService.prototype, (_, object) =>
		object instanceof PubsubService
			? new HostTable(border, object, "pubsub service", fields)
			: new HostTable(border, object, "object", new Map()),
	);
}
