// No counterpart: items that modules in Lua offer, for those who take them in TypeScript.

import type { NetService, Task } from "../host/core/types.ts";
import { new_command } from "../host/plugins/adhoc/adhoc.lib.ts";
import type { AdhocAction, AdhocAnswer, AdhocPermission } from "../host/util/adhoc.ts";
import { type Condition, is_error_type, stanza_error } from "../host/util/error.ts";
import { Stanza } from "../host/util/stanza.ts";
import { listen } from "./connection.ts";
import { TValue } from "./fengari.ts";
import { http_app_from_lua, http_listener } from "./http.ts";
import { LiveTable, nil, number_value, string_value, tags } from "./live_table.ts";
import type { LuaHost } from "./lua_host.ts";
import type { LuaModule } from "./module.ts";
import { auth_from_lua, authz_from_lua, optional_text, text_argument } from "./providers.ts";
import { storage_from_lua } from "./storage_driver.ts";

/** Makes of a Lua item what the takers of its kind expect; undefined leaves the item as it is. */
export type ItemAdapter = (host: LuaHost, module: LuaModule, item: TValue) => object | undefined;

/** A task of mod_cron: `{ name, when, run(task, started_at) }`. */
const task: ItemAdapter = (host, _module, item) => {
	const { vm, border } = host;
	const field = (name: string): unknown => border.from_lua(vm.index(item, string_value(name)));
	const name = field("name");
	const id = field("id");
	const when = field("when");
	if (when !== "hourly" && when !== "daily" && when !== "weekly") {
		throw new TypeError(`a task's "when" has to be hourly, daily or weekly, not ${String(when)}`);
	}
	const run = vm.index(item, string_value("run"));
	const made: Task = {
		when,
		name: typeof name === "string" ? name : undefined,
		...(typeof id === "string" ? { id } : {}),
		run(started_at) {
			vm.call(run, [item, border.to_lua(started_at)]);
		},
	};
	return made;
};

/** An identity of disco: only its fields count. */
const identity: ItemAdapter = (host, _module, item) => host.border.copy(item) as object;

const adhoc_actions: ReadonlySet<string> = new Set(["prev", "next", "complete"]);

function is_adhoc_action(action: unknown): action is AdhocAction {
	return typeof action === "string" && adhoc_actions.has(action);
}

/** What a command in Lua answered. Source: plugins/adhoc/adhoc.lib.lua. */
function adhoc_answer(host: LuaHost, data: TValue): AdhocAnswer {
	const { vm, border } = host;
	if (data.type !== tags.table) throw new TypeError("a command has to answer with a table");
	const field = (table: TValue, name: string): TValue => vm.index(table, string_value(name));
	const text = (name: string): string | undefined => optional_text(field(data, name));
	const status = text("status");
	const error = field(data, "error");
	if (status === "error") {
		const {
			type,
			condition,
			text: message,
		} = error.type === tags.table ? border.copy_fields(error, ["type", "condition", "text"]) : {};
		return {
			status,
			error: stanza_error(
				typeof type === "string" && is_error_type(type) ? type : "cancel",
				(typeof condition === "string" ? condition : "undefined-condition") as Condition,
				typeof message === "string" ? message : undefined,
			),
		};
	}
	/** The form's element: Lua's forms make it themselves. */
	const rendered = (name: string): Stanza | undefined => {
		const shown = field(data, name);
		if (shown.type !== tags.table) return undefined;
		const layout = field(shown, "layout");
		const form = layout.type === tags.table ? layout : shown;
		const values = layout.type === tags.table ? field(shown, "values") : nil;
		const [element = nil] = vm.call(field(form, "form"), [form, values, string_value(name)]);
		const known = border.from_lua(element);
		return known instanceof Stanza ? known : undefined;
	};
	const actions = field(data, "actions");
	const listed = actions.type === tags.table ? border.copy(actions) : undefined;
	const allowed =
		listed === undefined
			? []
			: (listed instanceof Map ? [...listed.values()] : Object.values(Object(listed))).filter(is_adhoc_action);
	const preferred = actions.type === tags.table ? optional_text(field(actions, "default")) : undefined;
	const other = border.from_lua(field(data, "other"));
	const element = rendered("form") ?? rendered("result") ?? (other instanceof Stanza ? other : undefined);
	const info = text("info");
	const warn = text("warn");
	const message = error.type === tags.table ? optional_text(field(error, "message")) : undefined;
	return {
		status: status === "executing" || status === "canceled" ? status : "completed",
		...(info === undefined ? {} : { info }),
		...(warn === undefined ? {} : { warn }),
		...(message === undefined ? {} : { error: { message } }),
		...(listed === undefined
			? {}
			: { actions: { allowed: [...new Set(allowed)], ...(is_adhoc_action(preferred) ? { default: preferred } : {}) } }),
		...(element === undefined ? {} : { other: element }),
	};
}

/** A command: `{ name, node, handler(command, data, state), permission }`. */
const command: ItemAdapter = (host, _module, item) => {
	const { vm, border } = host;
	const field = (name: string): TValue => vm.index(item, string_value(name));
	const handler = field("handler");
	return new_command(
		text_argument(field("name"), "a command's name"),
		text_argument(field("node"), "a command's node"),
		(request, state) => {
			const data = border.table({ ...request });
			const [answer = nil, next = nil] = vm.call(handler, [item, data, border.to_lua(state)]);
			return [adhoc_answer(host, answer), next.ttisnil() ? undefined : border.from_lua(next)];
		},
		text_argument(field("permission"), "a command's permission") as AdhocPermission,
	);
};

/** A service on ports: `{ name, listener, default_port, encryption, private }`. Source: core/portmanager.lua. */
const net_service: ItemAdapter = (host, module, item) => {
	const { vm } = host;
	const field = (name: string): TValue => vm.index(item, string_value(name));
	const listener = field("listener");
	const port = field("default_port");
	const ports = field("default_ports");
	const default_port = port.value ?? (ports.type === tags.table ? vm.index(ports, number_value(1)).value : undefined);
	const made: NetService = {
		name: optional_text(field("name")) ?? module.api.name,
		...(typeof default_port === "number" ? { default_port } : {}),
		...(optional_text(field("encryption")) === "ssl" ? { encryption: "ssl" as const } : {}),
		private: field("private").value === true,
		onconnect: (conn) => {
			if (listener.value === http_listener(host).value) host.server.http_server.onconnect(conn);
			else listen(host, conn, listener);
		},
	};
	return made;
};

/** Adapters by the key that items are offered under. */
const adapters = new Map<string, ItemAdapter>([
	["task", task],
	["identity", identity],
	["adhoc", command],
	["adhoc-provider", command],
	["auth-provider", (host, _module, item) => auth_from_lua(host, item)],
	["authz-provider", (host, _module, item) => authz_from_lua(host, item)],
	["storage-provider", (host, _module, item) => storage_from_lua(host, item)],
	["http-provider", (host, _module, item) => http_app_from_lua(host, item)],
	["net-provider", net_service],
	["measure", (host, _module, item) => host.border.copy_fields(item, ["name", "type"])],
]);

/** The item that the host gets for one of Lua's: the same each time. */
export function adapt_item(host: LuaHost, module: LuaModule, key: string, item: TValue): unknown {
	if (item.type !== tags.table || item.value instanceof LiveTable) return host.border.from_lua(item);
	const known = host.adapted_items.get(item.value as object);
	if (known !== undefined) return known;
	const kept = new TValue(item.type, item.value);
	const adapted = adapters.get(key)?.(host, module, kept);
	if (adapted === undefined) return host.border.from_lua(item);
	host.adapted_items.set(item.value as object, adapted);
	host.items_of_lua.set(adapted, kept);
	host.border.bind(adapted, kept);
	return adapted;
}

/** The item that was made of one of Lua's, or the item itself. */
export function adapted_item(host: LuaHost, item: TValue): unknown {
	const known = item.type === tags.table ? host.adapted_items.get(item.value as object) : undefined;
	return known ?? host.border.from_lua(item);
}
