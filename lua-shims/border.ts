// No counterpart: values between Lua and the host. DESIGN's rules: live tables, one identity each, functions both ways.

import { go_on, Waiting } from "../host/util/waiting.ts";
import { make_proxy } from "./lua_proxy.ts";
import { type Table, TValue } from "./vm/fengari.ts";
import { key_of, key_value, LiveTable, nil, number_value, string_value, tags, text_of_string } from "./vm/live_table.ts";
import type { WaitingValues } from "./vm/threads.ts";
import type { Vm } from "./vm/vm.ts";

/** Several results of a host function for Lua. */
export class Results {
	readonly values: readonly unknown[];
	constructor(...values: readonly unknown[]) {
		this.values = values;
	}
}

/** A host function that Lua can call: takes and gives the host's values. */
export type HostFunction = (...args: never[]) => unknown;
type AnyFunction = (...args: unknown[]) => unknown;

/** Makes the Lua side of an object of the host. */
export type View = (border: Border, object: object) => LiveTable | Table;

/** A Lua value that the host can only give back to Lua: a thread, userdata, a table with its own metatable. */
export class LuaValue {
	constructor(readonly value: TValue) {}
}

/**
 * Where an object keeps the table that shows it. A WeakMap would do as well, but events and stanzas come by the thousand, and weak
 * entries made garbage collection most of a hook's cost. A copy of an object is recognised by the table's target.
 */
const shown_as = Symbol("shown in Lua as");

/** How many entries a table that is copied for the host may have, nested ones included. */
const most_entries = 1_000_000;

const table_of_proxy = new WeakMap<object, Table>();

/** The Lua table behind what {@link Border.from_lua} made of it; undefined for objects of the host. */
export function lua_table(value: unknown): Table | undefined {
	return typeof value === "object" && value !== null ? table_of_proxy.get(value) : undefined;
}

/** Lists and the like are rare, and are compared and copied as a whole, so they get no extra field. */
function is_container(object: object): boolean {
	return Array.isArray(object) || object instanceof Map || object instanceof Set;
}

function is_lua_value(object: object): object is TValue {
	return object instanceof TValue;
}

/** Values between one Lua state and the host. */
export class Border {
	/** Views by the prototype of the object; found once for each. */
	private readonly views = new Map<object | null, View>();
	private readonly matchers: { matches(object: object): boolean; view: View }[] = [];
	private readonly table_of_object = new WeakMap<object, TValue>();
	private readonly proxies = new WeakMap<Table, object>();
	private readonly adoptions = new WeakMap<Table, object>();
	private readonly lua_of_function = new WeakMap<AnyFunction, TValue>();
	private readonly function_of_lua = new WeakMap<object, AnyFunction>();
	/** Makes Lua values of objects that are not shown as live tables: sets, promises. */
	private readonly conversions = new Map<object, (object: object) => TValue>();
	/** How Lua tables of a metatable come to the host. */
	private readonly imports = new Map<Table, (table: TValue) => unknown>();

	/**
	 * Views of ordinary objects come from `create_border`.
	 * @param object_view shows objects for which nothing else is registered
	 */
	constructor(
		readonly vm: Vm,
		private readonly object_view: View,
	) {}

	/** Shows all objects of a prototype in a way of their own. */
	register(prototype: object | null, view: View): void {
		this.views.set(prototype, view);
	}

	/** Shows objects that are recognised by their shape, since each has its own prototype (rooms). */
	register_like(matches: (object: object) => boolean, view: View): void {
		this.matchers.push({ matches, view });
	}

	/** Copies objects of a prototype into Lua instead of showing them. */
	register_conversion(prototype: object, convert: (object: object) => TValue): void {
		this.conversions.set(prototype, convert);
	}

	/** Registers what Lua tables with a certain metatable become in the host. */
	register_import(metatable: Table, convert: (table: TValue) => unknown): void {
		this.imports.set(metatable, convert);
	}

	// ---------------------------------------------------------------------------------------------------------- to Lua

	/** A value of the host as Lua sees it. */
	to_lua(value: unknown): TValue {
		switch (typeof value) {
			case "undefined":
				return nil;
			case "string":
				return string_value(value);
			case "boolean":
				return new TValue(tags.boolean, value);
			case "number":
				return number_value(value);
			case "bigint":
				return number_value(Number(value));
			case "function":
				return this.function_to_lua(value as AnyFunction);
			case "object":
				return value === null ? nil : this.object_to_lua(value);
			default:
				throw new TypeError(`a ${typeof value} has no place in Lua`);
		}
	}

	/** All results of a host function as Lua sees them. */
	results_to_lua(result: unknown): readonly TValue[] | TValue | WaitingValues | undefined {
		if (result === undefined) return undefined;
		if (result instanceof Waiting) return result.go_on((answer) => [this.to_lua(answer)]);
		if (!(result instanceof Results)) return this.to_lua(result);
		return result.values.map((value) => this.to_lua(value));
	}

	private object_to_lua(object: object & { [shown_as]?: TValue }): TValue {
		const shown = object[shown_as];
		if (shown !== undefined && shown.value instanceof LiveTable && shown.value.owner === this && shown.value.target === object) {
			return shown;
		}
		const known = this.table_of_object.get(object);
		if (known !== undefined) return known;
		if (is_lua_value(object)) return object;
		if (object instanceof LiveTable) return new TValue(tags.table, object);
		if (object instanceof LuaValue) return object.value;
		const behind = table_of_proxy.get(object);
		if (behind !== undefined) return new TValue(tags.table, behind);
		const prototype: object | null = Object.getPrototypeOf(object);
		const convert = prototype === null ? undefined : this.conversions.get(prototype);
		if (convert !== undefined) return convert(object);
		const table = this.view_of(prototype, object)(this, object);
		const value = new TValue(tags.table, table);
		if (
			table instanceof LiveTable &&
			table.target === object &&
			shown === undefined &&
			!is_container(object) &&
			Object.isExtensible(object)
		) {
			table.owner = this;
			object[shown_as] = value;
		} else this.table_of_object.set(object, value);
		return value;
	}

	private view_of(prototype: object | null, object: object): View {
		const known = this.views.get(prototype);
		if (known !== undefined) return known;
		const view = this.matchers.find(({ matches }) => matches(object))?.view ?? this.inherited_view(prototype) ?? this.object_view;
		this.views.set(prototype, view);
		return view;
	}

	/** An object of a subclass, of Map for instance, is shown like its base class. */
	private inherited_view(prototype: object | null): View | undefined {
		const above: object | null = prototype === null ? null : Object.getPrototypeOf(prototype);
		if (above === null || above === Object.prototype) return undefined;
		return this.views.get(above) ?? this.inherited_view(above);
	}

	/** Shows an object by an existing table. */
	bind(object: object, value: TValue): void {
		this.table_of_object.set(object, value);
	}

	/** Makes a Lua table become a given object in the host. */
	adopt(table: Table, object: object): void {
		this.proxies.set(table, object);
		table_of_proxy.set(object, table);
		this.adoptions.set(table, object);
	}

	/** What was made for a Lua table by {@link adopt}. */
	adopted(table: Table): object | undefined {
		return this.adoptions.get(table);
	}

	private function_to_lua(callback: AnyFunction): TValue {
		const known = this.lua_of_function.get(callback);
		if (known !== undefined) return known;
		const value = this.vm.native((args) => this.results_to_lua(callback(...args.map((arg) => this.from_lua(arg)))));
		this.lua_of_function.set(callback, value);
		if (typeof value.value === "function") this.function_of_lua.set(value.value, callback);
		return value;
	}

	/** Makes a Lua function of a host function that takes and gives the host's values. */
	fn(callback: HostFunction): TValue {
		return this.function_to_lua(callback as AnyFunction);
	}

	/** Connects a host function with a Lua function, so that each is converted to the other. */
	pair(callback: HostFunction, value: TValue): void {
		this.lua_of_function.set(callback as AnyFunction, value);
	}

	// -------------------------------------------------------------------------------------------------------- from Lua

	/** A value of Lua as the host sees it. */
	from_lua(value: TValue): unknown {
		switch (value.type) {
			case tags.nil:
				return undefined;
			case tags.boolean:
			case tags.float:
			case tags.integer:
				return value.value;
			case tags.string:
			case tags.short_string:
				return text_of_string(value);
			case tags.table:
				return value.value instanceof LiveTable ? value.value.target : this.table_from_lua(value);
			case tags.lua_function:
			case tags.native_function:
			case tags.native_closure:
				return this.function_from_lua(value);
			default:
				return new LuaValue(new TValue(value.type, value.value));
		}
	}

	private function_from_lua(value: TValue): AnyFunction {
		const closure = value.value as object;
		const known = this.function_of_lua.get(closure);
		if (known !== undefined) return known;
		const kept = new TValue(value.type, value.value);
		const callback = (...args: unknown[]): unknown => this.call(kept, ...args);
		this.function_of_lua.set(closure, callback);
		this.lua_of_function.set(callback, kept);
		return callback;
	}

	/** Calls a Lua function with values of the host; answers with its first result. Throws a LuaError. */
	call(callee: TValue, ...args: readonly unknown[]): unknown {
		const [first] = this.vm.call(
			callee,
			args.map((arg) => this.to_lua(arg)),
		);
		return first === undefined ? undefined : this.from_lua(first);
	}

	/** The same for code that may wait; its first result comes later then. */
	call_waiting(callee: TValue, ...args: readonly unknown[]): unknown {
		const results = this.vm.call_waiting(
			callee,
			args.map((arg) => this.to_lua(arg)),
		);
		const first_of = ([first]: readonly TValue[]): unknown => (first === undefined ? undefined : this.from_lua(first));
		return go_on(results, first_of);
	}

	/** The same with all results. */
	call_all(callee: TValue, ...args: readonly unknown[]): unknown[] {
		return this.vm
			.call(
				callee,
				args.map((arg) => this.to_lua(arg)),
			)
			.map((result) => this.from_lua(result));
	}

	private table_from_lua(value: TValue): unknown {
		const table = value.value as Table;
		const convert = table.metatable === null ? undefined : this.imports.get(table.metatable);
		if (convert !== undefined) return convert(value);
		const known = this.proxies.get(table);
		if (known !== undefined) return known;
		const proxy = make_proxy(this, new TValue(tags.table, table), table);
		this.proxies.set(table, proxy);
		table_of_proxy.set(proxy, table);
		return proxy;
	}

	// ---------------------------------------------------------------------------------------------------------- copies

	/**
	 * A deep copy of a Lua value in the host's plain data: a sequence is an array, a table of string keys an object, any other a
	 * Map. Functions and the like are left out. Throws for a table that contains itself, is nested deeper than 100, or has more
	 * than a million entries, where entries that are reached several times count several times.
	 */
	copy(value: TValue): unknown {
		return this.copy_part(value, 0, { entries: most_entries });
	}

	private copy_part(value: TValue, depth: number, left: { entries: number }): unknown {
		if (value.type !== tags.table) {
			const plain = this.from_lua(value);
			return typeof plain === "function" || plain instanceof LuaValue ? undefined : plain;
		}
		if (depth > 100) throw new RangeError("the table is nested too deeply, or contains itself");
		if (value.value instanceof LiveTable) return value.value.target;
		const table = value.value as Table;
		if (table.metatable !== null && this.imports.has(table.metatable)) return this.from_lua(value);
		const map = new Map<unknown, unknown>();
		for (const [key, item] of this.vm.entries(table)) {
			const known = key_of(key);
			if (typeof known === "object" || known === undefined) continue;
			// a few tables that contain each other many times would otherwise keep the server busy for ever
			if (--left.entries < 0) throw new RangeError(`the table has more than ${most_entries} entries`);
			const copied = this.copy_part(item, depth + 1, left);
			if (copied !== undefined) map.set(known, copied);
		}
		return plain_table(map);
	}

	/** Some fields of a Lua table whose values are text, numbers or booleans; missing ones are left out. */
	copy_fields(value: TValue, names: readonly string[]): { [name: string]: string | number | boolean } {
		const fields: { [name: string]: string | number | boolean } = {};
		if (value.type !== tags.table) return fields;
		for (const name of names) {
			const known = this.from_lua(this.vm.index(value, string_value(name)));
			if (typeof known === "string" || typeof known === "number" || typeof known === "boolean") fields[name] = known;
		}
		return fields;
	}

	/** A Lua table that is a deep copy of plain data of the host, for code that goes on to change it. */
	deep_table(data: unknown): TValue {
		// Integers that no JavaScript number equals become the nearest one
		if (typeof data === "bigint") return this.to_lua(Number(data));
		if (typeof data !== "object" || data === null) return this.to_lua(data);
		const entries: Iterable<[unknown, unknown]> | undefined =
			data instanceof Map
				? data
				: Array.isArray(data)
					? data.map((item, index): [unknown, unknown] => [index + 1, item])
					: Object.getPrototypeOf(data) === Object.prototype || Object.getPrototypeOf(data) === null
						? Object.entries(data)
						: undefined;
		if (entries === undefined) return this.to_lua(data);
		const table = this.vm.new_table();
		for (const [given, item] of entries) {
			const key = typeof given === "bigint" ? Number(given) : given;
			if (typeof key !== "string" && typeof key !== "number" && typeof key !== "boolean") continue;
			this.vm.raw_set_value(table, key_value(key), this.deep_table(item));
		}
		return new TValue(tags.table, table);
	}

	/** A Lua table of values by name. */
	table(entries: { readonly [name: string]: unknown }): TValue {
		const table = this.vm.new_table();
		for (const name in entries) this.vm.raw_set(table, name, this.to_lua(entries[name]));
		return new TValue(tags.table, table);
	}
}

function plain_table(map: ReadonlyMap<unknown, unknown>): unknown {
	let is_list = map.size > 0;
	let is_record = true;
	for (const key of map.keys()) {
		if (typeof key === "string") is_list = false;
		else is_record = false;
	}
	if (is_record) return Object.fromEntries(map);
	if (is_list) {
		const list: unknown[] = [];
		for (let index = 1; map.has(index); index++) list.push(map.get(index));
		if (list.length === map.size) return list;
	}
	return map;
}
