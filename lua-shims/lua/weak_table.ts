// Counterpart: lgc.c of Lua 5.4 (weak tables). fengari holds what is in any table; a table whose metatable has a `__mode` becomes a
// live table here, which holds its keys, or values, by weak references.

import type { LuaCFunction, LuaState } from "../vm/fengari.ts";
import { ltable, type Table, type Thread, TString, TValue } from "../vm/fengari.ts";
import { type Key, key_of, key_value, LiveTable, nil, tags } from "../vm/live_table.ts";
import { bytes_of } from "../vm/text.ts";

/** A value that may be collected. */
interface WeakValue {
	readonly type: number;
	readonly ref: WeakRef<object>;
}
type Held = TValue | WeakValue;

/** The place of an entry with an object as its key; it has only a weak reference to a weak key, and never holds the value. */
interface Place {
	readonly type: number;
	readonly ref: WeakRef<object> | { deref(): object };
}

interface ObjectEntry {
	held: Held;
	readonly place: Place;
}

/** How many places there may be before those of collected keys are searched for. */
const first_sweep = 100;

function is_object(value: unknown): value is object {
	return (typeof value === "object" && value !== null) || typeof value === "function";
}

/** Only objects can be collected; strings are plain values. */
function is_collectable(value: TValue): value is TValue & { value: object } {
	return (value.type & 15) >= tags.table && is_object(value.value);
}

/** A table with weak keys, weak values, or both. It is made of an ordinary table, which stays the same for Lua. */
class WeakTable extends LiveTable {
	declare private weak_keys: boolean;
	declare private weak_values: boolean;
	declare private plain: Map<string | number | boolean, Held>;
	declare private objects: WeakMap<object, ObjectEntry>;
	declare private places: Set<Place>;
	declare private next_sweep: number;

	/** Makes a table of Lua weak. */
	static from(table: Table, mode: string): void {
		const entries: [TValue, TValue][] = [];
		for (let entry = table.f; entry !== undefined; entry = entry.n) entries.push([entry.key, entry.value]);
		Object.setPrototypeOf(table, WeakTable.prototype);
		const weak = table as unknown as WeakTable;
		Object.assign(weak, {
			strong: undefined,
			f: undefined,
			l: undefined,
			weak_keys: mode.includes("k"),
			weak_values: mode.includes("v"),
			plain: new Map(),
			objects: new WeakMap(),
			places: new Set(),
			next_sweep: first_sweep,
		});
		for (const [key, value] of entries) {
			const known = key_of(key);
			if (known !== undefined) weak.put(known, key.type, value);
		}
	}

	/** The host can only give it back to Lua. */
	get target(): unknown {
		return new TValue(tags.table, this);
	}

	private hold(value: TValue): Held {
		if (this.weak_values && is_collectable(value)) return { type: value.type, ref: new WeakRef(value.value) };
		return new TValue(value.type, value.value);
	}

	get(key: Key): TValue {
		const held = is_object(key) ? this.objects.get(key)?.held : this.plain.get(key);
		if (held === undefined) return nil;
		if (held instanceof TValue) return held;
		const value = held.ref.deref();
		return value === undefined ? nil : new TValue(held.type, value);
	}

	set(key: Key, value: TValue): void {
		this.put(key, tags.table, value);
	}

	override set_object(key: object, { type }: TValue, value: TValue): void {
		this.put(key, type, value);
	}

	private put(key: Key, type: number, value: TValue): void {
		if (!is_object(key)) {
			if (value.ttisnil()) this.plain.delete(key);
			else this.plain.set(key, this.hold(value));
			return;
		}
		const known = this.objects.get(key);
		if (value.ttisnil()) {
			if (known) this.places.delete(known.place);
			this.objects.delete(key);
		} else if (known) known.held = this.hold(value);
		else {
			if (this.places.size >= this.next_sweep) this.sweep();
			const place: Place = { type, ref: this.weak_keys ? new WeakRef(key) : { deref: () => key } };
			this.places.add(place);
			this.objects.set(key, { held: this.hold(value), place });
		}
	}

	/** Removes the places of collected keys. */
	private sweep(): void {
		for (const place of this.places) if (place.ref.deref() === undefined) this.places.delete(place);
		this.next_sweep = Math.max(first_sweep, this.places.size * 2);
	}

	keys(): readonly Key[] {
		const keys: Key[] = [...this.plain.keys()];
		for (const place of this.places) {
			const key = place.ref.deref();
			if (key === undefined) this.places.delete(place);
			else keys.push(key);
		}
		return keys.filter((key) => !this.get(key).ttisnil());
	}

	override key_value(key: Key): TValue {
		return is_object(key) ? new TValue(this.objects.get(key)?.place.type ?? tags.table, key) : key_value(key);
	}
}

/** Wraps fengari's `setmetatable`: a table that gets a metatable with `__mode` becomes weak. */
export function create_setmetatable(original: LuaCFunction): LuaCFunction {
	const mode_name = new TString(undefined, bytes_of("__mode"));
	return (L: LuaState) => {
		const count = original(L);
		const thread = L as LuaState & Thread;
		const table = thread.stack[thread.top - 1]?.value as Table;
		if (table.metatable === null) return count;
		const mode = ltable.luaH_getstr(table.metatable, mode_name);
		if (mode.value instanceof TString && table.strong !== undefined && /[kv]/.test(mode.value.text)) {
			WeakTable.from(table, mode.value.text);
		}
		return count;
	};
}
