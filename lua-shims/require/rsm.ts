// Counterpart: util/rsm.lua

import { type FirstItem, generate, get_set, parse_with, type ResultSet } from "../../host/util/rsm.ts";
import { Stanza } from "../../host/util/stanza.ts";
import type { LuaContext } from "../context.ts";
import {
	type Arguments,
	integer_at,
	is_none,
	is_string,
	make_library,
	numeral_value,
	table_at,
	type_name,
} from "../vm/arguments.ts";
import { TValue } from "../vm/fengari.ts";
import { string_value, tags, text_of_string } from "../vm/live_table.ts";

/** Where the id of a first item is. */
const id_key = new TValue(tags.integer, 1);

/** A numeral keeps its kind: 10 is an integer, 1e1 a float. */
const lua_number = (text: string | undefined): TValue | undefined => (text === undefined ? undefined : numeral_value(text));

/** `util.rsm`. Fields are written in a fixed order; in Prosody it is by chance. */
export function rsm_library(host: LuaContext): TValue {
	const { border, vm } = host;

	function stanza_at([value]: Arguments, name: string): Stanza {
		const known = value === undefined ? undefined : border.from_lua(value);
		if (known instanceof Stanza) return known;
		throw new TypeError(`bad argument to ${name}: expected stanza, got ${type_name(value)}`);
	}

	function table_of(fields: { readonly [name: string | number]: TValue | undefined }): TValue {
		const table = vm.new_table();
		for (const [name, value] of Object.entries(fields)) if (value !== undefined) vm.raw_set(table, name, value);
		return new TValue(tags.table, table);
	}

	const optional = (text: string | undefined): TValue | undefined => (text === undefined ? undefined : string_value(text));

	function first_value(first: FirstItem<TValue> | string | undefined): TValue | undefined {
		if (first === undefined || typeof first === "string") return optional(first);
		const table = vm.new_table();
		if (first.id !== undefined) vm.raw_set(table, 1, string_value(first.id));
		if (first.index !== undefined) vm.raw_set(table, "index", first.index);
		return new TValue(tags.table, table);
	}

	function page(set: Stanza): TValue {
		const { before, first, after, last, ...numbers } = parse_with(set, lua_number);
		return table_of({
			...numbers,
			before: before === true ? new TValue(tags.boolean, true) : optional(before),
			first: first_value(first),
			after: optional(after),
			last: optional(last),
		});
	}

	/** Reads the fields of a table. */
	function fields_of(table: TValue): ResultSet {
		const field = (name: string): TValue => vm.index(table, string_value(name));
		const text = (value: TValue): string | undefined => {
			if (is_none(value)) return undefined;
			if (is_string(value)) return text_of_string(value);
			throw new TypeError(`invalid text value: expected string, got ${type_name(value)}`);
		};
		const number = (name: string): number | undefined => {
			const value = field(name);
			return is_none(value) ? undefined : integer_at([value], 1, "generate");
		};
		const before = field("before");
		const first = field("first");
		return {
			max: number("max"),
			index: number("index"),
			after: text(field("after")),
			before: before.value === true ? true : text(before),
			first:
				first.type === tags.table
					? { id: text(vm.index(first, id_key)), index: integer_at([vm.index(first, string_value("index"))], 1, "generate") }
					: text(first),
			last: text(field("last")),
			count: number("count"),
		};
	}

	return make_library(vm, {
		parse: (args) => page(stanza_at(args, "parse")),
		generate: (args) => border.to_lua(generate(fields_of(table_at(args, 1, "generate")))),
		get(args) {
			const set = get_set(stanza_at(args, "get"));
			return set && page(set);
		},
	});
}
