// Counterpart: plugins/muc/muc.lib.lua, occupant.lib.lua (rooms and occupants as Lua modules see those of muc/)

import { Form } from "../host/util/dataforms.ts";
import { OccupantRecord } from "../muc/occupant.lib.ts";
import { OccupantMap } from "../muc/room/occupant_map.ts";
import type { Room } from "../muc/types.ts";
import type { Border } from "./border.ts";
import { DataTable } from "./data_table.ts";
import { lua_results, verdict_from_lua } from "./results.ts";
import { RecordTable, table_value } from "./views.ts";
import { type Table, TValue } from "./vm/fengari.ts";
import { is_function, type Key, LiveTable, nil, tags } from "./vm/live_table.ts";

type AnyFunction = (this: unknown, ...args: unknown[]) => unknown;

/** How a method's arguments and results differ between the languages. */
interface MethodShape {
	/** Makes the host's arguments of Lua's. */
	readonly to_host?: (args: unknown[]) => unknown[];
	/** Makes Lua's arguments of the host's, for a method that Lua has replaced. */
	readonly to_lua?: (args: unknown[]) => unknown[];
	/** Makes Lua's results of the host's. */
	readonly answer?: (answer: unknown) => unknown;
	/** Makes the host's result of Lua's. */
	readonly from_lua?: (results: readonly unknown[]) => unknown;
}

const verdict: MethodShape = { from_lua: verdict_from_lua };

const status_fields = ["occupant", "x", "nick", "actor", "reason", "prev_role", "force_unavailable", "recipient"];

/** Methods that differ between the languages. */
const method_shapes: { readonly [name: string]: MethodShape } = {
	set_affiliation: verdict,
	set_role: verdict,
	may_set_role: verdict,
	destroy: verdict,
	publicise_occupant_status: {
		to_host: (args) => [Object.fromEntries(status_fields.map((name, index) => [name, args[index]]))],
		to_lua: ([status]) => status_fields.map((name) => Reflect.get(Object(status), name)),
	},
	freeze: {
		answer: (answer) => {
			const { frozen, state } = answer as { frozen: unknown; state: unknown };
			return [frozen, state];
		},
		from_lua: ([frozen, state]) => ({ frozen, state }),
	},
	get_subject: { from_lua: ([from, subject]) => [from, subject] },
};
const several_results: ReadonlySet<string> = new Set(["freeze", "get_subject"]);

/** `room_mt`, `occupant_mt`: the methods of all rooms of a component, which Lua may replace. */
class MethodTable extends LiveTable {
	private readonly known = new Map<string, TValue>();
	private readonly extra = new Map<Key, TValue>();

	constructor(
		readonly border: Border,
		readonly target: { [name: string]: unknown },
	) {
		super(border.vm.next_id());
	}

	get(key: Key): TValue {
		const own = this.extra.get(key);
		if (own !== undefined) return own;
		if (typeof key !== "string" || key in Object.prototype) return nil;
		if (key === "__index") return table_value(this);
		const method = this.target[key];
		if (typeof method !== "function") return this.border.to_lua(method);
		return method_to_lua(this.border, this.known, key, method as AnyFunction);
	}

	set(key: Key, value: TValue): void {
		if (typeof key === "string" && typeof this.target[key] === "function") {
			if (!is_function(value)) throw new TypeError(`room_mt.${key} is a method: expected a function`);
			this.target[key] = method_from_lua(this.border, key, new TValue(value.type, value.value));
		} else if (value.ttisnil()) this.extra.delete(key);
		else this.extra.set(key, new TValue(value.type, value.value));
	}

	keys(): readonly Key[] {
		const names = new Set<Key>(this.extra.keys());
		for (let object: object | null = this.target; object !== null && object !== Object.prototype; ) {
			for (const name of Object.getOwnPropertyNames(object)) if (name !== "constructor") names.add(name);
			object = Object.getPrototypeOf(object);
		}
		return [...names];
	}
}

/** A method of the host as a Lua function that takes the object first. */
function method_to_lua(border: Border, known: Map<string, TValue>, name: string, method: AnyFunction): TValue {
	const of_lua = lua_methods.get(method);
	if (of_lua && of_lua.border === border) return of_lua.value;
	const before = known.get(name);
	if (before !== undefined && host_method(before) === method) return before;
	const shape = method_shapes[name];
	const value = border.vm.native(([self, ...rest]) => {
		const object = self === undefined ? undefined : border.from_lua(self);
		if (typeof object !== "object" || object === null) {
			throw new TypeError(`calling '${name}' without its object: expected object:${name}(...)`);
		}
		const given = rest.map((arg) => argument(border, arg));
		const answer = method.apply(object, shape?.to_host ? shape.to_host(given) : given);
		const told = shape?.answer ? shape.answer(answer) : answer;
		if (several_results.has(name) && Array.isArray(told)) return told.map((part) => border.to_lua(part));
		return lua_results(border, told);
	});
	known.set(name, value);
	if (typeof value.value === "function") native_methods.set(value.value, method);
	return value;
}

/** An argument for a function of the host: tables that are only data are copied. */
export function argument(border: Border, value: TValue): unknown {
	return value.type === tags.table && !(value.value instanceof LiveTable) ? border.copy(value) : border.from_lua(value);
}

/** Methods of the host, by the functions that Lua got for them. */
const native_methods = new WeakMap<object, AnyFunction>();
/** Lua functions, by the methods that the host got for them. */
const lua_methods = new WeakMap<AnyFunction, { readonly border: Border; readonly value: TValue }>();

function host_method(value: TValue): AnyFunction | undefined {
	return typeof value.value === "function" ? native_methods.get(value.value) : undefined;
}

/** A Lua function as a method of the host; the host's own method where a module puts that back. */
function method_from_lua(border: Border, name: string, value: TValue): AnyFunction {
	const original = host_method(value);
	if (original) return original;
	const shape = method_shapes[name];
	const method = function (this: unknown, ...args: unknown[]): unknown {
		const results = border.call_all(value, this, ...(shape?.to_lua ? shape.to_lua(args) : args));
		return shape?.from_lua ? shape.from_lua(results) : results[0];
	};
	lua_methods.set(method, { border, value });
	return method;
}

/** Fields of rooms that hold the host's data, and how they are shown. */
class RoomTable extends LiveTable {
	/** Fields that modules have added to rooms, and tables that show the room's own fields. */
	private readonly extra = new Map<Key, TValue>();
	private readonly methods = new Map<string, TValue>();
	private data: TValue | undefined;

	constructor(
		readonly border: Border,
		readonly target: Room & { [name: string]: unknown },
		metatable: Table,
	) {
		super(border.vm.next_id());
		this.metatable = metatable;
	}

	get(key: Key): TValue {
		const own = this.extra.get(key);
		if (own !== undefined) return own;
		if (typeof key !== "string" || !Object.hasOwn(this.target, key)) return nil;
		const value = this.target[key];
		if (key === "_data") {
			if (!(this.data?.value instanceof DataTable) || this.data.value.target !== value) {
				this.data = table_value(new DataTable(this.border, this.target._data, "room._data", this.target.kinds.data));
			}
			return this.data;
		}
		if (key === "_occupants") this.target._occupants.show();
		if (typeof value === "function") return method_to_lua(this.border, this.methods, key, value as AnyFunction);
		return this.border.to_lua(value);
	}

	set(key: Key, value: TValue): void {
		const { target, border } = this;
		if (typeof key !== "string" || !(key in target) || key in Object.prototype) {
			if (value.ttisnil()) this.extra.delete(key);
			else this.extra.set(key, new TValue(value.type, value.value));
			return;
		}
		if (typeof target[key] === "function") {
			if (value.ttisnil()) delete target[key];
			else if (!is_function(value)) throw new TypeError(`room.${key} is a method: expected a function`);
			else target[key] = method_from_lua(border, key, new TValue(value.type, value.value));
			return;
		}
		switch (key) {
			case "_data": {
				if (value.type !== tags.table) throw new TypeError("room._data has to be a table");
				target._data = {};
				const data = new DataTable(border, target._data, "room._data", target.kinds.data);
				this.data = table_value(data);
				data.take(value);
				return;
			}
			case "jid":
				throw new TypeError("a room's jid cannot be changed");
			case "_jid_nick":
			case "_occupants":
			case "_affiliations":
			case "_affiliation_data": {
				if (value.type !== tags.table) throw new TypeError(`room.${key} has to be a table`);
				const copied = border.copy(value);
				const entries = copied instanceof Map ? copied : Object.entries(Object(copied));
				if (key === "_occupants") {
					target._occupants = new OccupantMap();
					// The module still has the occupants that it puts there
					target._occupants.show();
				} else target[key] = new Map();
				for (const [name, one] of entries as Iterable<[string, never]>) target[key].set(name, one);
				return;
			}
			default:
				target[key] = argument(border, value);
		}
	}

	keys(): readonly Key[] {
		return [...new Set<Key>([...Object.keys(this.target), ...this.extra.keys()])];
	}
}

/** One nick in a room. */
class OccupantTable extends RecordTable {
	private readonly extra = new Map<Key, TValue>();

	constructor(
		border: Border,
		private readonly occupant: OccupantRecord & { [name: string]: unknown },
		metatable: Table,
	) {
		super(border, occupant);
		this.metatable = metatable;
	}

	override get(key: Key): TValue {
		return this.extra.get(key) ?? super.get(key);
	}

	override set(key: Key, value: TValue): void {
		if (typeof key === "string" && Object.hasOwn(this.occupant, key)) {
			// removed fields stay with an undefined value, so that all occupants have the same shape for the engine
			this.occupant[key] = this.border.from_lua(value);
		} else if (value.ttisnil()) this.extra.delete(key);
		else this.extra.set(key, new TValue(value.type, value.value));
	}

	override keys(): readonly Key[] {
		return [...super.keys(), ...this.extra.keys()];
	}
}

/** A form whose fields Lua sees as a list, as util.dataforms makes it. */
class FormTable extends LiveTable {
	constructor(
		readonly border: Border,
		readonly target: Form,
		metatable: Table,
	) {
		super(border.vm.next_id());
		this.metatable = metatable;
	}

	get(key: Key): TValue {
		if (typeof key === "number") return this.border.to_lua(this.target.fields[key - 1]);
		if (key === "title") return this.border.to_lua(this.target.title);
		return key === "instructions" ? this.border.to_lua(this.target.instructions) : nil;
	}

	set(key: Key, value: TValue): void {
		const { target, border } = this;
		const given = argument(border, value);
		if (key === "title" || key === "instructions") {
			if (typeof given === "string") target[key] = given;
			else delete target[key];
			return;
		}
		if (typeof key !== "number" || key < 1 || key > target.fields.length + 1) {
			throw new TypeError(`a form is a list of fields: expected an index from 1 to ${target.fields.length + 1}`);
		}
		if (given === undefined) target.fields.splice(key - 1, 1);
		else if (typeof given === "object" && given !== null) target.fields[key - 1] = given;
		else throw new TypeError(`a field of a form is a table, not a ${typeof given}`);
	}

	override length(): number {
		return this.target.fields.length;
	}

	keys(): readonly Key[] {
		const keys: Key[] = this.target.fields.map((_, index) => index + 1);
		if (this.target.title !== undefined) keys.push("title");
		if (this.target.instructions !== undefined) keys.push("instructions");
		return keys;
	}
}

/** Shows rooms, occupants and forms of the host to Lua. */
export function show_rooms(border: Border): void {
	const { vm } = border;
	/** A metatable whose `__index` are methods. */
	const metatable_of = (methods: LiveTable): Table => {
		const metatable = vm.new_table();
		vm.raw_set(metatable, "__index", table_value(methods));
		return metatable;
	};

	const room_metatables = new WeakMap<object, Table>();
	border.register_like(
		(object) => "_jid_nick" in object && "_occupants" in object,
		(_, object) => {
			const methods: object = Object.getPrototypeOf(object);
			let metatable = room_metatables.get(methods);
			if (!metatable) {
				metatable = metatable_of(room_methods(border, methods));
				room_metatables.set(methods, metatable);
			}
			return new RoomTable(border, object as Room & { [name: string]: unknown }, metatable);
		},
	);
	const occupant_metatable = metatable_of(
		new MethodTable(border, OccupantRecord.prototype as unknown as { [name: string]: unknown }),
	);
	border.register(
		OccupantRecord.prototype,
		(_, object) =>
			new OccupantTable(border, object as unknown as OccupantRecord & { [name: string]: unknown }, occupant_metatable),
	);

	const form_methods = vm.new_table();
	const form_of = (value: TValue | undefined): Form => {
		const form = value === undefined ? undefined : border.from_lua(value);
		if (form instanceof Form) return form;
		throw new TypeError("expected a form");
	};
	vm.raw_set(
		form_methods,
		"form",
		vm.native(([self, data = nil, type = nil]) =>
			border.to_lua(form_of(self).form(argument(border, data) as never, border.from_lua(type) as never)),
		),
	);
	vm.raw_set(
		form_methods,
		"data",
		vm.native(([self, stanza = nil, current = nil]) => {
			const read = form_of(self).data(border.from_lua(stanza) as never, argument(border, current) as never);
			const present = Object.fromEntries([...read.present].map((name) => [name, true]));
			return [border.deep_table(read.data), border.deep_table(read.errors), border.deep_table(present)];
		}),
	);
	const form_metatable = vm.new_table();
	vm.raw_set(form_metatable, "__index", new TValue(tags.table, form_methods));
	border.register(Form.prototype, (_, object) => new FormTable(border, object as Form, form_metatable));
}

/** `room_mt`: the one table of a component's room methods. */
export function room_methods(border: Border, methods: object): LiveTable {
	let by_object = tables_of_methods.get(border);
	if (!by_object) {
		by_object = new WeakMap();
		tables_of_methods.set(border, by_object);
	}
	let table = by_object.get(methods);
	if (!table) {
		table = new MethodTable(border, methods as { [name: string]: unknown });
		by_object.set(methods, table);
	}
	return table;
}

const tables_of_methods = new WeakMap<Border, WeakMap<object, MethodTable>>();
