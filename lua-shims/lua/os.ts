// Counterpart: Lua's loslib.c

import { randomBytes } from "node:crypto";
import { closeSync, lstatSync, openSync, renameSync, rmdirSync, unlinkSync } from "node:fs";
import { type Clock, clock_at, format_clock, furthest_time, invalid_conversion, time_of } from "../../host/util/date.ts";
import { tonumber } from "../../host/util/tonumber.ts";
import type { LuaContext } from "../context.ts";
import {
	type Arguments,
	bad_argument,
	boolean_value,
	bytes_at,
	integer_at,
	is_none,
	is_string,
	make_library,
	optional_text_at,
	table_at,
	text_at,
} from "../vm/arguments.ts";
import { TValue } from "../vm/fengari.ts";
import { nil, number_value, string_value, tags, text_of_string } from "../vm/live_table.ts";
import { text_of } from "../vm/text.ts";
import { attempt, path_of } from "./system_error.ts";

/** The largest number that a field may have: C's int. */
const max_field = 2 ** 31 - 1;

/** `os`: the clock, the environment and the file system; nothing that would end the server or run programs. */
export function os_library(host: LuaContext): TValue {
	const { vm } = host;

	/** A field of a table for `os.time`. */
	function field(table: TValue, name: string, fallback: number | undefined): number {
		const value = vm.index(table, string_value(name));
		const number = is_string(value) ? tonumber(text_of_string(value)) : typeof value.value === "number" ? value.value : undefined;
		if (number === undefined || !Number.isInteger(number)) {
			if (!value.ttisnil()) throw new Error(`field '${name}' is not an integer`);
			if (fallback === undefined) throw new Error(`field '${name}' missing in date table`);
			return fallback;
		}
		if (Math.abs(number) > max_field) throw new Error(`field '${name}' is out-of-bound`);
		return number;
	}

	/** Fills a table with the fields of a time. */
	function set_fields(table: TValue, clock: Clock): void {
		for (const name of ["year", "month", "day", "hour", "min", "sec", "yday", "wday"] as const) {
			vm.set_index(table, string_value(name), number_value(clock[name]));
		}
		vm.set_index(table, string_value("isdst"), boolean_value(clock.isdst));
	}

	function time(args: Arguments): TValue {
		if (is_none(args[0])) return number_value(Math.floor(Date.now() / 1000));
		const table = table_at(args, 1, "time");
		const year = field(table, "year", undefined);
		const month = field(table, "month", undefined);
		const day = field(table, "day", undefined);
		const isdst = vm.index(table, string_value("isdst"));
		const made = time_of({
			year,
			month,
			day,
			hour: field(table, "hour", 12),
			min: field(table, "min", 0),
			sec: field(table, "sec", 0),
			isdst: isdst.ttisnil() ? undefined : isdst.value !== false,
		});
		// PARITY: C's mktime returns -1 for failure, so the second before 1970 cannot be given
		if (!Number.isFinite(made) || made === -1) throw new Error("time result cannot be represented in this installation");
		set_fields(table, clock_at(made, false));
		return number_value(made);
	}

	function date(args: Arguments): TValue {
		const given = is_none(args[0]) ? "%c" : text_of(bytes_at(args, 1, "date"));
		const at = is_none(args[1]) ? Math.floor(Date.now() / 1000) : integer_at(args, 2, "date");
		const utc = given.startsWith("!");
		const format = utc ? given.slice(1) : given;
		if (Math.abs(at) > furthest_time) throw new Error("date result cannot be represented in this installation");
		const clock = clock_at(at, utc);
		if (format === "*t") {
			const table = new TValue(tags.table, vm.new_table());
			set_fields(table, clock);
			return table;
		}
		const invalid = invalid_conversion(format);
		if (invalid !== undefined) throw bad_argument(1, "date", `invalid conversion specifier '${invalid}'`);
		return string_value(format_clock(format, clock));
	}

	return make_library(host.vm, {
		time,
		date,
		clock() {
			const { user, system } = process.cpuUsage();
			return new TValue(tags.float, (user + system) / 1e6);
		},
		difftime: (args) => new TValue(tags.float, integer_at(args, 1, "difftime") - integer_at(args, 2, "difftime")),
		getenv(args) {
			const value = process.env[text_at(args, 1, "getenv")];
			return value === undefined ? nil : string_value(value);
		},
		remove(args) {
			const path = path_of(bytes_at(args, 1, "remove"));
			return attempt(text_of(path), () => {
				if (lstatSync(path).isDirectory()) rmdirSync(path);
				else unlinkSync(path);
				return boolean_value(true);
			});
		},
		rename(args) {
			const from = path_of(bytes_at(args, 1, "rename"));
			const to = path_of(bytes_at(args, 2, "rename"));
			return attempt(undefined, () => {
				renameSync(from, to);
				return boolean_value(true);
			});
		},
		tmpname() {
			const path = `/tmp/lua_${randomBytes(6).toString("hex")}`;
			closeSync(openSync(path, "wx", 0o600));
			return string_value(path);
		},
		setlocale(args) {
			const locale = optional_text_at(args, 1, "setlocale") ?? "C";
			const category = optional_text_at(args, 2, "setlocale") ?? "all";
			if (!["all", "collate", "ctype", "monetary", "numeric", "time"].includes(category)) {
				throw bad_argument(2, "setlocale", `invalid option '${category}'`);
			}
			return ["", "C", "POSIX"].includes(locale) ? string_value("C") : nil;
		},
		exit() {
			throw new Error("os.exit is not offered to modules: it would end the server for everybody");
		},
		execute(args) {
			// without a command it asks whether there is a shell
			if (is_none(args[0])) return boolean_value(false);
			throw new Error("os.execute is not offered to modules: it would hold up the server until the other program ends");
		},
	});
}
