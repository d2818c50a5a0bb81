// Counterpart: util/format.lua

import type { Log, LogLevel } from "../host/core/types.ts";
import type { TValue } from "./vm/fengari.ts";
import { tags, text_of_string } from "./vm/live_table.ts";
import type { Vm } from "./vm/vm.ts";

const control = /\p{Cc}|\p{Surrogate}/gu;

/** Lua's `tostring`, or its error, so that a message is not lost because of one value. */
function text_or_problem(vm: Vm, value: TValue): string {
	try {
		return vm.to_string(value);
	} catch (error) {
		if (!(error instanceof Error)) throw error;
		return `tostring failed: ${error.message}`;
	}
}

/** A value as `%s` shows it: never an error, and nothing that would break a log line or control a terminal. */
function shown(vm: Vm, value: TValue | undefined): string {
	if (value === undefined || value.ttisnil()) return "(nil)";
	const is_text = value.type === tags.string || value.type === tags.short_string;
	const text = is_text ? text_of_string(value) : text_or_problem(vm, value);
	const visible = text.replace(control, (character) =>
		character === "\n" || character === "\t" ? character : `\\${character.charCodeAt(0) & 0xff}`,
	);
	return is_text
		? visible
		: visible.startsWith("[") || value.type === tags.integer || value.type === tags.float
			? visible
			: `[${visible}]`;
}

function number_of(value: TValue | undefined): number | undefined {
	return typeof value?.value === "number" ? value.value : undefined;
}

/**
 * The text of a message with its arguments, in Lua's `string.format` notation. Arguments of the wrong type are shown
 * nevertheless, missing ones as `(nil)`, and surplus ones at the end.
 */
export function format_message(vm: Vm, message: string, args: readonly TValue[]): string {
	let used = 0;
	const text = message.replace(
		/%(?:%|([-+ #0]*)(\d{0,2})(?:\.(\d{1,2}))?([a-zA-Z]))/g,
		(whole, flags = "", width = "", precision, kind) => {
			if (whole === "%%") return "%";
			const argument = args[used++];
			const number = number_of(argument);
			let made: string;
			if ("di".includes(kind) && number !== undefined) made = Number.isInteger(number) ? String(number) : `[${number}]`;
			else if ("xX".includes(kind) && number !== undefined) {
				made = Math.trunc(number).toString(16);
				if (kind === "X") made = made.toUpperCase();
			} else if (kind === "f" && number !== undefined) made = number.toFixed(precision === undefined ? 6 : Number(precision));
			else if ("gG".includes(kind) && number !== undefined) {
				made = String(Number(number.toPrecision(precision === undefined ? 6 : Math.max(1, Number(precision)))));
			} else if ("eEaA".includes(kind) && number !== undefined) {
				made = number.toExponential(precision === undefined ? 6 : Number(precision));
			} else if (kind === "c" && number !== undefined) made = String.fromCharCode(number);
			else if (kind === "q" && typeof argument !== "undefined" && argument.type >= 4 && (argument.type & 15) === 4) {
				made = JSON.stringify(text_of_string(argument));
			} else {
				made = shown(vm, argument);
				if (kind === "s" && precision !== undefined) made = made.slice(0, Number(precision));
			}
			if (flags.includes("+") && number !== undefined && number >= 0 && !"sq".includes(kind)) made = `+${made}`;
			const size = Number(width);
			if (flags.includes("-")) return made.padEnd(size);
			return flags.includes("0") && number !== undefined ? made.padStart(size, "0") : made.padStart(size);
		},
	);
	return args.slice(used).reduce((line, argument) => `${line} ${shown(vm, argument)}`, text);
}

const levels: ReadonlySet<string> = new Set<LogLevel>(["debug", "info", "warn", "error"]);

/** Whether a name is that of a level. */
export function is_log_level(level: string): level is LogLevel {
	return levels.has(level);
}

/** A logger of the host as Lua calls it: `log(level, message, …)`. */
export function log_function(vm: Vm, log: Log): TValue {
	return vm.logger(([level, message, ...args]) => {
		const known = level === undefined ? "info" : vm.to_string(level);
		const text = vm.logged(() => format_message(vm, message === undefined ? "" : vm.to_string(message), args));
		log(is_log_level(known) ? known : "info", "%s", text);
		return undefined;
	});
}
