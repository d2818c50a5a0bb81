// What property-based specs of storage choose their values from.

import fc from "fast-check";
import { from_entries, type LuaKey, type LuaTable, type LuaValue } from "../../host/util/luatable.ts";

/** Text that Unicode and Lua can carry, with what is special to JSON, SQL and JavaScript among it. */
export const text = fc.oneof(
	fc.string({ unit: "binary", maxLength: 8 }),
	fc.string({ unit: "grapheme", maxLength: 8 }),
	fc.constantFrom(
		"",
		"__array",
		"__hash",
		"__proto__",
		"constructor",
		"1",
		"true",
		"'",
		'"',
		"\\",
		"\u001f\u007f\n",
		"room@host/nick",
	),
);

/** Numbers that Lua writes with all their digits. */
export const number = fc.oneof(
	fc.integer(),
	fc.maxSafeInteger(),
	fc.integer({ min: -(10 ** 9), max: 10 ** 9 }).map((eighths) => eighths / 8),
	fc.constantFrom(0, 1, -1, 1e-5, 1.5e300, 2 ** 53, 1e15),
);

/** Lua's integers that no JavaScript number equals. */
const long_integer = fc.constantFrom(2n ** 63n - 1n, -(2n ** 63n) + 1n, 2n ** 53n + 1n, -(2n ** 53n) - 1n);

export const key: fc.Arbitrary<LuaKey> = fc.oneof(
	{ weight: 4, arbitrary: text },
	{ weight: 2, arbitrary: fc.integer({ min: 1, max: 4 }) },
	number,
	long_integer,
	fc.boolean(),
);

const { value: any_value } = fc.letrec<{ value: LuaValue; table: LuaTable }>((tie) => ({
	value: fc.oneof({ maxDepth: 3, depthSize: "small" }, text, number, long_integer, fc.boolean(), tie("table")),
	table: fc.oneof(
		fc.array(fc.tuple(text, tie("value")), { maxLength: 4 }).map(from_entries),
		fc.array(tie("value"), { minLength: 1, maxLength: 4 }),
		fc.array(fc.tuple(key, tie("value")), { maxLength: 5 }).map(from_entries),
	),
}));

/** A value with tables in it, each in the form that its keys call for. */
export const value: fc.Arbitrary<LuaValue> = any_value.map(without_negative_zero);

/** SQLite and JSON have it, Lua's integers do not. */
function without_negative_zero(given: LuaValue): LuaValue {
	if (typeof given === "number") return given + 0;
	if (typeof given !== "object") return given;
	if (Array.isArray(given)) return given.map(without_negative_zero);
	const pairs = given instanceof Map ? [...given] : Object.entries(given);
	return from_entries(
		pairs.flatMap(([name, item]) => (item === undefined ? [] : [[name, without_negative_zero(item)] as const])),
	);
}
