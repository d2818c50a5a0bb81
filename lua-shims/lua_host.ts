// No counterpart: all that the Lua modules of one server share. It is made when the first of them is loaded.

import type { ModuleApi, Server } from "../host/core/types.ts";
import { type Border, lua_table } from "./border.ts";
import type { LuaContext } from "./context.ts";
import { exports_table, ModuleTable } from "./exports.ts";
import { create_globals } from "./globals.ts";
import { Libraries } from "./libraries.ts";
import { restrict_debug } from "./lua/debug.ts";
import { create_module_api } from "./module/api.ts";
import { Costs } from "./module/costs.ts";
import { load_module } from "./module/lifecycle.ts";
import { ModuleRegistry } from "./module/registry.ts";
import { module_metadata, refusal } from "./module_files.ts";
import { provide_prosody } from "./prosody.ts";
import { show_rooms } from "./room.ts";
import { answer_session_fields, offer_shell_environment } from "./shell_commands.ts";
import { create_stanza_library, type StanzaLibrary } from "./stanza.ts";
import { s2s_functions } from "./stream_listeners.ts";
import { provide } from "./surface.ts";
import { replaced_since, unworkable } from "./unworkable.ts";
import { connect_values } from "./values.ts";
import { create_border, table_value } from "./views.ts";
import { create_vm } from "./vm/create_vm.ts";
import { type Table, TValue } from "./vm/fengari.ts";
import { key_of, LiveTable, string_value, tags } from "./vm/live_table.ts";
import { bytes_of } from "./vm/text.ts";
import type { Vm } from "./vm/vm.ts";

/** Lua's own libraries, which can be required as well. */
const lua_libraries = ["string", "table", "math", "os", "io", "coroutine", "utf8", "debug", "package"];

/** The Lua of one server: its state, its libraries, its modules. */
export class LuaHost implements LuaContext {
	readonly vm: Vm;
	readonly border: Border;
	readonly libraries: Libraries;
	readonly stanza: StanzaLibrary;
	readonly globals: TValue;
	readonly adapted_items = new WeakMap<object, object>();
	readonly items_of_lua = new WeakMap<object, TValue>();
	/** Calls and time by `host:module`. */
	readonly costs = new Costs();
	readonly module_api: TValue;
	private readonly modules: ModuleRegistry;
	private readonly shown_modules = new WeakMap<object, TValue>();

	/**
	 * Options: lua_hook_timeout.
	 * @param folders folders with modules and their libraries
	 * @param serves modules, which share libraries and cannot replace them, or a configuration file, which may
	 */
	constructor(
		readonly server: Server,
		folders: readonly string[] = server.paths.plugins,
		readonly serves: "modules" | "configuration" = "modules",
	) {
		const timeout = server.config.get("*", "lua_hook_timeout");
		this.vm = create_vm(typeof timeout === "number" && timeout > 0 ? timeout : 1);
		this.border = create_border(this.vm);
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
		// sets the global function `import`
		this.libraries.get("util.import");
		this.vm.threads.resume = (thread) => void this.vm.call(this.libraries.function_of("util.async", "_continue"), [thread]);
		if (serves === "modules") {
			restrict_debug(this.vm);
			answer_session_fields(this);
			offer_shell_environment(this);
		}
		this.costs.publish(server);
		this.modules = new ModuleRegistry(this, folders, this.costs);
		this.module_api = create_module_api(this, this.modules);
		this.vm.raw_set(this.modules.metatable, "__index", this.module_api);
	}

	/** What Lua modules can use: names for `require`, methods of `module`, and globals. */
	surface(): {
		libraries: ReadonlySet<string>;
		library_source(name: string): string | undefined;
		module_methods: ReadonlySet<string>;
		globals: ReadonlySet<string>;
		syntax_error(source: string, file: string): string | undefined;
		replaced_since(source: string, file: string): string | undefined;
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
			library_source: (name) => this.libraries.source_of(name)?.toString("latin1"),
			module_methods: names(this.module_api),
			globals: names(this.globals),
			replaced_since: (source, file) => replaced_since(file, source),
			syntax_error: (source, file) => {
				const reason = refusal(module_metadata(source)) ?? unworkable(file, source);
				if (reason !== undefined) return `${file} is not loaded: ${reason}`;
				const chunk = this.vm.load(bytes_of(source), `@${file}`, this.globals);
				return chunk.ok ? undefined : chunk.error;
			},
		};
	}

	/** Runs a module's file for a host; answers with its globals, which other modules get. Throws where it fails. */
	load(path: string, api: ModuleApi): unknown {
		return load_module(this, this.modules, path, api);
	}

	exports_value(name: string, on: string, exported: unknown): TValue {
		const environment = lua_table(exported);
		if (environment) return new TValue(tags.table, environment);
		const loaded = this.server.modulemanager.get_module(on, name) ?? this.server.modulemanager.get_module("*", name);
		const known = loaded && this.shown_modules.get(loaded);
		if (known) return known;
		const offered = typeof exported === "object" && exported !== null ? exports_table(this.border, exported) : undefined;
		if (!loaded) return offered ? table_value(offered) : new TValue(tags.table, this.vm.new_table());
		const table = new ModuleTable(this.border, loaded, this.modules.value_of(loaded.module), offered);
		if (loaded.name === "s2s") for (const [key, shown] of Object.entries(s2s_functions(this))) table.set(key, shown);
		const value = table_value(table);
		this.shown_modules.set(loaded, value);
		return value;
	}
}
