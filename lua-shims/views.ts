// No counterpart: how Lua sees the host's ordinary objects. Each kind that Prosody has a table for has a file of its own.

import { Border, type View } from "./border.ts";
import { ltable, TValue } from "./vm/fengari.ts";
import { type Key, LiveTable, nil, tags } from "./vm/live_table.ts";
import type { Vm } from "./vm/vm.ts";

/** Sets a field of an object, whatever its name: `__proto__` would have been the object's methods. */
export function set_field<Value>(object: { [name: string]: Value }, name: string, value: Value): void {
	if (name !== "__proto__") object[name] = value;
	else Object.defineProperty(object, name, { value, writable: true, enumerable: true, configurable: true });
}

/** An object of the host with its fields. */
export class RecordTable extends LiveTable {
	constructor(
		readonly border: Border,
		readonly target: { [name: string]: unknown },
	) {
		super(border.vm.next_id());
	}

	get(key: Key): TValue {
		if (typeof key !== "string" || !Object.hasOwn(this.target, key)) return nil;
		return this.border.to_lua(this.target[key]);
	}

	set(key: Key, value: TValue): void {
		if (typeof key !== "string") throw new TypeError(`this table of the host takes only names as keys, not a ${typeof key}`);
		if (value.ttisnil()) delete this.target[key];
		else set_field(this.target, key, this.border.from_lua(value));
	}

	keys(): readonly Key[] {
		return Object.keys(this.target);
	}
}

/** An object of the host with its fields and its methods, which may be called with `.` and with `:`. */
export class ObjectTable extends RecordTable {
	/** What Lua added, and the methods as Lua knows them. */
	protected readonly extra = new Map<Key, TValue>();

	override get(key: Key): TValue {
		const own = this.extra.get(key);
		if (own !== undefined) return own;
		if (typeof key !== "string" || !(key in this.target) || key in Object.prototype) return nil;
		const value = this.target[key];
		if (typeof value !== "function") return this.border.to_lua(value);
		const { border, target } = this;
		const method = border.vm.native((args) => {
			const [first] = args;
			const given = first?.value === this ? args.slice(1) : args;
			return border.results_to_lua(
				Reflect.apply(
					value,
					target,
					given.map((arg) => border.from_lua(arg)),
				),
			);
		});
		this.extra.set(key, method);
		return method;
	}

	override set(key: Key, value: TValue): void {
		const is_field = typeof key === "string" && key in this.target && !(key in Object.prototype);
		if (is_field && typeof this.target[key] !== "function") super.set(key, value);
		else if (value.ttisnil()) this.extra.delete(key);
		else this.extra.set(key, new TValue(value.type, value.value));
	}

	override keys(): readonly Key[] {
		return [...new Set([...Object.keys(this.target), ...this.extra.keys()])];
	}
}

/** An array of the host, counted from 1. */
export class ArrayTable extends LiveTable {
	constructor(
		readonly border: Border,
		readonly target: unknown[],
	) {
		super(border.vm.next_id());
	}

	get(key: Key): TValue {
		return typeof key === "number" ? this.border.to_lua(this.target[key - 1]) : nil;
	}

	set(key: Key, value: TValue): void {
		const { target } = this;
		if (typeof key !== "number" || key < 1 || key > target.length + 1) {
			throw new TypeError(`this table is a list of the host: expected an index from 1 to ${target.length + 1}`);
		}
		if (!value.ttisnil()) target[key - 1] = this.border.from_lua(value);
		else if (key === target.length) target.pop();
		else if (key < target.length) delete target[key - 1];
	}

	override length(): number {
		return this.target.length;
	}

	keys(): readonly Key[] {
		return this.target.map((_, index) => index + 1);
	}
}

/** A collection of the host that has objects among its keys; Lua's keys are what they are to the host. */
abstract class CollectionTable extends LiveTable {
	constructor(readonly border: Border) {
		super(border.vm.next_id());
	}

	/** A key of Lua, or one of the host already, as the host knows it. */
	protected host_key(key: Key): unknown {
		if (key instanceof LiveTable) return key.identity;
		return key instanceof ltable.Table ? this.border.from_lua(new TValue(tags.table, key)) : key;
	}

	override key_value(key: Key): TValue {
		return this.border.to_lua(key);
	}

	override next(key: Key | undefined): Key | undefined {
		return super.next(key === undefined ? undefined : (this.host_key(key) as Key));
	}

	/** Whether a key of the host can be a key in Lua; nil cannot. */
	protected lua_keys(keys: Iterable<unknown>): readonly Key[] {
		return [...keys].filter((key): key is Key => key !== undefined && key !== null && !Number.isNaN(key));
	}
}

/** A Map of the host. */
export class MapTable extends CollectionTable {
	constructor(
		border: Border,
		readonly target: Map<unknown, unknown>,
	) {
		super(border);
	}

	get(key: Key): TValue {
		return this.border.to_lua(this.target.get(this.host_key(key)));
	}

	set(key: Key, value: TValue): void {
		if (value.ttisnil()) this.target.delete(this.host_key(key));
		else this.target.set(this.host_key(key), this.border.from_lua(value));
	}

	keys(): readonly Key[] {
		return this.lua_keys(this.target.keys());
	}
}

/** A Set of the host: what is in it has the value true. */
export class SetTable extends CollectionTable {
	constructor(
		border: Border,
		readonly target: Set<unknown>,
	) {
		super(border);
	}

	get(key: Key): TValue {
		return this.target.has(this.host_key(key)) ? this.border.to_lua(true) : nil;
	}

	set(key: Key, value: TValue): void {
		if (value.ttisnil() || value.value === false) this.target.delete(this.host_key(key));
		else this.target.add(this.host_key(key));
	}

	keys(): readonly Key[] {
		return this.lua_keys(this.target);
	}
}

const record_view: View = (border, object) => new RecordTable(border, object as { [name: string]: unknown });
const object_view: View = (border, object) => new ObjectTable(border, object as { [name: string]: unknown });
const array_view: View = (border, object) => new ArrayTable(border, object as unknown[]);
const map_view: View = (border, object) => new MapTable(border, object as Map<unknown, unknown>);

/** A value for Lua that holds a table. */
export function table_value(table: LiveTable): TValue {
	return new TValue(tags.table, table);
}

const set_view: View = (border, object) => new SetTable(border, object as Set<unknown>);

/** A border that shows records, lists, Maps and Sets of the host as tables. */
export function create_border(vm: Vm): Border {
	const border = new Border(vm, object_view);
	border.register(Object.prototype, record_view);
	border.register(null, record_view);
	border.register(Array.prototype, array_view);
	border.register(Map.prototype, map_view);
	border.register(Set.prototype, set_view);
	return border;
}
