// No counterpart: items that modules in Lua offer, for those who take them in TypeScript.

import type { NetService, Session, Task } from "../host/core/types.ts";
import { new_command } from "../host/plugins/adhoc/adhoc.lib.ts";
import {
	type AdhocAction,
	type AdhocAnswer,
	type AdhocCommand,
	type AdhocForm,
	type AdhocPermission,
	type AdhocStep,
	adhoc_permissions,
} from "../host/util/adhoc.ts";
import { Form } from "../host/util/dataforms.ts";
import { is_condition, is_error_type, stanza_error } from "../host/util/error.ts";
import { short as new_id } from "../host/util/id.ts";
import * as jid from "../host/util/jid.ts";
import { ns } from "../host/util/ns.ts";
import { iq, Stanza, stanza as stanza_element } from "../host/util/stanza.ts";
import { go_on, promise_of, Waiting } from "../host/util/waiting.ts";
import { listen } from "./connection.ts";
import type { LuaContext } from "./context.ts";
import { http_app_from_lua, http_listener } from "./http.ts";
import type { LuaModule } from "./module/lua_module.ts";
import { auth_from_lua, authz_from_lua } from "./providers.ts";
import { lua_origin } from "./session.ts";
import { shell_command_from_lua } from "./shell_commands.ts";
import { storage_from_lua } from "./storage_driver.ts";
import { optional_text, text_argument } from "./vm/arguments.ts";
import { TValue } from "./vm/fengari.ts";
import { is_plain_table, nil, number_value, string_value, tags } from "./vm/live_table.ts";

/** Makes a host's item of a Lua item; undefined leaves the item as it is. */
export type ItemAdapter = (host: LuaContext, module: LuaModule, item: TValue) => object | undefined;

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
		async run(started_at) {
			const results = vm.call_waiting(run, [item, border.to_lua(started_at)]);
			if (results instanceof Waiting) await promise_of(results);
		},
	};
	return made;
};

/** An identity of disco: only its fields count. */
const identity: ItemAdapter = (host, _module, item) => {
	const copied = host.border.copy(item);
	return typeof copied === "object" && copied !== null ? copied : undefined;
};

const adhoc_actions: ReadonlySet<string> = new Set(["prev", "next", "complete"]);

function is_adhoc_action(action: unknown): action is AdhocAction {
	return typeof action === "string" && adhoc_actions.has(action);
}

/** The answer of a command in Lua. Source: plugins/adhoc/adhoc.lib.lua. */
function adhoc_answer(host: LuaContext, data: TValue): AdhocAnswer {
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
				typeof condition === "string" && is_condition(condition) ? condition : "undefined-condition",
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

function permission_argument(value: TValue): AdhocPermission {
	const given = text_argument(value, "a command's permission");
	const permission = adhoc_permissions.find((known) => known === given);
	if (permission !== undefined) return permission;
	throw new TypeError(`a command's permission has to be one of ${adhoc_permissions.join(", ")}, not ${given}`);
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
			const results = vm.call_waiting(handler, [item, data, border.to_lua(state)]);
			return go_on(
				results,
				([answer = nil, next = nil]): AdhocStep => [
					adhoc_answer(host, answer),
					next.ttisnil() ? undefined : border.from_lua(next),
				],
			);
		},
		permission_argument(field("permission")),
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
		...(optional_text(field("encryption")) === "ssl" ? { encryption: "ssl" } : {}),
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
	["shell-command", (host, _module, item) => shell_command_from_lua(host, item)],
]);

/** The item that the host gets for one of Lua's: the same each time. */
export function adapt_item(host: LuaContext, module: LuaModule, key: string, item: TValue): unknown {
	if (!is_plain_table(item)) return host.border.from_lua(item);
	const known = host.adapted_items.get(item.value);
	if (known !== undefined) return known;
	const kept = new TValue(item.type, item.value);
	const adapted = adapters.get(key)?.(host, module, kept);
	if (adapted === undefined) return host.border.from_lua(item);
	host.adapted_items.set(item.value, adapted);
	host.items_of_lua.set(adapted, kept);
	host.border.bind(adapted, kept);
	return adapted;
}

/** The item that was made of one of Lua's, or the item itself. */
export function adapted_item(host: LuaContext, item: TValue): unknown {
	const known = is_plain_table(item) ? host.adapted_items.get(item.value) : undefined;
	return known ?? host.border.from_lua(item);
}

/** What a command of the host answered, as Lua's mod_adhoc takes it. */
function answer_for_lua(host: LuaContext, answer: AdhocAnswer): TValue {
	const { vm, border } = host;
	if (answer.status === "error") return border.table({ status: "error", error: border.deep_table({ ...answer.error }) });
	const { status, info, warn, error, actions, form, result, other } = answer;
	const rendered = (shown: AdhocForm | undefined, type: "form" | "result"): Stanza | undefined =>
		shown && (shown instanceof Form ? shown.form(undefined, type) : shown.layout.form(shown.values, type));
	const data = border.table({
		status,
		info,
		warn,
		...(error ? { error: border.deep_table({ ...error }) } : {}),
		other: rendered(form, "form") ?? rendered(result, "result") ?? other,
	});
	if (actions) {
		const list = border.deep_table([...actions.allowed]);
		if (is_plain_table(list)) vm.raw_set(list.value, "default", border.to_lua(actions.default));
		if (is_plain_table(data)) vm.raw_set(data.value, "actions", list);
	}
	return data;
}

/** The session of a JID, or else the addressed host. */
function origin_of({ server }: LuaContext, from: string | undefined, to: string | undefined): Session {
	const origin = server.delivery.session(from ?? "") ?? server.hosts.get(jid.host(to ?? "") ?? "");
	if (!origin) throw new TypeError(`nobody here is ${from ?? "the sender"}, who executes a command`);
	return origin;
}

/** A command of the host for Lua modules that execute commands. */
function command_value(host: LuaContext, item: AdhocCommand<Session>): TValue {
	const { vm, border } = host;
	const { name, node, permission } = item;
	const value = border.table({ name, node, permission });
	if (!is_plain_table(value)) return value;
	const table = value.value;
	vm.raw_set(
		table,
		"handler",
		vm.native(([, data = nil, state = nil]) => {
			const field = (key: string): unknown => border.from_lua(vm.index(data, string_value(key)));
			const text = (key: string): string | undefined => {
				const known = field(key);
				return typeof known === "string" ? known : undefined;
			};
			const origin = vm.index(data, string_value("origin"));
			const stanza = field("stanza");
			const form = field("form");
			const [to, from] = [text("to"), text("from")];
			const step = item.handler(
				{
					origin: origin.ttisnil() ? origin_of(host, from, to) : lua_origin(host, origin),
					// Prosody 0.12 only gives the sender
					stanza: stanza instanceof Stanza ? stanza : iq({ type: "set", id: new_id(), from, to }),
					to,
					from,
					action: text("action") ?? "execute",
					form: form instanceof Stanza ? form : undefined,
				},
				border.from_lua(state),
			);
			return go_on(step, ([answer, next]): readonly TValue[] => [answer_for_lua(host, answer), border.to_lua(next)]);
		}),
	);
	vm.raw_set(
		table,
		"cmdtag",
		vm.native(([, status, sessionid, action]) => {
			const tag = stanza_element("command", { xmlns: ns.commands, node, status: optional_text(status) });
			tag.attr["sessionid"] = optional_text(sessionid);
			tag.attr["action"] = optional_text(action);
			return border.to_lua(tag);
		}),
	);
	border.adopt(table, item);
	border.bind(item, value);
	return value;
}

function is_command(item: unknown): item is AdhocCommand<Session> {
	return typeof item === "object" && item !== null && "node" in item && "handler" in item && typeof item.handler === "function";
}

/** An item as Lua sees it: a Lua item is itself, and an item of the host looks like Prosody's. */
export function item_value(host: LuaContext, key: string, item: unknown): TValue {
	const is_shown = typeof item === "object" && item !== null && (host.items_of_lua.has(item) || shown_commands.has(item));
	if (!is_shown && (key === "adhoc" || key === "adhoc-provider") && is_command(item)) {
		shown_commands.add(item);
		return command_value(host, item);
	}
	return host.border.to_lua(item);
}

/** Commands of the host that Lua has seen. */
const shown_commands = new WeakSet<object>();
