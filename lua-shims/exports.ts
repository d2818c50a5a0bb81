// No counterpart: what modules of the host offer, as `module:depends` and `hosts[…].modules[…]` show it to Lua.

import type { Border } from "./border.ts";
import type { TValue } from "./fengari.ts";
import type { Key } from "./live_table.ts";
import { nil } from "./live_table.ts";
import { lua_results } from "./results.ts";
import { argument, room_methods } from "./room.ts";
import { RecordTable, table_value } from "./views.ts";

/** The functions and values of a module: called without an object, answering in Lua's way. */
class ExportsTable extends RecordTable {
	private readonly functions = new Map<string, TValue>();

	override get(key: Key): TValue {
		if (typeof key !== "string" || key in Object.prototype) return nil;
		const value = this.target[key];
		const { border, target } = this;
		if (key === "room_mt" && typeof value === "object" && value !== null) return table_value(room_methods(border, value));
		if (typeof value !== "function") return border.to_lua(value);
		let known = this.functions.get(key);
		if (!known) {
			known = border.vm.native((args) => {
				const answer: unknown = Reflect.apply(
					value,
					target,
					args.map((arg) => argument(border, arg)),
				);
				// where the host says false for "there is no place", Prosody answers with nothing
				return answer === false ? nil : lua_results(border, answer);
			});
			this.functions.set(key, known);
		}
		return known;
	}
}

const known_exports = new WeakMap<Border, WeakMap<object, TValue>>();

/** The table of a module's exports, the same each time. */
export function exports_table(border: Border, exported: object): TValue {
	let tables = known_exports.get(border);
	if (!tables) {
		tables = new WeakMap();
		known_exports.set(border, tables);
	}
	let value = tables.get(exported);
	if (!value) {
		value = table_value(new ExportsTable(border, exported as { [name: string]: unknown }));
		tables.set(exported, value);
	}
	return value;
}
