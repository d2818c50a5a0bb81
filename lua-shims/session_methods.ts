// Counterpart: util/session.lua (log, send, close): methods of sessions that Lua calls, and may put others in place of

import type { Field } from "./host_table.ts";
import { TValue } from "./vm/fengari.ts";
import { is_function } from "./vm/live_table.ts";

/** Methods of the host that Lua copies from one session to another; each session has its own. */
const native_methods = new WeakSet<object>();

/** Methods of a session that Lua may replace by its own functions, which the host then uses, too. */
interface Replaced {
	readonly value: TValue;
	restore(): void;
}

const replaced = new WeakMap<object, Map<string, Replaced>>();

/** A method of the host, until Lua replaces it. */
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

/** The text that a Lua function has left to pass on. */
export function answered(results: readonly TValue[]): boolean {
	const [first] = results;
	return first === undefined || first.ttisnil() || first.value !== false;
}
