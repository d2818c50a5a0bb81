// No counterpart: what modules of the host offer, as `module:depends` and `hosts[…].modules[…]` show it to Lua.

import type { Border } from "./border.ts";
import { lua_results } from "./results.ts";
import { argument, room_methods } from "./room.ts";
import { RecordTable, table_value } from "./views.ts";
import { TValue } from "./vm/fengari.ts";
import type { Key } from "./vm/live_table.ts";
import { LiveTable, nil } from "./vm/live_table.ts";

/** The functions and values of a module. Functions are called without an object, and return values as Lua functions do. */
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
				// where the host returns false for "there is no place", Prosody returns nil
				return answer === false ? nil : lua_results(border, answer);
			});
			this.functions.set(key, known);
		}
		return known;
	}
}

/** A module as other modules see it: its `module`, its exports, and what others add. */
export class ModuleTable extends LiveTable {
	private readonly added = new Map<Key, TValue>();

	/**
	 * @param target the module's object in the host
	 * @param offered its exports, if it has any
	 */
	constructor(
		border: Border,
		readonly target: object,
		module: TValue,
		private readonly offered: LiveTable | undefined,
	) {
		super(border.vm.next_id());
		this.added.set("module", module);
	}

	get(key: Key): TValue {
		return this.added.get(key) ?? this.offered?.get(key) ?? nil;
	}

	set(key: Key, value: TValue): void {
		if (value.ttisnil()) this.added.delete(key);
		else this.added.set(key, new TValue(value.type, value.value));
	}

	keys(): readonly Key[] {
		return [...new Set<Key>([...this.added.keys(), ...(this.offered?.keys() ?? [])])];
	}
}

const known_exports = new WeakMap<Border, WeakMap<object, LiveTable>>();

/** The table of a module's exports, the same each time. */
export function exports_table(border: Border, exported: object): LiveTable {
	let tables = known_exports.get(border);
	if (!tables) {
		tables = new WeakMap();
		known_exports.set(border, tables);
	}
	let table = tables.get(exported);
	if (!table) {
		table = new ExportsTable(border, exported as { [name: string]: unknown });
		tables.set(exported, table);
	}
	return table;
}
