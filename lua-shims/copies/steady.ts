// No counterpart: functions of the host that change nothing, and whose results depend on nothing but their arguments and on what only
// the host or Lua code changes.

import type { LuaContext } from "../context.ts";
import { type Table, TValue } from "../vm/fengari.ts";
import { LiveTable, tags } from "../vm/live_table.ts";

/** Functions by the library that has them; an empty name stands for Lua's globals. Times are those of a broadcast. */
const by_library: { readonly [library: string]: string } = {
	"": "type tostring tonumber select next pairs ipairs rawequal rawget rawlen",
	string: "find match gmatch lower upper sub rep reverse char byte len format",
	table: "concat unpack",
	math: "abs ceil floor max min fmod modf sqrt tointeger type ult",
	os: "time date difftime",
	"util.jid": "split bare node host resource prepped_split prep join compare escape unescape",
	"util.hashes": "sha1 sha224 sha256 sha384 sha512 md5",
	"util.time": "now monotonic",
	"core.usermanager": "user_exists get_user_role get_jid_role is_admin",
	"core.rostermanager": "load_roster is_contact_subscribed is_user_subscribed is_contact_pending_in is_contact_pending_out",
};

/** Methods of stanzas that only read. */
const stanza_methods =
	"get_child get_child_text get_child_attr child_with_name child_with_ns children childtags find get_text get_error";

/** Those whose results are functions that only read as well. */
const makers = ["gmatch", "children", "childtags"];

/** What is known of functions of the host. */
export interface SteadyFunctions {
	is_steady(callee: unknown): boolean;
	/** Whether its results are functions that may be called, too. */
	is_maker(callee: unknown): boolean;
	/** `stanza:find`, which reads attributes, too. */
	readonly find: unknown;
}

/** The functions of a Lua state, searched when they are first needed. */
export function steady_functions(host: LuaContext): SteadyFunctions {
	const { vm, libraries, stanza } = host;
	const steady = new Set<unknown>();
	const made = new Set<unknown>();
	const entry = (table: TValue, name: string): unknown => {
		const { value } = table;
		const found = value instanceof LiveTable ? value.get(name) : vm.raw_get(value as Table, name);
		// what a module has put in the place of a function is Lua's own, and is watched itself
		return found.type === tags.native_function ? found.value : undefined;
	};
	const add = (table: TValue, names: string): void => {
		for (const name of names.split(" ")) {
			const callee = entry(table, name);
			if (callee === undefined) continue;
			steady.add(callee);
			if (makers.includes(name)) made.add(callee);
		}
	};
	const globals = new TValue(tags.table, vm.globals);
	const library_of = (name: string): TValue => {
		if (name === "") return globals;
		return name.includes(".") ? libraries.get(name) : vm.raw_get(vm.globals, name);
	};
	for (const [name, functions] of Object.entries(by_library)) add(library_of(name), functions);
	const methods = new TValue(tags.table, stanza.metatable);
	add(methods, stanza_methods);
	// tables are read and made by functions that are steady themselves
	steady.add(vm.work.value);
	// it stops the watch itself where others than Lua hear the event
	add(host.module_api, "fire_event");
	// what `pairs` and `ipairs` give the loop
	for (const name of ["pairs", "ipairs"]) {
		const [step] = vm.call(vm.raw_get(vm.globals, name), [new TValue(tags.table, vm.new_table())]);
		steady.add(step?.value);
	}
	return {
		is_steady: (callee) => steady.has(callee),
		is_maker: (callee) => made.has(callee),
		find: entry(methods, "find"),
	};
}
