// No counterpart: Prosody believes what it reads, and stumbles later over what is not as expected.

import type { ModuleApi, StoreTable, StoreValue } from "../../host/core/types.ts";
import { carriable } from "../../host/util/xml_text.ts";
import { as_table, type Kinds } from "../kinds.ts";
import type { AffiliationData, RoomData } from "../types.ts";

/** What reads one stored table of a room needs to know. */
interface TableReader {
	readonly module: ModuleApi;
	readonly kinds: Kinds;
	readonly room_jid: string;
	/** What the key stands for, as in "setting moderated". */
	describe(key: string): string;
}

/** A value with texts that can be sent as XML; `changed` is called where one had to be changed for that. */
function sendable(value: StoreValue, changed: () => void): StoreValue {
	if (typeof value === "string") {
		const text = carriable(value);
		if (text !== value) changed();
		return text;
	}
	const table = as_table(value);
	if (table === undefined || Array.isArray(value)) return value;
	const read: StoreTable = {};
	for (const [key, item] of Object.entries(table)) {
		if (item !== undefined) read[key] = sendable(item, changed);
	}
	return read;
}

/** The keys of a table, without known ones that have a value of the wrong kind. */
function read_table({ module, kinds, room_jid, describe }: TableReader, table: StoreTable): StoreTable {
	const read: StoreTable = {};
	for (const [key, value] of Object.entries(table)) {
		const kind = Object.hasOwn(kinds, key) ? kinds[key] : undefined;
		if (value === undefined) continue;
		if (kind === undefined) read[key] = value;
		else if (!kind.is(value)) {
			module.log("warn", "Room %s: expected %s as %s, left out", room_jid, kind.name, describe(key));
		} else {
			const what = "is not valid UTF-8 or cannot be sent as XML; read as it was probably meant";
			read[key] = sendable(value, () => module.log("warn", "Room %s: the %s %s", room_jid, describe(key), what));
		}
	}
	return read;
}

/** Reads the settings of a room; keys that modules put there are kept. Values of the wrong kind are left out, with a warning. */
export function read_room_data(module: ModuleApi, kinds: Kinds, room_jid: string, stored: StoreValue | undefined): RoomData {
	const table = as_table(stored);
	if (table === undefined && stored !== undefined)
		module.log("warn", "Room %s: expected a table of settings under _data", room_jid);
	const reader = { module, kinds, room_jid, describe: (key: string) => `setting ${key}` };
	return Object.assign<RoomData, StoreTable>({}, read_table(reader, table ?? {}));
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
		const reader = { module, kinds, room_jid, describe: (key: string) => `${key} of ${jid}` };
		read.set(carriable(jid), Object.assign<AffiliationData, StoreTable>({}, read_table(reader, table)));
	}
	return read;
}
