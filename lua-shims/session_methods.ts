// Counterpart: util/session.lua (log, send, close): methods of sessions that Lua calls, and may put others in place of

import type { Field } from "./host_table.ts";
import { TValue } from "./vm/fengari.ts";
import { is_function } from "./vm/live_table.ts";

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
