// Counterpart: core/ (the managers as Lua modules require them)

import { ClientSession } from "../host/core/c2s_session.ts";
import { ServerStreamSession } from "../host/core/s2s_session.ts";
import type { C2sSession } from "../host/core/types.ts";
import { Stanza } from "../host/util/stanza.ts";
import type { LuaContext } from "./context.ts";
import { rostermanager, usermanager } from "./core_accounts.ts";
import { item_value } from "./items.ts";
import { answer_value } from "./native_calls.ts";
import { features_of, router_functions } from "./prosody.ts";
import { lua_origin } from "./session.ts";
import { statsmanager } from "./statistics.ts";
import { create_storage_library } from "./store.ts";
import { stream_error_of } from "./stream_fields.ts";
import { new_outgoing, stream_listener } from "./stream_listeners.ts";
import { host_of, make_library, name_of, optional_text, text_argument } from "./vm/arguments.ts";
import { type Table, TValue } from "./vm/fengari.ts";
import { is_function, nil, number_value, string_value, tags } from "./vm/live_table.ts";
import type { NativeFunction } from "./vm/vm.ts";

/** The error of a stanza as Prosody's functions give it: nil, type, condition, text. */
function stanza_error_results(host: LuaContext, error: { type: string; condition: string; text?: string }): readonly TValue[] {
	return [nil, string_value(error.type), string_value(error.condition), host.border.to_lua(error.text)];
}

// ------------------------------------------------------------------------------------------------------------ sessions

/** Source: core/sessionmanager.lua. */
function sessionmanager(host: LuaContext): TValue {
	const { border, server } = host;
	const { sessionmanager: sessions } = server;
	const client = (value: TValue | undefined): C2sSession => {
		const known = value === undefined ? undefined : lua_origin(host, value);
		if (known?.type.startsWith("c2s")) return known as C2sSession;
		throw new TypeError("bad argument: expected a client's session");
	};
	const stanza_of = (value: TValue | undefined): Stanza => {
		const known = value === undefined ? undefined : border.from_lua(value);
		if (known instanceof Stanza) return known;
		throw new TypeError("bad argument: expected a stanza");
	};
	return make_library(host.vm, {
		destroy_session: ([session, reason = nil]) => {
			const error = border.from_lua(reason);
			const text = typeof error === "string" ? error : stream_error_of(host, reason)?.condition;
			sessions.destroy_session(client(session), text);
			return undefined;
		},
		retire_session: ([session]) => session,
		update_session: ([kept, taken]) => {
			const session = client(kept);
			const from = client(taken);
			if (!(session instanceof ClientSession) || !(from instanceof ClientSession)) return undefined;
			const replaced_conn = session.conn;
			const shown = border.to_lua(session);
			for (const name of ["filter", "filters"]) {
				host.vm.set_index(shown, string_value(name), host.vm.index(border.to_lua(from), string_value(name)));
			}
			session.sasl_handler = from.sasl_handler;
			session.resume_over(from);
			for (const [name, value] of [
				["hibernating", nil],
				[
					"resumption_counter",
					number_value(Number(border.from_lua(host.vm.index(shown, string_value("resumption_counter"))) ?? 0) + 1),
				],
			] as const) {
				host.vm.set_index(shown, string_value(name), value);
			}
			server.events.fire_any("c2s-session-updated", { session, from_session: from, replaced_conn });
			from.retire();
			from.conn = undefined;
			return undefined;
		},
		make_authenticated: ([session, username, role]) =>
			answer_value(host, sessions.make_authenticated(client(session), name_of(username), optional_text(role))),
		bind_resource: ([session, resource]) => {
			const bound = sessions.bind_resource(client(session), optional_text(resource));
			return bound.ok ? border.to_lua(true) : stanza_error_results(host, bound.error);
		},
		send_to_available_resources: ([username, on, stanza]) =>
			number_value(sessions.send_to_available_resources(name_of(username), host_of(on), stanza_of(stanza))),
		send_to_interested_resources: ([username, on, stanza]) =>
			number_value(sessions.send_to_interested_resources(name_of(username), host_of(on), stanza_of(stanza))),
	});
}

/** Streams with other servers, which the host makes and keeps. Source: core/s2smanager.lua. */
function s2smanager(host: LuaContext): TValue {
	const { border, vm } = host;
	const refused: NativeFunction = () => [nil, string_value("the server makes the sessions of its streams with other servers")];
	const end: NativeFunction = ([given = nil, reason]) => {
		const session = border.from_lua(given);
		if (session instanceof ServerStreamSession && !session.destroyed) session.close(stream_error_of(host, reason));
		return border.to_lua(true);
	};
	const value = make_library(vm, {
		new_incoming: refused,
		new_outgoing: ([from, to]) => border.to_lua(new_outgoing(host, from, to)),
		destroy_session: end,
		retire_session: end,
	});
	const prosody = vm.index(host.globals, string_value("prosody"));
	vm.raw_set(value.value as Table, "incoming_s2s", vm.index(prosody, string_value("incoming_s2s")));
	return value;
}

// --------------------------------------------------------------------------------------------------- hosts and modules

/** Source: core/hostmanager.lua. */
function hostmanager(host: LuaContext): TValue {
	const { border, server } = host;
	return make_library(host.vm, {
		activate: ([name]) => {
			const activated = server.activate_host(host_of(name));
			return activated.ok ? border.to_lua(true) : answer_value(host, activated);
		},
		deactivate: ([name, reason]) => answer_value(host, server.deactivate_host(host_of(name), stream_error_of(host, reason))),
		get_children: ([name]) =>
			border.deep_table(Object.fromEntries(server.get_children(host_of(name)).map((child) => [child.host, child.name ?? true]))),
	});
}

/** Source: core/modulemanager.lua. */
function modulemanager(host: LuaContext): TValue {
	const { border, server, vm } = host;
	const { modulemanager: modules } = server;
	const shown = (on: string, name: string): TValue => {
		const loaded = modules.get_module(on, name);
		return loaded === undefined ? nil : host.exports_value(name, on, loaded.exports);
	};
	const on_hosts = (value: TValue | undefined): string => optional_text(value) ?? "*";
	const result = (done: ReturnType<typeof modules.load>, on: string, name: string): TValue | readonly TValue[] =>
		done.ok ? shown(on, name) : answer_value(host, done);
	const with_method = (on: string, name: string, method: string): TValue => {
		const module = vm.index(shown(on, name), string_value("module"));
		return module.type === tags.table ? vm.index(module, string_value(method)) : nil;
	};
	const names_on = (on: string): string[] => modules.loaded_on(on).map(({ name }) => name);
	return make_library(host.vm, {
		load: ([on, name]) =>
			result(modules.load(host_of(on), text_argument(name, "module")), host_of(on), text_argument(name, "module")),
		unload: ([on, name]) => answer_value(host, modules.unload(host_of(on), text_argument(name, "module"))),
		reload: ([on, name]) => {
			const done = modules.reload(host_of(on), text_argument(name, "module"));
			return done.ok ? border.to_lua(true) : answer_value(host, done);
		},
		is_loaded: ([on, name]) => border.to_lua(modules.is_loaded(on_hosts(on), text_argument(name, "module"))),
		get_module: ([on, name]) => shown(on_hosts(on), text_argument(name, "module")),
		get_modules: ([on]) => {
			const table = vm.new_table();
			for (const name of names_on(on_hosts(on))) vm.raw_set(table, name, shown(on_hosts(on), name));
			return new TValue(tags.table, table);
		},
		get_items: ([key, on]) => {
			const name = text_argument(key, "key");
			const items: unknown[] = modules.get_items(on_hosts(on), name as "feature");
			return border.deep_table(items.map((item) => item_value(host, name, item)));
		},
		get_modules_for_host: ([on]) => {
			const names = modules.configured_for(host_of(on));
			const component = server.config.get(host_of(on), "component_module");
			const set = vm.call(host.libraries.function_of("util.set", "new"), [border.deep_table(names)])[0] ?? nil;
			return [set, border.to_lua(typeof component === "string" ? component : undefined)];
		},
		get_modules_with_method: ([on, method]) =>
			border.deep_table(
				names_on(on_hosts(on)).filter((name) => is_function(with_method(on_hosts(on), name, text_argument(method, "method")))),
			),
		module_has_method: ([module = nil, method]) => {
			const value = module.type === tags.table ? vm.index(module, string_value(text_argument(method, "method"))) : nil;
			return border.to_lua(is_function(value));
		},
		call_module_method: ([module = nil, method, ...args]) => {
			const value = module.type === tags.table ? vm.index(module, string_value(text_argument(method, "method"))) : nil;
			if (!is_function(value)) return [border.to_lua(false), string_value("no-such-method")];
			return [border.to_lua(true), ...vm.call(value, args)];
		},
		load_modules_for_host: () => undefined,
	});
}

/** Source: core/configmanager.lua. */
function configmanager(host: LuaContext): TValue {
	const { border, server } = host;
	const get: NativeFunction = ([on, key, old_key]) => {
		// COMPAT: modules for Prosody before 0.9 name a section, "core", in between
		const option = optional_text(old_key) ?? text_argument(key, "option");
		return border.deep_table(server.config.get(optional_text(on) ?? "*", option));
	};
	return make_library(host.vm, {
		get,
		rawget: ([on, key, old_key]) => {
			const option = optional_text(old_key) ?? text_argument(key, "option");
			const value = server.config.get(optional_text(on) ?? "*", option);
			return value === server.config.get("*", option) && optional_text(on) !== "*" ? nil : border.deep_table(value);
		},
		resolve_relative_path: ([parent, path]) => {
			const file = optional_text(path);
			if (file === undefined) return nil;
			const folder = text_argument(parent, "parent path").replace(/\/+$/, "");
			return string_value(file.startsWith("/") ? file : `${folder}/${file.replace(/^\.\//, "")}`);
		},
		set: () => [nil, string_value("options are set in the configuration file")],
	});
}

/** Source: core/portmanager.lua. */
function portmanager(host: LuaContext): TValue {
	const { border, server, vm, libraries } = host;
	const all_services = () => ["*", ...server.hosts.keys()].flatMap((on) => server.modulemanager.get_items(on, "net-provider"));
	return make_library(host.vm, {
		// a multitable: service, interface, port
		get_active_services: () => {
			const table = vm.call(libraries.function_of("util.multitable", "new"), [])[0] ?? nil;
			for (const { service, host: address, port } of server.addresses()) {
				const known = all_services().find(({ name }) => name === service);
				const active = border.table({ service: known ?? { name: service }, server: border.table({}) });
				vm.call(vm.index(table, string_value("add")), [
					table,
					string_value(service),
					string_value(address),
					number_value(port),
					active,
				]);
			}
			return table;
		},
		get_service([name]) {
			const found = all_services().find((service) => service.name === optional_text(name));
			const listener = found && !host.items_of_lua.has(found) ? stream_listener(host, found.name) : undefined;
			return listener === undefined ? border.to_lua(found) : border.table({ ...found, listener });
		},
		get_service_at: ([address, port]) => {
			const found = server.addresses().find((open) => open.host === optional_text(address) && open.port === port?.value);
			const service = found && all_services().find(({ name }) => name === found.service);
			return service === undefined ? [nil, string_value("not-found")] : border.to_lua(service);
		},
		get_registered_services: () => border.to_lua(Object.fromEntries(all_services().map((service) => [service.name, [service]]))),
		close: ([address, port]) => {
			const open = server.addresses().find((one) => one.host === optional_text(address) && one.port === port?.value);
			return open !== undefined && server.close_port(open) ? border.to_lua(true) : [nil, string_value("closed")];
		},
		activate: () => [nil, string_value("ports are opened by loading the module that offers the service")],
		deactivate: ([name]) => {
			for (const open of server.addresses()) if (open.service === optional_text(name)) server.close_port(open);
			return undefined;
		},
	});
}

// ------------------------------------------------------------------------------------------------------------ the rest

/** Sinks of the log belong to the host. Source: core/loggingmanager.lua. */
function loggingmanager(host: LuaContext): TValue {
	return make_library(host.vm, {
		register_sink_type: () => undefined,
		reload_logging: () => {
			host.server.reopen_logs();
			return undefined;
		},
	});
}

/**
 * TLS belongs to the host: a caller who wants a context only learns whether there is a certificate. Source: core/certmanager.lua.
 */
function certmanager(host: LuaContext): TValue {
	const { border, server } = host;
	return make_library(host.vm, {
		create_context: ([name]) =>
			server.tls_context(host_of(name)) === undefined
				? [nil, string_value(`no certificate for ${host_of(name)}`)]
				: [border.table({}), nil, border.table({})],
		find_host_cert: () => nil,
		find_cert: () => nil,
		reload_ssl_config: () => undefined,
	});
}

/** Source: core/stanza_router.lua. */
function stanza_router(host: LuaContext): TValue {
	return host.border.table(router_functions(host));
}

/** Source: core/moduleapi.lua: the functions that every module has. */
function moduleapi(host: LuaContext): TValue {
	return host.module_api;
}

/** Source: core/features.lua. */
function features(host: LuaContext): TValue {
	return host.border.table({ available: features_of(host) });
}

/** Makers of the libraries `core.*`, each called when its library is first required. */
export const core_libraries: { readonly [name: string]: (host: LuaContext) => TValue } = {
	"core.certmanager": certmanager,
	"core.configmanager": configmanager,
	"core.features": features,
	"core.hostmanager": hostmanager,
	"core.loggingmanager": loggingmanager,
	"core.moduleapi": moduleapi,
	"core.modulemanager": modulemanager,
	"core.portmanager": portmanager,
	"core.rostermanager": rostermanager,
	"core.s2smanager": s2smanager,
	"core.sessionmanager": sessionmanager,
	"core.stanza_router": stanza_router,
	"core.statsmanager": statsmanager,
	"core.storagemanager": create_storage_library,
	"core.usermanager": usermanager,
};
