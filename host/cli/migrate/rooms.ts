// Counterpart: tools/ejabberd2prosody.lua (rooms), in the form in which plugins/muc/muc.lib.lua stores them now

import type { StoreMap, StoreTable } from "../../core/types.ts";
import { type LuaTable, new_record, to_record } from "../../util/luatable.ts";

/** A room as Prosody keeps it, apart from its archive. */
export interface MovedRoom {
	/** `room@service`. */
	readonly jid: string;
	/** What is under `_data`. */
	readonly data: StoreTable;
	/** By bare JID or domain; `none` is left out. */
	readonly affiliations: ReadonlyMap<string, string>;
	/** What else is known of those who are affiliated: reasons, nicks, hats. */
	readonly affiliation_data: ReadonlyMap<string, StoreTable>;
}

const affiliations: ReadonlySet<string> = new Set(["owner", "admin", "member", "outcast"]);

/** Whether Prosody has an affiliation of that name. */
export function is_affiliation(name: string): boolean {
	return affiliations.has(name);
}

/** The table that mod_muc restores a room from: settings under keys with a `_`, affiliations beside them. */
export function room_table({ jid, data, affiliations: who, affiliation_data }: MovedRoom): StoreMap {
	const more = new_record();
	for (const [person, known] of affiliation_data) if (Object.keys(known).length > 0) more[person] = plain(known);
	const table: StoreMap = new Map();
	table.set("_jid", jid);
	table.set("_data", plain(data));
	table.set("_affiliation_data", more);
	for (const [person, affiliation] of who) table.set(person, affiliation);
	return table;
}

/** A table without what is undefined, and without what objects inherit. */
function plain(table: StoreTable): LuaTable {
	return to_record(
		new Map(Object.entries(table).flatMap(([key, value]) => (value === undefined ? [] : [[key, value] as const]))),
	);
}
