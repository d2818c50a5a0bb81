// Counterpart: ltablib.c of Lua 5.4. Each entry that is looked at counts against the time that code may run.

import {
	type Arguments,
	bad_argument,
	integer_at,
	is_none,
	is_string,
	kept,
	number_text,
	optional_bytes_at,
	optional_integer_at,
	type_name,
} from "./arguments.ts";
import { type LuaThread, ltable, lua, type Table, TValue } from "./fengari.ts";
import { spend } from "./guard.ts";
import { Joined } from "./joined.ts";
import { is_function, LiveTable, nil, number_value, tags } from "./live_table.ts";
import { less_than } from "./operators.ts";
import { bytes_of } from "./text.ts";
import type { NativeFunction, Vm } from "./vm.ts";

const max_integer = 2 ** 31 - 1;
/** How many instructions count for an entry that a metamethod may give. */
const cost_of_a_call = 100;

/** Whether fengari takes an index by its shorter way: it has 32 bits. */
function is_short(index: number): boolean {
	return (index | 0) === index;
}

/** A list as these functions see it, with metamethods where it has some. */
class List {
	private readonly value: TValue;
	private readonly plain: Table | undefined;

	/** @param operations the metamethods that something that is no table needs */
	constructor(
		private readonly vm: Vm,
		private readonly thread: LuaThread,
		args: Arguments,
		index: number,
		name: string,
		operations: readonly string[],
	) {
		const value = args[index - 1];
		if (value?.type !== tags.table && !List.behaves(vm, value, operations)) {
			throw bad_argument(index, name, `table expected, got ${type_name(value)}`);
		}
		this.value = kept(value);
		const table = this.value.value as Table;
		if (this.value.type === tags.table && table.metatable === null) this.plain = table;
	}

	private static behaves(vm: Vm, value: TValue | undefined, operations: readonly string[]): boolean {
		const metatable = value?.type === tags.userdata ? (value.value as { metatable: Table | null }).metatable : null;
		return metatable !== null && operations.every((name) => !vm.raw_get(metatable, name).ttisnil());
	}

	get length(): number {
		return this.plain === undefined ? this.vm.len(this.value) : ltable.luaH_getn(this.plain);
	}

	/** An entry; not to be kept. */
	get(index: number): TValue {
		spend(this.thread, this.plain === undefined ? cost_of_a_call : 1);
		if (this.plain !== undefined) {
			return is_short(index)
				? ltable.luaH_getint(this.plain, index)
				: ltable.luaH_get(this.thread, this.plain, number_value(index));
		}
		return this.vm.index(this.value, number_value(index));
	}

	set(index: number, value: TValue): void {
		if (this.plain === undefined) this.vm.set_index(this.value, number_value(index), value);
		// tables of the host refuse what they do not take
		else if (this.plain instanceof LiveTable || value.ttisnil() || !is_short(index))
			ltable.luaH_setfrom(this.thread, this.plain, number_value(index), value);
		else ltable.luaH_setint(this.plain, index, kept(value));
	}
}

/** Sorts by `is_less`, which is called once for each comparison; equal entries keep their order. */
function merge_sorted(values: TValue[], is_less: (left: TValue, right: TValue) => boolean): TValue[] {
	if (values.length < 2) return values;
	const middle = values.length >> 1;
	const left = merge_sorted(values.slice(0, middle), is_less);
	const right = merge_sorted(values.slice(middle), is_less);
	const merged: TValue[] = [];
	let [l, r] = [0, 0];
	while (l < left.length && r < right.length) {
		const [one, other] = [left[l] ?? nil, right[r] ?? nil];
		if (is_less(other, one)) {
			merged.push(other);
			r++;
		} else {
			merged.push(one);
			l++;
		}
	}
	while (l < left.length) merged.push(left[l++] ?? nil);
	while (r < right.length) merged.push(right[r++] ?? nil);
	return merged;
}

/** Calls a Lua function with two values; returns whether its result is true. */
function asks(L: LuaThread, callee: TValue, left: TValue, right: TValue): boolean {
	lua.lua_checkstack(L, 3);
	for (const value of [callee, left, right]) L.stack[L.top++] = new TValue(value.type, value.value);
	lua.lua_call(L, 2, 1);
	const answer = L.stack[L.top - 1] ?? nil;
	const is_true = answer.type !== tags.nil && answer.value !== false;
	lua.lua_pop(L, 1);
	return is_true;
}

/** The functions of `table` that are ours; the others are fengari's. */
export function table_functions(vm: Vm): { readonly [name: string]: NativeFunction } {
	const reading = ["__index", "__len"];
	const both = ["__index", "__newindex", "__len"];
	return {
		concat(args, L) {
			const list = new List(vm, L, args, 1, "concat", reading);
			const separator = optional_bytes_at(args, 2, "concat");
			const first = optional_integer_at(args, 3, "concat", 1);
			const last = is_none(args[3]) ? list.length : integer_at(args, 4, "concat");
			const parts = new Joined(L);
			for (let index = first; index <= last; index++) {
				const item = list.get(index);
				if (is_string(item)) parts.add(item.value.getstr());
				else if (typeof item.value === "number") parts.add(bytes_of(number_text(item)));
				else throw new Error(`invalid value (${type_name(item)}) at index ${index} in table for 'concat'`);
				if (separator !== undefined && index < last) parts.add(separator);
			}
			return parts.value();
		},
		insert(args, L) {
			const [into, item = nil] = args;
			if (args.length === 2 && into?.type === tags.table) {
				const table = into.value as Table | LiveTable;
				if (!(table instanceof LiveTable) && table.metatable === null) {
					ltable.luaH_setint(table, ltable.luaH_getn(table) + 1, kept(item));
					return undefined;
				}
			}
			const list = new List(vm, L, args, 1, "insert", both);
			const end = list.length + 1;
			if (args.length !== 2 && args.length !== 3) throw new Error("wrong number of arguments to 'insert'");
			if (args.length === 2) {
				list.set(end, args[1] ?? nil);
				return undefined;
			}
			const position = integer_at(args, 2, "insert");
			if (position < 1 || position > end) throw bad_argument(2, "insert", "position out of bounds");
			for (let index = end; index > position; index--) list.set(index, list.get(index - 1));
			list.set(position, args[2] ?? nil);
			return undefined;
		},
		remove(args, L) {
			const list = new List(vm, L, args, 1, "remove", both);
			const size = list.length;
			let position = optional_integer_at(args, 2, "remove", size);
			if (args.length > 1 && (position < 1 || position > size + 1) && !(size === 0 && position === 0)) {
				throw bad_argument(1, "remove", "position out of bounds");
			}
			const removed = kept(list.get(position));
			for (; position < size; position++) list.set(position, list.get(position + 1));
			list.set(position, nil);
			return removed;
		},
		move(args, L) {
			const from = new List(vm, L, args, 1, "move", ["__index"]);
			const first = integer_at(args, 2, "move");
			const last = integer_at(args, 3, "move");
			const target = integer_at(args, 4, "move");
			const at = is_none(args[4]) ? 1 : 5;
			const to = new List(vm, L, args, at, "move", ["__newindex"]);
			if (last >= first) {
				if (!(first > 0 || last < Number.MAX_SAFE_INTEGER + first)) throw bad_argument(3, "move", "too many elements to move");
				const count = last - first + 1;
				if (target > Number.MAX_SAFE_INTEGER - count + 1) throw bad_argument(4, "move", "destination wrap around");
				const forward = target > last || target <= first || (at === 5 && args[0]?.value !== args[4]?.value);
				for (let offset = 0; offset < count; offset++) {
					const index = forward ? offset : count - 1 - offset;
					to.set(target + index, from.get(first + index));
				}
			}
			return kept(args[at - 1]);
		},
		sort(args, L) {
			const list = new List(vm, L, args, 1, "sort", both);
			const size = list.length;
			const by = args[1];
			if (size < 2) return undefined;
			if (size >= max_integer) throw bad_argument(1, "sort", "array too big");
			if (!is_none(by) && !is_function(by)) throw bad_argument(2, "sort", `function expected, got ${type_name(by)}`);
			const callee = kept(by);
			const values: TValue[] = [];
			for (let index = 1; index <= size; index++) values.push(kept(list.get(index)));
			const sorted = merge_sorted(values, (left, right) => {
				spend(L, 1);
				return callee.ttisnil() ? less_than(L, left, right) === 1 : asks(L, callee, left, right);
			});
			for (const [index, value] of sorted.entries()) list.set(index + 1, value);
			return undefined;
		},
	};
}
