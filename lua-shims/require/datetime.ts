// Counterpart: util/datetime.lua

import { date, datetime, legacy, parse, time } from "../../host/util/datetime.ts";
import type { LuaContext } from "../context.ts";
import {
	type Arguments,
	bad_argument,
	is_string,
	is_true,
	make_library,
	optional_number_at,
	type_name,
} from "../vm/arguments.ts";
import { TValue } from "../vm/fengari.ts";
import { number_value, string_value, tags, text_of_string } from "../vm/live_table.ts";
import type { NativeFunction } from "../vm/vm.ts";

/** Seconds with a point, even with no digit after it, make a float in Lua. */
const seconds_with_point = /^[\d-]+T\d\d:\d\d:\d\d\./;

/** A function that writes a time; of now where it is given none. */
function writer(name: string, write: (seconds?: number) => string): NativeFunction {
	return (args) => string_value(write(optional_number_at(args, 1, name, undefined)));
}

/** The same, for those that take false for now. */
function day_writer(name: string, write: (seconds?: number) => string): NativeFunction {
	const with_number = writer(name, write);
	return (args, L) => with_number(is_true(args[0]) ? args : [], L);
}

/** Prosody's gives no value at all, not even nil, for what is no time. */
function parse_time(args: Arguments): TValue | undefined {
	const [given] = args;
	if (!is_true(given)) return undefined;
	if (!is_string(given)) throw bad_argument(1, "parse", `string expected, got ${type_name(given)}`);
	const text = text_of_string(given);
	const seconds = parse(text);
	if (seconds === undefined) return undefined;
	return seconds_with_point.test(text) ? new TValue(tags.float, seconds) : number_value(seconds);
}

/** `util.datetime`. */
export function datetime_library(host: LuaContext): TValue {
	return make_library(host.vm, {
		date: day_writer("date", date),
		datetime: writer("datetime", datetime),
		time: writer("time", time),
		legacy: day_writer("legacy", legacy),
		parse: parse_time,
	});
}
