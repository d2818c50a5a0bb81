// No counterpart: all that the Lua modules of one server share. It is made when the first of them is loaded.

import { readFileSync } from "node:fs";
import type { EventMap, IqError, ModuleApi, PermissionContext, Server, Session } from "../host/core/types.ts";
import type { Events } from "../host/util/events.ts";
import { message, Stanza } from "../host/util/stanza.ts";
import { Border, lua_table } from "./border.ts";
import { exports_table, ModuleTable } from "./exports.ts";
import { type Table, TValue } from "./fengari.ts";
import { create_globals } from "./globals.ts";
import { Libraries } from "./libraries.ts";
import { is_function, key_of, LiveTable, nil, string_value, tags } from "./live_table.ts";
import { log_function } from "./log_format.ts";
import { restrict_debug } from "./lua/debug.ts";
import { create_module_api, LuaModule } from "./module.ts";
import { find_library } from "./module_files.ts";
import { plugin_libraries } from "./plugin_libraries.ts";
import { provide_prosody } from "./prosody.ts";
import { show_rooms } from "./room.ts";
import { lua_origin } from "./session.ts";
import { create_stanza_library, type StanzaLibrary } from "./stanza.ts";
import { provide } from "./surface.ts";
import { bytes_of } from "./text.ts";
import { connect_values } from "./values.ts";
import { table_value } from "./views.ts";
import { Vm } from "./vm.ts";

/** What a module's Lua code used so far. */
export interface ModuleCost {
	calls: number;
	/** Milliseconds. */
	time: number;
}

/** Lua's own libraries, which can be required as well. */
const lua_libraries = ["string", "table", "math", "os", "io", "coroutine", "utf8", "debug", "package"];

/** How long the loading of a module may take, as a multiple of what a hook may. */
const loading_factor = 10;

/** The Lua of one server: its state, its libraries, its modules. */
export class LuaHost {
	readonly vm: Vm;
	readonly border: Border;
	readonly libraries: Libraries;
	readonly stanza: StanzaLibrary;
	/** Lua's globals as modules see them. */
	readonly globals: TValue;
	/** What the host got for items of Lua. */
	readonly adapted_items = new WeakMap<object, object>();
	/** The items of Lua, by what the host got for them. */
	readonly items_of_lua = new WeakMap<object, TValue>();
	/** Calls and time by `host:module`. */
	readonly costs = new Map<string, ModuleCost>();

	/** The methods of `module`. */
	readonly module_api: TValue;
	private readonly module_metatable: Table;
	private readonly modules = new WeakMap<object, LuaModule>();
	private readonly module_of_api = new WeakMap<ModuleApi, LuaModule>();
	private readonly shown_modules = new WeakMap<object, TValue>();
	private readonly undos = new WeakMap<LuaModule, (() => void)[]>();

	/**
	 * Options: lua_hook_timeout.
	 * @param folders where modules and their libraries are looked for
	 * @param serves modules, which share its libraries and are kept from replacing them, or a configuration file, which may
	 */
	constructor(
		readonly server: Server,
		private readonly folders: readonly string[] = server.paths.plugins,
		readonly serves: "modules" | "configuration" = "modules",
	) {
		const timeout = server.config.get("*", "lua_hook_timeout");
		this.vm = new Vm(typeof timeout === "number" && timeout > 0 ? timeout : 1);
		this.border = new Border(this.vm);
		this.globals = create_globals(this);
		this.libraries = new Libraries(this.border, this.globals);
		this.stanza = create_stanza_library(this.border);
		show_rooms(this.border);
		provide_prosody(this);
		provide(this);
		connect_values(this);
		for (const name of lua_libraries) {
			this.libraries.add(name, () => this.vm.index(this.globals, string_value(name)));
		}
		// puts the global function `import` in place
		this.libraries.get("util.import");
		if (serves === "modules") restrict_debug(this.vm);
		this.publish_costs();
		this.module_api = create_module_api(this);
		this.module_metatable = this.vm.new_table();
		this.vm.raw_set(this.module_metatable, "__index", this.module_api);
	}

	/** What modules in Lua are offered: names that `require` finds, methods of `module`, and globals. */
	surface(): {
		libraries: ReadonlySet<string>;
		module_methods: ReadonlySet<string>;
		globals: ReadonlySet<string>;
		syntax_error(source: string, file: string): string | undefined;
	} {
		const names = (table: TValue): Set<string> => {
			const keys =
				table.value instanceof LiveTable
					? table.value.keys()
					: [...this.vm.entries(table.value as Table)].map(([key]) => key_of(key));
			return new Set(keys.filter((key) => typeof key === "string"));
		};
		return {
			libraries: new Set(this.libraries.names()),
			module_methods: names(this.module_api),
			globals: names(this.globals),
			syntax_error: (source, file) => {
				const chunk = this.vm.load(bytes_of(source), `@${file}`, this.globals);
				return chunk.ok ? undefined : chunk.error;
			},
		};
	}

	// --------------------------------------------------------------------------------------------------------- modules

	/** Runs a module's file for a host; answers with its globals, which other modules get. Throws where it fails. */
	load(path: string, api: ModuleApi): unknown {
		const { vm } = this;
		const module = new LuaModule(this, api, path);
		module.table.metatable = this.module_metatable;
		this.register(module);
		const environment = vm.new_table();
		const globals = new TValue(tags.table, environment);
		const set = (name: string, value: TValue): void => vm.raw_set(module.table, name, value);
		set("name", string_value(api.name));
		set("host", string_value(api.host));
		set("path", string_value(path));
		set("environment", globals);
		set("_log", log_function(vm, api.log));
		if (api.host === "*") set("global", this.border.to_lua(true));
		vm.raw_set(environment, "module", module.value);
		environment.metatable = vm.new_table();
		vm.raw_set(environment.metatable, "__index", this.globals);
		this.environments.set(module, environment);
		const chunk = vm.load(readFileSync(path), `@${path}`, globals);
		if (!chunk.ok) throw new Error(`mod_${api.name} cannot be compiled: ${chunk.error}`);
		this.prepare_lifecycle(module, environment);
		try {
			vm.with_timeout(vm.timeout * loading_factor, () => {
				vm.call(chunk.value, []);
				const load = this.lifecycle_function(module, "load");
				if (load) vm.call(load, []);
			});
		} catch (error) {
			this.release(module);
			throw error;
		}
		this.adopt_lifecycle(module);
		return this.border.from_lua(globals);
	}

	private readonly environments = new WeakMap<LuaModule, Table>();

	/** The globals of one module. */
	environment_of(module: LuaModule): Table {
		return this.environments.get(module) ?? this.vm.new_table();
	}

	/** Makes a module known by its table. */
	register(module: LuaModule): void {
		this.modules.set(module.table, module);
		this.module_of_api.set(module.api, module);
	}

	/** The module that a method was called on. Throws where it is none. */
	module_of(self: TValue | undefined, method: string): LuaModule {
		let table: unknown = self?.value;
		for (let depth = 0; depth < 8 && typeof table === "object" && table !== null; depth++) {
			const known = this.modules.get(table);
			if (known) return known;
			const { metatable } = table as Table;
			table = metatable ? this.vm.raw_get(metatable, "__index").value : undefined;
		}
		throw new TypeError(`calling '${method}' without a module: expected module:${method}(...)`);
	}

	/** Lua's `module` of a module in any language. */
	module_value(api: ModuleApi): TValue {
		const known = this.module_of_api.get(api);
		if (known) return known.value;
		const module = new LuaModule(this, api, api.path ?? "");
		module.table.metatable = this.module_metatable;
		this.vm.raw_set(module.table, "name", string_value(api.name));
		this.vm.raw_set(module.table, "host", string_value(api.host));
		this.register(module);
		return module.value;
	}

	private lifecycle_function(module: LuaModule, name: string): TValue | undefined {
		const value = this.vm.raw_get(module.table, name);
		return is_function(value) ? new TValue(value.type, value.value) : undefined;
	}

	private prepare_lifecycle(module: LuaModule, environment: Table): void {
		this.on_ready(module, () => {});
		module.api.unload = () => {
			try {
				const unload = this.lifecycle_function(module, "unload");
				if (unload) this.vm.call(unload, []);
			} finally {
				this.release(module);
			}
		};
		this.environments.set(module, environment);
	}

	/** Takes over the functions that a module put on `module` while it loaded. */
	private adopt_lifecycle(module: LuaModule): void {
		const { vm, border } = this;
		const { api } = module;
		const save = this.lifecycle_function(module, "save");
		if (save) api.save = () => border.copy(vm.call(save, [])[0] ?? nil);
		const restore = this.lifecycle_function(module, "restore");
		if (restore) api.restore = (saved) => void vm.call(restore, [border.deep_table(saved)]);
		const ready = this.lifecycle_function(module, "ready");
		if (ready) this.on_ready(module, () => void vm.call(ready, []));
		const add_host = this.lifecycle_function(module, "add_host");
		if (!add_host) return;
		api.add_host = (host_api) => {
			const on_host = new LuaModule(this, host_api, module.path);
			on_host.table.metatable = vm.new_table();
			vm.raw_set(on_host.table.metatable, "__index", module.value);
			vm.raw_set(on_host.table, "host", string_value(host_api.host));
			vm.raw_set(on_host.table, "global", border.to_lua(false));
			this.register(on_host);
			this.environments.set(on_host, this.environment_of(module));
			host_api.unload = () => {
				const own = vm.raw_get(on_host.table, "unload");
				try {
					if (is_function(own)) vm.call(own, []);
				} finally {
					this.release(on_host);
				}
			};
			const [answer, reason] = vm.call(add_host, [on_host.value]);
			if (answer?.value === false) throw new Error(reason === undefined ? "add_host refused" : vm.to_string(reason));
		};
	}

	/** Has something done when a module goes. */
	undo({ origin }: LuaModule, callback: () => void): void {
		const undos = this.undos.get(origin) ?? [];
		undos.push(callback);
		this.undos.set(origin, undos);
	}

	/** Undoes all that a module did. What fails is told of, and the rest is undone all the same. */
	private release(module: LuaModule): void {
		const hooks = [...module.handlers.values()].flatMap((by_name) =>
			[...by_name.values()].flatMap(({ undo_on }) => [...undo_on.values()]),
		);
		for (const callback of [...hooks, ...(this.undos.get(module) ?? [])].reverse()) {
			try {
				callback();
			} catch (error) {
				module.api.log("error", "Error while unloading: %s", error instanceof Error ? error.stack : error);
			}
		}
		this.undos.delete(module);
		module.handlers.clear();
	}

	/** A library beside a module: `module:require "x"` runs `x.lib.lua` in the module's own environment. */
	require_beside(module: LuaModule, name: string): TValue {
		const path = find_library(this.folders, module.api.name, name);
		const own = path === undefined ? plugin_libraries.get(name) : undefined;
		if (path === undefined && own === undefined)
			throw new Error(`Failed to load plugin library '${name}': there is no ${name}.lib.lua for mod_${module.api.name}`);
		const code = path === undefined ? bytes_of(own ?? "") : readFileSync(path);
		const chunk_name = path === undefined ? `=lua-shims/plugins/${name}.lua` : `@${path}`;
		const chunk = this.vm.load(code, chunk_name, new TValue(tags.table, this.environment_of(module)));
		if (!chunk.ok) throw new Error(`Failed to load plugin library '${name}': ${chunk.error}`);
		return this.vm.call(chunk.value, [])[0] ?? nil;
	}

	/** Calls back when the server is ready, after what was to be called before; at once where the module has heard of that. */
	on_ready({ origin }: LuaModule, callback: () => void): void {
		if (origin.is_ready) {
			callback();
			return;
		}
		const { api } = origin;
		const before = api.ready;
		api.ready = () => {
			origin.is_ready = true;
			try {
				before?.();
			} finally {
				callback();
			}
		};
	}

	/** Has the server's measures show what modules cost: `HOST/mod_NAME/lua_calls`, and `…/lua_time` in seconds. */
	private publish_costs(): void {
		this.server.events.add_handler("stats-update", () => {
			for (const [key, { calls, time }] of this.costs) {
				const at = key.lastIndexOf(":");
				const [on, name] = [key.slice(0, at), key.slice(at + 1)];
				const amount = (what: string) => this.server.statsmanager.measure("amount", `mod_${name}/${what}`, on);
				amount("lua_calls")(calls);
				amount("lua_time")(time / 1000);
			}
			return undefined;
		});
	}

	/** Counts calls and time of a piece of a module's code. */
	measured(module: LuaModule): <Value>(run: () => Value) => Value {
		const key = `${module.api.host}:${module.api.name}`;
		let cost = this.costs.get(key);
		if (!cost) {
			cost = { calls: 0, time: 0 };
			this.costs.set(key, cost);
		}
		const counted = cost;
		return (run) => {
			const started = performance.now();
			try {
				return run();
			} finally {
				counted.calls++;
				counted.time += performance.now() - started;
			}
		};
	}

	// ------------------------------------------------------------------------------------------------------------ values

	/** A function of one of Lua's own libraries, as modules see it. */
	global(library: string, name: string): TValue {
		return this.vm.index(this.vm.index(this.globals, string_value(library)), string_value(name));
	}

	/** The session that a Lua value is, or stands for. */
	session_of(value: TValue): Session {
		return lua_origin(this, value);
	}

	/** The event bus that a Lua value is: a bus, or an object that has one. */
	bus_of(value: TValue): Events<EventMap> {
		const known = this.border.from_lua(value) as Events<EventMap> | { events: Events<EventMap> };
		return "events" in known ? known.events : known;
	}

	/** An event's payload from Lua as handlers of the host get it. */
	payload(value: TValue): unknown {
		if (value.type === tags.table && !(value.value instanceof LiveTable)) {
			for (const name of ["origin", "session"]) {
				const made = this.vm.raw_get(value.value as Table, name);
				// where Lua made the origin itself, handlers of the host get one that they can use
				if (made.type === tags.table && !(made.value instanceof LiveTable)) lua_origin(this, made);
			}
		}
		return this.border.from_lua(value);
	}

	/** Whose permission is asked: a JID, or a stanza event. */
	permission_context(value: TValue): PermissionContext {
		const known = this.payload(value);
		if (typeof known === "string") return known;
		const field = (name: string): unknown => (typeof known === "object" && known !== null ? Reflect.get(known, name) : undefined);
		const origin = field("origin") ?? field("session");
		const stanza = field("stanza");
		if (typeof origin !== "object" || origin === null) {
			throw new TypeError("unable to identify who asks for a permission: expected a JID, or an event with its origin");
		}
		return { origin: origin as Session, stanza: stanza instanceof Stanza ? stanza : message({ from: asker(origin) }) };
	}

	/** What other modules get of a module. */
	exports_value(name: string, on: string, exported: unknown): TValue {
		const environment = lua_table(exported);
		if (environment) return new TValue(tags.table, environment);
		const loaded = this.server.modulemanager.get_module(on, name) ?? this.server.modulemanager.get_module("*", name);
		const known = loaded && this.shown_modules.get(loaded);
		if (known) return known;
		const offered = typeof exported === "object" && exported !== null ? exports_table(this.border, exported) : undefined;
		if (!loaded) return offered ? table_value(offered) : new TValue(tags.table, this.vm.new_table());
		const value = table_value(new ModuleTable(this.border, loaded, this.module_value(loaded.module), offered));
		this.shown_modules.set(loaded, value);
		return value;
	}

	/** An error as util.error makes it. */
	error_value(error: IqError | undefined, reason: unknown): TValue {
		const make = this.libraries.function_of("util.error", "new");
		const given = error
			? { type: error.type, condition: error.condition, text: error.text }
			: { type: "cancel", condition: "undefined-condition", text: reason instanceof Error ? reason.message : String(reason) };
		return this.vm.call(make, [this.border.table(given)])[0] ?? nil;
	}
}

/** The address of a session that asks for a permission without a stanza. */
function asker(origin: object): string {
	const jid: unknown = Reflect.get(origin, "full_jid");
	return typeof jid === "string" ? jid : "";
}
