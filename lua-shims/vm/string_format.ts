// No counterpart: Lua's string.format (Lua 5.4 manual, 6.4) in place of fengari's, which refuses whole numbers beyond 32 bits, breaks
// strings that are no UTF-8 and writes several numbers otherwise than C does.

import type { LuaCFunction, LuaState } from "./fengari.ts";
import { lauxlib, lua, to_luastring } from "./fengari.ts";
import { float_text, integer_text, type NumberLayout } from "./number_text.ts";

interface Conversion extends NumberLayout {
	readonly letter: string;
}

/** A parsed format: literal text and conversions, in order. Text has one character for each byte. */
type Parts = readonly (string | Conversion)[];

/** How many parsed formats are kept. */
const max_known_formats = 500;

function latin1(bytes: Uint8Array): string {
	return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}

/** The parts of a format, or what is wrong with it. */
function parse(format: string): Parts | string {
	const parts: (string | Conversion)[] = [];
	let literal = "";
	let position = 0;
	while (position < format.length) {
		const percent = format.indexOf("%", position);
		if (percent < 0) break;
		literal += format.slice(position, percent);
		if (format[percent + 1] === "%") {
			literal += "%";
			position = percent + 2;
			continue;
		}
		const [spec, flags = "", width = "", precision, letter = ""] =
			/^%([-+ #0]*)(\d{0,2})(?:\.(\d{0,2}))?([aAcdeEfFgGiopqsuxX]?)/.exec(format.slice(percent)) ?? [];
		if (spec === undefined || letter === "" || letter === "p" || flags.length > 5)
			return `invalid conversion '${format.slice(percent, percent + (spec?.length ?? 1) + 1)}' to 'format'`;
		if (letter === "q" && spec.length > 2) return "specifier '%q' cannot have modifiers";
		if (literal !== "") parts.push(literal);
		literal = "";
		parts.push({
			letter,
			flags,
			width: width === "" ? -1 : Number(width),
			precision: precision === undefined ? undefined : Number(precision),
		});
		position = percent + spec.length;
	}
	literal += format.slice(position);
	if (literal !== "") parts.push(literal);
	return parts;
}

function fail(L: LuaState, argument: number, problem: string): never {
	return lauxlib.luaL_error(L, to_luastring(`bad argument #${argument} to 'format' (%s)`), to_luastring(problem));
}

/** A number argument; strings that are numerals count as numbers. */
function number_at(L: LuaState, argument: number): number {
	if (lua.lua_type(L, argument) === lua.LUA_TNUMBER) return lua.lua_tonumber(L, argument);
	if (lua.lua_type(L, argument) === lua.LUA_TSTRING) {
		lua.lua_pushvalue(L, argument);
		const value = lua.lua_tonumber(L, -1);
		lua.lua_pop(L, 1);
		// A string that is not a numeral becomes 0.
		if (
			value !== 0 ||
			/^\s*[-+]?(?:0[xX])?[0.]*0[0.]*(?:[eEpP][-+]?\d+)?\s*$/.test(latin1(lua.lua_tolstring(L, argument) ?? new Uint8Array()))
		)
			return value;
	}
	const type = latin1(lua.lua_typename(L, lua.lua_type(L, argument)));
	return fail(L, argument, `number expected, got ${type}`);
}

function integer_at(L: LuaState, argument: number): number {
	const value = number_at(L, argument);
	if (!Number.isInteger(value)) return fail(L, argument, "number has no integer representation");
	return value;
}

function padded(text: string, { flags, width }: NumberLayout): string {
	return flags.includes("-") ? text.padEnd(width) : text.padStart(width);
}

/** A string as Lua source. */
function quoted(text: string): string {
	const escaped = text.replace(/["\\\p{Cc}]/gu, (character, position: number) => {
		if (character === '"' || character === "\\" || character === "\n") return `\\${character}`;
		const code = character.charCodeAt(0);
		if (code > 0x7f) return character;
		return `\\${/\d/.test(text[position + 1] ?? "") ? String(code).padStart(3, "0") : code}`;
	});
	return `"${escaped}"`;
}

/** A value as Lua source that reads back as the same value. */
function literal_at(L: LuaState, argument: number): string {
	switch (lua.lua_type(L, argument)) {
		case lua.LUA_TSTRING:
			return quoted(latin1(lua.lua_tolstring(L, argument) ?? new Uint8Array()));
		case lua.LUA_TNUMBER: {
			const value = lua.lua_tonumber(L, argument);
			if (lua.lua_isinteger(L, argument)) return String(value);
			if (Number.isNaN(value)) return "(0/0)";
			if (!Number.isFinite(value)) return value > 0 ? "1e9999" : "-1e9999";
			return float_text("a", value, { flags: "", width: -1, precision: undefined });
		}
		case lua.LUA_TNIL:
			return "nil";
		case lua.LUA_TBOOLEAN:
			return String(lua.lua_toboolean(L, argument));
		default:
			return fail(L, argument, "value has no literal form");
	}
}

function string_at(L: LuaState, argument: number, conversion: Conversion): string {
	const text = latin1(lauxlib.luaL_tolstring(L, argument));
	lua.lua_pop(L, 1);
	return padded(conversion.precision === undefined ? text : text.slice(0, conversion.precision), conversion);
}

function convert(L: LuaState, argument: number, conversion: Conversion): string {
	const { letter } = conversion;
	switch (letter) {
		case "s":
			return string_at(L, argument, conversion);
		case "q":
			return literal_at(L, argument);
		case "c":
			return padded(String.fromCharCode(integer_at(L, argument) & 0xff), conversion);
		case "d":
		case "i":
		case "o":
		case "u":
		case "x":
		case "X":
			return integer_text(letter, integer_at(L, argument), conversion);
		default:
			return float_text(letter, number_at(L, argument), conversion);
	}
}

/** Lua's `string.format`. Whole floats of any size count as integers. */
export function create_string_format(): LuaCFunction {
	const known = new Map<string, Parts>();

	const parts_of = (L: LuaState, format: string): Parts => {
		const before = known.get(format);
		if (before) return before;
		const parts = parse(format);
		if (typeof parts === "string") return lauxlib.luaL_error(L, to_luastring("%s"), to_luastring(parts));
		if (known.size >= max_known_formats) known.clear();
		known.set(format, parts);
		return parts;
	};

	return (L) => {
		const count = lua.lua_gettop(L);
		const format = count === 0 ? null : lua.lua_tolstring(L, 1);
		if (format === null)
			return fail(L, 1, `string expected, got ${count === 0 ? "no value" : latin1(lua.lua_typename(L, lua.lua_type(L, 1)))}`);
		let text = "";
		let argument = 1;
		for (const part of parts_of(L, latin1(format))) {
			if (typeof part === "string") {
				text += part;
				continue;
			}
			argument++;
			if (argument > count) fail(L, argument, "no value");
			text += convert(L, argument, part);
		}
		lua.lua_pushstring(L, new Uint8Array(Buffer.from(text, "latin1")));
		return 1;
	};
}
