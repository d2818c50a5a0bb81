// Counterpart: util/startup.lua (the global prosody), core/stanza_router.lua (its functions as Lua calls them)

import type { Session } from "../host/core/types.ts";
import { Stanza } from "../host/util/stanza.ts";
import type { LuaContext } from "./context.ts";
import { register_events } from "./events.ts";
import { set_global } from "./globals.ts";
import { GivenMapTable, register_hosts } from "./host_session.ts";
import { type Field, type Fields, HostTable } from "./host_table.ts";
import { register_http } from "./http_messages.ts";
import { log_function } from "./log_format.ts";
import { features } from "./module_files.ts";
import { register_pubsub_services } from "./pubsub_service.ts";
import { register_rosters } from "./roster.ts";
import { register_sasl } from "./sasl.ts";
import { register_servers } from "./server_session.ts";
import { lua_origin, register_clients } from "./session.ts";
import { SetTable, table_value } from "./views.ts";
import { optional_text } from "./vm/arguments.ts";
import { TValue } from "./vm/fengari.ts";
import { is_function, nil, tags } from "./vm/live_table.ts";
import { bytes_of } from "./vm/text.ts";

function stanza_argument(host: LuaContext, value: TValue | undefined, what: string): Stanza {
	const known = value === undefined ? undefined : host.border.from_lua(value);
	if (known instanceof Stanza) return known;
	throw new TypeError(`bad argument to ${what}: expected a stanza`);
}

/** The functions that move stanzas, by names that are also globals in Prosody. */
export function router_functions(host: LuaContext): { readonly [name: string]: TValue } {
	const { vm, server } = host;
	const origin_of = (value: TValue): Session => lua_origin(host, value);
	return {
		core_process_stanza: vm.native(([origin = nil, stanza]) => {
			const given = stanza_argument(host, stanza, "core_process_stanza");
			return server.router.process_stanza(origin_of(origin), given)?.go_on(() => []);
		}),
		core_post_stanza: vm.native(([origin = nil, stanza, preevents]) => {
			const given = stanza_argument(host, stanza, "core_post_stanza");
			const with_preevents = preevents !== undefined && !preevents.ttisnil() && preevents.value !== false;
			return server.router.post_stanza(origin_of(origin), given, with_preevents)?.go_on(() => []);
		}),
		core_route_stanza: vm.native(([origin = nil, stanza]) => {
			const given = stanza_argument(host, stanza, "core_route_stanza");
			server.router.route_stanza(origin.ttisnil() ? undefined : origin_of(origin), given);
			return undefined;
		}),
	};
}

/** `prosody.shutdown`, which modules may replace: whoever wants the server to end then calls theirs. */
function shutdown_field({ vm, border, server }: LuaContext): Field<object> {
	const native = vm.native(([reason]) => {
		const text = optional_text(reason) ?? "Received shutdown request";
		server.logger("general")("info", "Shutting down: %s", text);
		// the caller is in the middle of something, which has to be finished first
		setImmediate(() => void server.stop(text));
		return undefined;
	});
	let current = native;
	server.events.add_handler("shutdown-wanted", ({ reason }) => {
		if (current.value === native.value) return undefined;
		try {
			vm.call(current, [border.to_lua(reason)]);
			return true;
		} catch (error) {
			server.logger("general")(
				"error",
				"prosody.shutdown of a module failed: %s",
				error instanceof Error ? error.message : error,
			);
			return undefined;
		}
	});
	return {
		get: () => current,
		set(_, value) {
			current = is_function(value) ? new TValue(value.type, value.value) : native;
		},
	};
}

function prosody_fields(host: LuaContext, functions: { readonly [name: string]: TValue }): Fields<object> {
	const { vm, border, server } = host;
	const { paths } = server;
	const kept_by_host = (map: ReadonlyMap<string, unknown>): TValue =>
		table_value(new GivenMapTable(border, map as Map<unknown, unknown>));
	const started = new Promise<void>((resolve) => {
		if (server.addresses().length > 0) resolve();
		else server.events.add_handler("server-started", () => resolve());
	});
	const nothing = vm.native(() => undefined);
	const constants: { readonly [name: string]: unknown } = {
		hosts: kept_by_host(server.hosts),
		full_sessions: kept_by_host(server.full_sessions),
		bare_sessions: kept_by_host(server.bare_sessions),
		events: server.events,
		version: server.version,
		platform: "posix",
		process_type: "prosody",
		installed: true,
		paths: border.table({
			config: paths.config,
			data: paths.data,
			plugins: paths.plugins.join(";"),
			source: paths.config,
		}),
		arg: border.table({}),
		incoming_s2s: table_value(new SetTable(border, server.incoming_s2s as Set<unknown>)),
		opts: border.table({}),
		config_loaded: true,
		log: log_function(host.vm, server.logger("general")),
		unlock_globals: nothing,
		lock_globals: nothing,
		reload_config: vm.native(() => {
			const reloaded = server.reload_config();
			return reloaded.ok ? [border.to_lua(true), nil] : [border.to_lua(false), border.to_lua(`parser: ${reloaded.error}`)];
		}),
		reopen_logfiles: vm.native(() => {
			server.reopen_logs();
			return undefined;
		}),
		...functions,
	};
	const fields = new Map<string, Field<object>>();
	for (const name in constants) {
		const value = border.to_lua(constants[name]);
		fields.set(name, { get: () => value });
	}
	fields.set("shutdown", shutdown_field(host));
	fields.set("start_time", { get: () => border.to_lua(server.start_time) });
	// fields that only some versions of Prosody have are made when they are read
	fields.set("started", { get: () => started });
	fields.set("features", { get: () => host.libraries.get("util.set") && features_of(host) });
	return fields;
}

/** `prosody.features`, and the library `core.features`: what this server can do by names that modules ask for. */
export function features_of(host: LuaContext): TValue {
	const { libraries, border, vm } = host;
	return vm.call(libraries.function_of("util.set", "new"), [border.deep_table([...features])])[0] ?? nil;
}

/** Prosody's functions have the variables that they share for their fields: some modules set those of others' functions so. */
const function_metatable = `
local getupvalue, setupvalue = debug.getupvalue, debug.setupvalue
local function position_of(f, wanted)
	local position = 1
	while true do
		local name, value = getupvalue(f, position)
		if name == nil then return nil end
		if name == wanted then return position, value end
		position = position + 1
	end
end
debug.setmetatable(position_of, {
	__index = function(f, name)
		local _, value = position_of(f, name)
		return value
	end,
	__newindex = function(f, name, value)
		local position = position_of(f, name)
		if position then setupvalue(f, position, value) end
	end,
})
`;

/** Source: util/startup.lua, set_function_metatable. */
function set_function_metatable({ vm }: LuaContext): void {
	const chunk = vm.load(bytes_of(function_metatable), "=lua-shims/prosody", new TValue(tags.table, vm.globals));
	if (!chunk.ok) throw new Error(chunk.error);
	vm.call(chunk.value, []);
}

/** Shows the server to Lua: the global `prosody`, and the others that Prosody gives its modules. */
export function provide_prosody(host: LuaContext): void {
	// To read Lua takes a while, and a configuration has no functions whose variables anybody looks for
	if (host.serves === "modules") set_function_metatable(host);
	register_events(host);
	register_pubsub_services(host);
	register_rosters(host);
	register_clients(host);
	register_servers(host);
	register_hosts(host);
	register_sasl(host);
	register_http(host);
	const functions = router_functions(host);
	const fields = prosody_fields(host, functions);
	const prosody = new HostTable(host.border, {}, "prosody", fields);
	set_global(host, "prosody", table_value(prosody));
	for (const name of ["hosts", "full_sessions", "bare_sessions", "incoming_s2s", "log"])
		set_global(host, name, prosody.get(name));
	for (const name in functions) set_global(host, name, functions[name] ?? nil);
}
