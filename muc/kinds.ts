// No counterpart: Prosody believes what it reads; here each stored key says what it has to be.

import type { StoreTable, StoreValue } from "../host/core/types.ts";

/** What a stored value has to be. */
export interface Kind<Value extends StoreValue = StoreValue> {
	/** For messages, as in "expected a text". */
	readonly name: string;
	/** The type of such values in Lua. */
	readonly type: "string" | "number" | "boolean" | "table";
	is(value: StoreValue | undefined): value is Value;
}

/** Kinds by key. */
export interface Kinds {
	readonly [key: string]: Kind;
}

/** The data that kinds describe; any key may be absent. */
export type DataOf<Described> = {
	-readonly [Key in keyof Described]?: Described[Key] extends Kind<infer Value> ? Value : never;
};

/** What rooms store, by the keys of `_data` and of `_affiliation_data`; keys that are not here are a module's own. */
export interface StoredKinds {
	readonly data: Kinds;
	readonly affiliation_data: Kinds;
}

function plain<Value extends string | number | boolean>(name: string, type: Kind["type"]): Kind<Value> {
	return { name, type, is: (value): value is Value => typeof value === type };
}

export const text = plain<string>("a text", "string");
export const number = plain<number>("a number", "number");
export const boolean = plain<boolean>("a boolean", "boolean");

/** Seconds since 1970 that stand for "never" in storage, which not every driver can keep infinity in: 34 000 years. */
export const never = 2 ** 40;

/** One of some texts. */
export function one_of<Text extends string>(...texts: readonly Text[]): Kind<Text> {
	const name = `one of ${texts.join(", ")}`;
	return { name, type: "string", is: (value): value is Text => texts.some((one) => one === value) };
}

/** A table. Whoever reads it has to check the values in it. */
export function table<Table extends StoreTable>(): Kind<Table> {
	return { name: "a table", type: "table", is: (value): value is Table => as_table(value) !== undefined };
}

/** A stored table with its text keys; an empty one may come as a list. Undefined for anything else. */
export function as_table(value: StoreValue | undefined): StoreTable | undefined {
	if (typeof value !== "object") return undefined;
	if (Array.isArray(value)) return value.length === 0 ? {} : undefined;
	if (!(value instanceof Map)) return value;
	const named: StoreTable = {};
	for (const [key, inner] of value) {
		if (typeof key === "string") named[key] = inner;
	}
	return named;
}

/** What every room stores, whatever its features. */
export const room_kinds = {
	data: {
		/** Closed to everybody but its creator until then, seconds since 1970. */
		locked: number,
		/** A tombstone: the room was destroyed; `reason` says why, and `newjid` is the room that takes its place. */
		destroyed: boolean,
		reason: text,
		newjid: text,
		/** Makes what is derived from JIDs, such as occupant ids (XEP-0421), different in each room. */
		occupant_id_salt: text,
	},
	affiliation_data: {
		reserved_nickname: text,
		/** Why the affiliation was given. */
		reason: text,
	},
} satisfies StoredKinds;
