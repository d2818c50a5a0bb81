// No counterpart: data of the host that modules in Lua keep tables of their own in, and that is stored.

import type { Border } from "./border.ts";
import { RecordTable, set_field } from "./views.ts";
import { type Table, TValue } from "./vm/fengari.ts";
import { type Key, key_of, LiveTable, nil, type_name } from "./vm/live_table.ts";

/** The types of certain fields, by name. */
export interface FieldTypes {
	readonly [name: string]: { readonly type: "string" | "number" | "boolean" | "table" };
}

/**
 * An object of the host that gets stored. Tables that Lua puts into it stay Lua tables, so that later changes to them count; the
 * host gets a copy each time it reads one, for instance to store the object. A table of the host becomes a Lua table when Lua first
 * reads it.
 */
export class DataTable extends RecordTable {
	private readonly of_lua = new Map<string, { readonly value: TValue; read(): unknown }>();

	/**
	 * @param name its name in error messages
	 * @param types the types of the host's own fields
	 */
	constructor(
		border: Border,
		target: { [name: string]: unknown },
		private readonly name: string,
		private readonly types: FieldTypes = {},
	) {
		super(border, target);
	}

	override get(key: Key): TValue {
		if (typeof key !== "string") return nil;
		const kept = this.of_lua.get(key);
		if (kept !== undefined && Object.getOwnPropertyDescriptor(this.target, key)?.get === kept.read) return kept.value;
		if (!Object.hasOwn(this.target, key)) return nil;
		const value = this.target[key];
		if (typeof value !== "object" || value === null) return this.border.to_lua(value);
		const table = this.border.deep_table(value);
		if (table.value instanceof LiveTable) return table;
		this.keep(key, table);
		return table;
	}

	override set(key: Key, value: TValue): void {
		if (typeof key !== "string") throw new TypeError(`${this.name} takes names as keys, not a ${typeof key}`);
		if (value.ttisnil()) {
			this.of_lua.delete(key);
			delete this.target[key];
			return;
		}
		const type = type_name(value);
		const wanted = Object.hasOwn(this.types, key) ? this.types[key]?.type : undefined;
		if (wanted !== undefined && type !== wanted) throw new TypeError(`${this.name}.${key} has to be a ${wanted}, not a ${type}`);
		if (!["string", "number", "boolean", "table"].includes(type)) {
			throw new TypeError(`${this.name}.${key} is stored with the room: a ${type} cannot be`);
		}
		delete this.target[key];
		if (type !== "table" || value.value instanceof LiveTable) {
			this.of_lua.delete(key);
			set_field(this.target, key, this.border.from_lua(value));
			return;
		}
		this.keep(key, new TValue(value.type, value.value));
	}

	/** Copies all entries of a Lua table. */
	take(value: TValue): void {
		if (value.value instanceof LiveTable) {
			for (const key of value.value.keys()) this.set(key, value.value.get(key));
			return;
		}
		for (const [key, item] of this.border.vm.entries(value.value as Table)) {
			const known = key_of(key);
			if (known !== undefined) this.set(known, item);
		}
	}

	/** Lets the host read a Lua table. Throws where it cannot be stored. */
	private keep(key: string, value: TValue): void {
		let last_good = this.border.copy(value);
		const read = (): unknown => {
			try {
				last_good = this.border.copy(value);
			} catch (error) {
				// Lua has put the table into itself since then; the rest of the object is stored nevertheless
				if (!(error instanceof RangeError)) throw error;
			}
			return last_good;
		};
		this.of_lua.set(key, { value, read });
		Object.defineProperty(this.target, key, {
			get: read,
			// the host replaces it by a value of its own
			set: (given: unknown) => {
				this.of_lua.delete(key);
				Object.defineProperty(this.target, key, { value: given, writable: true, enumerable: true, configurable: true });
			},
			enumerable: true,
			configurable: true,
		});
	}
}
