// Counterpart: util/session.lua (log, send, close): methods of sessions that Lua calls, and may put others in place of

import type { LogLevel, Session } from "../host/core/types.ts";
import { TValue } from "./fengari.ts";
import type { Field } from "./host_table.ts";
import { nil, text_of_string } from "./live_table.ts";
import { format_message } from "./log_format.ts";
import type { LuaHost } from "./lua_host.ts";
import { is_function } from "./native_calls.ts";

const log_levels: ReadonlySet<string> = new Set(["debug", "info", "warn", "error"]);

function is_log_level(level: string): level is LogLevel {
	return log_levels.has(level);
}

/** `session.log`, `module._log` and the like: a level, a message, and what belongs in it. */
export function log_function(host: LuaHost, log: Session["log"]): TValue {
	return host.vm.native(([level, message = nil, ...args]) => {
		const known = level === undefined ? "" : text_of_string(level);
		log(is_log_level(known) ? known : "info", "%s", format_message(host.vm, host.vm.to_string(message), args));
		return undefined;
	});
}

/** Methods of the host that Lua gives from one session to another; each has its own of them. */
const native_methods = new WeakSet<object>();

/** What of a session Lua may replace by a function of its own, which then counts for the host, too. */
interface Replaced {
	readonly value: TValue;
	restore(): void;
}

const replaced = new WeakMap<object, Map<string, Replaced>>();

/** A method that Lua calls as the host made it until it puts one of its own in place. */
export function method<Target extends object>(
	name: string,
	native: (target: Target) => TValue,
	replace: (target: Target, given: TValue) => () => void,
): [string, Field<Target>] {
	const natives = new WeakMap<Target, TValue>();
	return [
		name,
		{
			get(target) {
				const own = replaced.get(target)?.get(name);
				if (own) return own.value;
				let value = natives.get(target);
				if (!value) {
					value = native(target);
					natives.set(target, value);
					native_methods.add(value.value as object);
				}
				return value;
			},
			set(target, given) {
				let of_target = replaced.get(target);
				if (!of_target) {
					of_target = new Map();
					replaced.set(target, of_target);
				}
				of_target.get(name)?.restore();
				of_target.delete(name);
				if (!is_function(given) || native_methods.has(given.value as object)) return;
				const value = new TValue(given.type, given.value);
				of_target.set(name, { value, restore: replace(target, value) });
			},
		},
	];
}

/** Text that a Lua function left of what it was given to pass on. */
export function answered(results: readonly TValue[]): boolean {
	const [first] = results;
	return first === undefined || first.ttisnil() || first.value !== false;
}
