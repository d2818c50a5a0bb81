// No counterpart: Prosody believes what it reads, and stumbles later over what is not as expected.

import type { ModuleApi, StoreTable, StoreValue } from "../../host/core/types.ts";
import { carriable } from "../../host/util/xml_text.ts";
import { as_table, type Kind, type Kinds } from "../kinds.ts";
import type { AffiliationData, RoomData } from "../types.ts";

/** A value whose texts can all be sent; told is whether that took a change. */
function sendable(value: StoreValue, told: () => void): StoreValue {
	if (typeof value === "string") {
		const text = carriable(value);
		if (text !== value) told();
		return text;
	}
	const table = as_table(value);
	if (table === undefined || Array.isArray(value)) return value;
	const read: StoreTable = {};
	for (const [key, item] of Object.entries(table)) {
		if (item !== undefined) read[key] = sendable(item, told);
	}
	return read;
}

/** All keys of a table, without those that are known and have a value that is not as it has to be. */
function read_table(
	table: StoreTable,
	kinds: Kinds,
	complain: (key: string, kind: Kind) => void,
	told: (key: string) => void,
): StoreTable {
	const read: StoreTable = {};
	for (const [key, value] of Object.entries(table)) {
		const kind = Object.hasOwn(kinds, key) ? kinds[key] : undefined;
		if (value === undefined) continue;
		if (kind === undefined) read[key] = value;
		else if (kind.is(value)) read[key] = sendable(value, () => told(key));
		else complain(key, kind);
	}
	return read;
}

function tell_unsendable(module: ModuleApi, room_jid: string, what: string): void {
	module.log("warn", "Room %s: the %s holds what is no UTF-8 or no XML, read as it was probably meant", room_jid, what);
}

/** Reads the settings of a room; keys that modules put there are kept. What cannot be meant is left out, with a warning. */
export function read_room_data(module: ModuleApi, kinds: Kinds, room_jid: string, stored: StoreValue | undefined): RoomData {
	const table = as_table(stored);
	if (table === undefined && stored !== undefined)
		module.log("warn", "Room %s: expected a table of settings under _data", room_jid);
	const data: RoomData = {};
	Object.assign(
		data,
		read_table(
			table ?? {},
			kinds,
			(key, kind) => module.log("warn", "Room %s: expected %s as setting %s, left out", room_jid, kind.name, key),
			(key) => tell_unsendable(module, room_jid, `setting ${key}`),
		),
	);
	return data;
}

/** Reads what is kept about affiliated JIDs, in the same way. */
export function read_affiliation_data(
	module: ModuleApi,
	kinds: Kinds,
	room_jid: string,
	stored: StoreValue | undefined,
): Map<string, AffiliationData> {
	const read = new Map<string, AffiliationData>();
	for (const [jid, value] of Object.entries(as_table(stored) ?? {})) {
		const table = as_table(value);
		if (table === undefined) {
			module.log("warn", "Room %s: expected a table about %s, left out", room_jid, jid);
			continue;
		}
		const data: AffiliationData = {};
		Object.assign(
			data,
			read_table(
				table,
				kinds,
				(key, kind) => module.log("warn", "Room %s: expected %s as %s of %s, left out", room_jid, kind.name, key, jid),
				(key) => tell_unsendable(module, room_jid, `${key} of ${jid}`),
			),
		);
		read.set(carriable(jid), data);
	}
	return read;
}
