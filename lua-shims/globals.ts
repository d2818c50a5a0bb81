// Counterpart: util/startup.lua (the globals of modules)

import type { LuaContext } from "./context.ts";
import { initial_path } from "./libraries.ts";
import { replace_libraries } from "./lua/libraries.ts";
import { type Table, TValue } from "./vm/fengari.ts";
import { is_function, type Key, key_of, LiveTable, nil, string_value, tags, text_of_string } from "./vm/live_table.ts";
import { bytes_of } from "./vm/text.ts";
import type { Vm } from "./vm/vm.ts";

/**
 * One of Lua's own libraries as modules see it: they may add to it, but cannot replace anything, since all modules share it.
 */
class GuardedTable extends LiveTable {
	constructor(
		private readonly vm: Vm,
		private readonly name: string,
		private readonly inside: Table,
		private readonly added = vm.new_table(),
	) {
		super(vm.next_id());
	}

	get target(): unknown {
		return this;
	}

	get(key: Key): TValue {
		if (typeof key !== "string" && typeof key !== "number") return nil;
		const own = this.vm.raw_get(this.inside, key);
		return own.ttisnil() ? this.vm.raw_get(this.added, key) : own;
	}

	set(key: Key, value: TValue): void {
		if (typeof key !== "string" && typeof key !== "number") throw new TypeError(`${this.name} takes only names`);
		if (!this.vm.raw_get(this.inside, key).ttisnil()) {
			const what = this.name === "_G" ? `the global '${key}'` : `${this.name}.${key}`;
			throw new Error(`attempt to replace ${what}, which all modules share; use a local of that name instead`);
		}
		this.vm.raw_set(this.added, key, value);
	}

	/** Sets something that modules cannot replace. */
	fix(key: string, value: TValue): void {
		this.vm.raw_set(this.inside, key, value);
	}

	keys(): readonly Key[] {
		const keys = new Set<Key>();
		for (const table of [this.inside, this.added]) {
			for (const [key] of this.vm.entries(table)) {
				const known = key_of(key);
				if (known !== undefined) keys.add(known);
			}
		}
		return [...keys];
	}
}

// The metatable of the table itself, set by `setmetatable`; all modules share it.
Object.defineProperty(GuardedTable.prototype, "metatable", {
	get: () => null,
	set(this: { name?: string }, metatable: Table | null): void {
		if (metatable !== null) throw new Error(`${this.name} is shared by all modules: it takes no metatable`);
	},
});

const guarded_libraries = ["string", "table", "math", "os", "io", "coroutine", "utf8", "debug", "package"];
/** What no module gets: functions that load code from anywhere, or end the process. */
const withheld = ["dofile", "loadfile"];

/** The metatable of all strings: modules may add to it, as some do, but not replace what is there. */
class StringMetatable extends GuardedTable {
	constructor(
		vm: Vm,
		metatable: Table,
		private readonly methods: TValue,
	) {
		super(vm, "the metatable of strings", metatable, metatable);
	}

	override get(key: Key): TValue {
		return key === "__index" ? this.methods : super.get(key);
	}
}

/** @param methods the library `string` as modules see it */
function guard_string_metatable(vm: Vm, methods: TValue): void {
	const [found = nil] = vm.call(vm.raw_get(vm.globals, "getmetatable"), [string_value("")]);
	const metatable = found.value as Table;
	vm.raw_set(metatable, "__metatable", new TValue(tags.table, new StringMetatable(vm, metatable, methods)));
}

/** Makes the globals that all modules share: Lua's own, as Lua 5.1 to 5.4 have them. */
export function create_globals(host: LuaContext): TValue {
	const { vm, border } = host;
	replace_libraries(host);
	const real = vm.globals;
	const inside = vm.new_table();
	for (const [key, value] of vm.entries(real)) {
		if (!withheld.includes(text_of_string(key))) vm.raw_set_value(inside, key, value);
	}
	const is_shared = host.serves === "modules";
	const globals = new TValue(tags.table, is_shared ? new GuardedTable(vm, "_G", inside) : inside);
	for (const name of is_shared ? guarded_libraries : []) {
		const library = vm.raw_get(real, name);
		if (library.type === tags.table) {
			const guarded = new TValue(tags.table, new GuardedTable(vm, name, library.value as Table));
			vm.raw_set(inside, name, guarded);
			if (name === "string") {
				// what a module adds to it becomes a method of strings, too
				const additions = vm.new_table();
				vm.raw_set(additions, "__index", guarded);
				(library.value as Table).metatable = additions;
				guard_string_metatable(vm, guarded);
			}
		}
	}
	const table = vm.raw_get(real, "table").value as Table;
	const set = (name: string, value: TValue): void => vm.raw_set(inside, name, value);
	set("_G", globals);
	set("_VERSION", string_value("Lua 5.3"));
	const package_library = vm.raw_get(real, "package").value as Table;
	vm.raw_set(package_library, "path", string_value(initial_path()));
	// fengari would run a file of JavaScript
	const no_libraries = ["package.loadlib is not offered: only libraries in Lua can be loaded here", "absent"].map(string_value);
	vm.raw_set(
		package_library,
		"loadlib",
		vm.native(() => [nil, ...no_libraries]),
	);
	set(
		"require",
		vm.native(([name]) => host.libraries.get(name === undefined ? "" : text_of_string(name))),
	);
	// Lua 5.1 and 5.2 had these, and modules for them use them
	set("unpack", vm.raw_get(table, "unpack"));
	vm.raw_set(
		table,
		"getn",
		vm.native(([list]) => border.to_lua(list === undefined ? 0 : vm.len(list))),
	);
	set(
		"print",
		vm.native((args) => {
			const line = args.map((arg) => vm.to_string(arg)).join("\t");
			host.server.logger("general")("info", "%s", line);
			return undefined;
		}),
	);
	/** `load`, `loadstring`: compiled code sees the globals of modules, not those of the machine. */
	const load = vm.native(([code = nil, name = nil, mode = nil, environment = globals]) => {
		let text = code;
		if (is_function(code)) {
			let parts = "";
			for (let [part = nil] = vm.call(code, []); !part.ttisnil(); [part = nil] = vm.call(code, [])) {
				const piece = text_of_string(part);
				if (piece === "") break;
				parts += piece;
			}
			text = string_value(parts);
		}
		if ((text.type & 15) !== 4) throw new TypeError("bad argument #1 to 'load' (expected string or function)");
		const source = text_of_string(text);
		if (!mode.ttisnil() && !text_of_string(mode).includes("t")) {
			return [nil, string_value(`attempt to load a text chunk (mode is '${text_of_string(mode)}')`)];
		}
		const unnamed = text === code ? source : "=(load)";
		const chunk = vm.load(bytes_of(source), name.ttisnil() ? unnamed : text_of_string(name), environment);
		return chunk.ok ? chunk.value : [nil, string_value(chunk.error)];
	});
	set("load", load);
	set("loadstring", load);
	return globals;
}

/** Adds a global of all modules, which none of them can replace. */
export function set_global(host: LuaContext, name: string, value: TValue): void {
	const { value: globals } = host.globals;
	if (globals instanceof GuardedTable) globals.fix(name, value);
	else host.vm.raw_set(globals as Table, name, value);
}
