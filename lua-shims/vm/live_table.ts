// No counterpart: tables of Lua that show the host's own objects.

import type { LuaState } from "./fengari.ts";
import { type Entry, ldebug, ltable, luaO_nilobject, type Table, type Thread, TString, TValue } from "./fengari.ts";
import { bytes_of, text_of } from "./text.ts";

/** fengari's type tags, as they stand in a {@link TValue}. */
export const tags = {
	nil: 0,
	boolean: 1,
	light_userdata: 2,
	float: 3,
	integer: 3 | (1 << 4),
	string: 4 | (1 << 4),
	short_string: 4,
	table: 5,
	lua_function: 6,
	native_function: 6 | (1 << 4),
	native_closure: 6 | (2 << 4),
	userdata: 7,
	thread: 8,
} as const;

const type_names = ["nil", "boolean", "userdata", "number", "string", "table", "function", "userdata", "thread"];

/** The name of a value's type, as Lua's `type` says it; "nil" where there is none. */
export function type_name(value: TValue | undefined): string {
	return type_names[value === undefined ? 0 : value.type & 15] ?? "userdata";
}

/** Whether a value is a function, of Lua or of the host. */
export function is_function(value: TValue | undefined): value is TValue & { value: object } {
	return value !== undefined && (value.type & 15) === tags.lua_function;
}

/** Whether a value is a table of Lua's own, none that shows something of the host. */
export function is_plain_table(value: TValue | undefined): value is TValue & { value: Table } {
	return value?.type === tags.table && !(value.value instanceof LiveTable);
}

/** A key of a table: text for strings, numbers and booleans as they are, and anything else by identity. */
export type Key = string | number | boolean | object;

/** A Lua string that keeps the host's text and only makes bytes of it when Lua looks at them. */
export class HostString extends TString {
	declare bytes: Uint8Array | undefined;
}

/** Lua's reserved words, by the key that fengari's lexer looks them up with: `|` and their bytes in hexadecimal. */
const reserved_keys: ReadonlyMap<string, string> = new Map(
	"and break do else elseif end false for function goto if in local nil not or repeat return then true until while"
		.split(" ")
		.map((word) => [word, `|${Buffer.from(word).toString("hex")}`]),
);

// Tables know a string by its text, which host strings have already, and Lua's get when one first is a key. (fengari's own key is
// hexadecimal digits in a row, so that strings of control characters can be taken for one another.)
Object.defineProperties(TString.prototype, {
	text: {
		get(this: { known_text?: string; realstring: Uint8Array }): string {
			this.known_text ??= text_of(this.realstring);
			return this.known_text;
		},
		set(this: { known_text?: string }, text: string): void {
			this.known_text = text;
		},
	},
	hash: {
		get(this: { key?: string; text: string }): string {
			if (this.key === undefined) {
				const { text } = this;
				this.key = reserved_keys.get(text) ?? (text.startsWith("|") ? `|${text}` : text);
			}
			return this.key;
		},
		set(): void {},
	},
});
Object.defineProperty(HostString.prototype, "realstring", {
	get(this: HostString): Uint8Array {
		let { bytes } = this;
		if (bytes === undefined) {
			bytes = bytes_of(this.text);
			this.bytes = bytes;
		}
		return bytes;
	},
	set(): void {},
});

const no_bytes = new Uint8Array();

/** A Lua string of the host's text. */
export function string_value(text: string): TValue {
	const string = new HostString(undefined, no_bytes);
	string.text = text;
	return new TValue(tags.string, string);
}

/** The text of a value that is known to be a string. */
export function text_of_string(value: TValue): string {
	return value.value instanceof TString ? value.value.text : "";
}

/** A Lua string of these bytes. */
export function bytes_value(bytes: Uint8Array): TValue {
	return new TValue(tags.string, new TString(undefined, bytes));
}

/** Lua's `nil`; frozen. */
export const nil: TValue = luaO_nilobject;

/** The key for a Lua value; undefined for nil and NaN, which cannot be keys. */
export function key_of(value: TValue): Key | undefined {
	switch (value.type) {
		case tags.nil:
			return undefined;
		case tags.string:
		case tags.short_string:
			return text_of_string(value);
		case tags.float:
			return Number.isNaN(value.value) ? undefined : Number(value.value);
		case tags.integer:
			return Number(value.value);
		case tags.boolean:
			return value.value === true;
		default:
			return typeof value.value === "object" || typeof value.value === "function" ? (value.value ?? undefined) : undefined;
	}
}

/**
 * A table whose entries are those of an object of the host. For Lua it is a table in every respect: `type`, `pairs`, `next`, `#`,
 * `rawget` and `table.insert` work on it. The virtual machine reaches it through the table functions that are replaced below.
 */
export abstract class LiveTable {
	// Declared here and assigned below: fields defined by a class are much slower where there are many subclasses, and tables are
	// made for each event.
	declare readonly id: number;
	/** Where ordinary tables keep their entries; never set here, which distinguishes a live table. */
	declare readonly strong: undefined;
	declare metatable: Table | null;
	declare flags: number;
	/** The border that made it, where the object itself remembers it. */
	declare owner: unknown;
	/** The keys of loops that may be running, and each loop's position; the latest loop comes first. */
	declare private loops: Loop[] | undefined;

	constructor(id: number) {
		this.id = id;
		this.metatable = null;
		this.flags = ~0;
		this.owner = undefined;
		this.loops = undefined;
	}

	/** What the table shows, for the way back to the host. */
	abstract readonly target: unknown;

	/** What stands for it among the keys of the host's collections: the same all its life. */
	get identity(): unknown {
		return this.target;
	}

	/** The value of a key, {@link nil} where there is none. */
	abstract get(key: Key): TValue;
	/** Sets a key; nil removes it. Throws an Error where the host does not allow it. */
	abstract set(key: Key, value: TValue): void;
	/** The keys there are, in the order of the host. */
	abstract keys(): readonly Key[];

	/** Sets what has an identity of its own for a key, whose Lua value is given too. */
	set_object(key: object, _key_value: TValue, value: TValue): void {
		this.set(key, value);
	}

	/** A key as Lua has it. */
	key_value(key: Key): TValue {
		return key_value(key);
	}

	/** Lua's `#`. */
	length(): number {
		let length = 0;
		while (!this.get(length + 1).ttisnil()) length++;
		return length;
	}

	/**
	 * The key after another one, the first after undefined; undefined after the last. Keys that were removed meanwhile are skipped.
	 */
	next(key: Key | undefined): Key | undefined {
		const loop = key === undefined ? this.new_loop() : this.loop_at(key);
		for (loop.position++; loop.position < loop.keys.length; loop.position++) {
			const candidate = loop.keys[loop.position];
			if (candidate !== undefined && !this.get(candidate).ttisnil()) return candidate;
		}
		this.loops = this.loops?.filter((other) => other !== loop);
		return undefined;
	}

	private new_loop(): Loop {
		const loop = { keys: this.keys(), position: -1 };
		this.loops = [loop, ...(this.loops ?? []).slice(0, most_loops - 1)];
		return loop;
	}

	/** The loop that is at a key. The key may have been removed: a loop may remove its current entry. */
	private loop_at(key: Key): Loop {
		const { loops = [] } = this;
		const known = loops.find((loop) => loop.keys[loop.position] === key);
		if (known) return known;
		for (const loop of [this.new_loop(), ...loops]) {
			const position = loop.keys.indexOf(key);
			if (position < 0) continue;
			loop.position = position;
			return loop;
		}
		throw new RangeError("invalid key to 'next'");
	}
}

/** A loop over a table's keys as they were at its beginning. */
interface Loop {
	readonly keys: readonly Key[];
	position: number;
}

/** How many loops over one table may be nested, or left unfinished. */
const most_loops = 4;

/** A Lua value of a key. */
export function key_value(key: Key): TValue {
	switch (typeof key) {
		case "string":
			return string_value(key);
		case "number":
			return number_value(key);
		case "boolean":
			return new TValue(tags.boolean, key);
		default:
			throw new TypeError("tables of the host have no objects among their keys");
	}
}

/** A Lua number: an integer where it is a whole one that JavaScript holds exactly. */
export function number_value(number: number): TValue {
	return Number.isSafeInteger(number) && !Object.is(number, -0)
		? new TValue(tags.integer, number)
		: new TValue(tags.float, number);
}

function is_live(table: Table | LiveTable): table is LiveTable {
	return table.strong === undefined;
}

const original = { ...ltable };

/**
 * Adds an index before the one that follows it. fengari fills a constructor such as `{ "a", "b" }` from the end, and `pairs` would
 * go through it like that; with this it goes from 1 on, as in real Lua.
 * @returns false where that does not apply
 */
function insert_before(table: Table, key: number, value: TValue): boolean {
	const { strong } = table;
	const after = strong?.get(key + 1);
	if (strong === undefined || after === undefined || strong.has(key)) return false;
	const before = after.p;
	const entry: Entry = {
		key: new TValue(tags.integer, key),
		value: new TValue(value.type, value.value),
		p: before,
		n: after,
	};
	after.p = entry;
	if (before) before.n = entry;
	else table.f = entry;
	strong.set(key, entry);
	return true;
}

function raise(L: LuaState, error: unknown): never {
	return ldebug.luaG_runerror(L, bytes_of("%s"), bytes_of(error instanceof Error ? error.message : String(error)));
}

Object.assign(ltable, {
	luaH_get(L: LuaState, table: Table | LiveTable, key: TValue): TValue {
		if (!is_live(table)) return original.luaH_get(L, table, key);
		const known = key_of(key);
		return known === undefined ? nil : table.get(known);
	},
	luaH_getint(table: Table | LiveTable, key: number): TValue {
		return is_live(table) ? table.get(key) : original.luaH_getint(table, key);
	},
	luaH_getstr(table: Table | LiveTable, key: TString): TValue {
		return is_live(table) ? table.get(key.text) : original.luaH_getstr(table, key);
	},
	luaH_getn(table: Table | LiveTable): number {
		return is_live(table) ? table.length() : original.luaH_getn(table);
	},
	luaH_setfrom(L: LuaState, table: Table | LiveTable, key: TValue, value: TValue): void {
		if (!is_live(table)) {
			// a key is an integer where it is a whole number, as loops show it
			const is_whole = key.type === tags.float && Number.isSafeInteger(key.value);
			original.luaH_setfrom(L, table, is_whole ? number_value(Number(key.value)) : key, value);
			return;
		}
		const known = key_of(key);
		if (known === undefined) raise(L, new TypeError(key.ttisnil() ? "table index is nil" : "table index is NaN"));
		try {
			if (typeof known === "object" || typeof known === "function") table.set_object(known, key, value);
			else table.set(known, value);
		} catch (error) {
			if (!(error instanceof Error)) throw error;
			raise(L, error);
		}
	},
	luaH_setint(table: Table | LiveTable, key: number, value: TValue): void {
		if (is_live(table)) table.set(key, value);
		else if (value.ttisnil() || !insert_before(table, key, value)) original.luaH_setint(table, key, value);
	},
	luaH_next(L: LuaState & Thread, table: Table | LiveTable, key_index: number): boolean {
		if (!is_live(table)) return original.luaH_next(L, table, key_index);
		const slot = L.stack[key_index];
		const value_slot = L.stack[key_index + 1];
		if (slot === undefined || value_slot === undefined) return false;
		let next: Key | undefined;
		try {
			next = table.next(slot.ttisnil() ? undefined : key_of(slot));
		} catch (error) {
			raise(L, error);
		}
		if (next === undefined) return false;
		slot.setfrom(table.key_value(next));
		value_slot.setfrom(table.get(next));
		return true;
	},
});
