// Counterpart: plugins/muc/muc.lib.lua (freeze, restore_room)

import type { ModuleApi, StoreTable, StoreValue } from "../../host/core/types.ts";
import { failed, ok, type Result } from "../../host/util/error.ts";
import { resource, split } from "../../host/util/jid.ts";
import * as st from "../../host/util/stanza.ts";
import { OccupantRecord } from "../occupant.lib.ts";
import type { Affiliation, AffiliationData, HistoryEntry, Room, RoomData, RoomMethods } from "../types.ts";
import { getFilteredNamespaces, isAffiliation, isRole } from "../util.lib.ts";
import { asTable, readAffiliationData, readRoomData } from "./stored_data.ts";

/** A room as it is stored. */
export interface FrozenRoom {
	/** For the store `config`: settings and affiliations. */
	frozen: StoreTable;
	/** For the store `state`, where it was asked for: occupants with their presences, and the last message. */
	state: StoreTable | undefined;
}

declare module "../types.ts" {
	interface RoomMethods {
		/** The room in the form in which Prosody stores it, `live` with its occupants. */
		freeze(live?: boolean): FrozenRoom;
	}
}

/** Keys such as `_data` stand beside the affiliated JIDs, so what looks like them is not taken for a domain. */
function isOwnKey(key: string): boolean {
	const { node, host } = split(key);
	return node === undefined && (host === undefined || host.startsWith("_"));
}

function freezeConfig(room: Room): StoreTable {
	const _affiliation_data = Object.fromEntries(room._affiliation_data);
	if (!room.module.get_option_boolean("new_muc_storage_format", true)) {
		return { jid: room.jid, _data: room._data, _affiliations: Object.fromEntries(room._affiliations), _affiliation_data };
	}
	const affiliations = [...room._affiliations].filter(([jid]) => !isOwnKey(jid));
	return { ...Object.fromEntries(affiliations), _jid: room.jid, _data: room._data, _affiliation_data };
}

function freezeState(room: Room): StoreTable {
	const entries: [string, StoreValue][] = [];
	for (const [nick, { bare_jid, role, jid, sessions }] of room._occupants) {
		entries.push([nick, { bare_jid, role, jid }]);
		for (const [realJid, presence] of sessions) entries.push([realJid, st.preserialize(presence)]);
	}
	const last = room._history?.at(-1);
	if (last !== undefined) {
		entries.push(["_last_message", st.preserialize(last.stanza)], ["_last_message_at", last.timestamp]);
	}
	return Object.fromEntries(entries);
}

/** What the `config` store holds for one room. */
export interface RoomConfig {
	jid: string;
	data: RoomData;
	affiliations: Map<string, Affiliation>;
	affiliationData: Map<string, AffiliationData>;
}

/** Reads the new format, and the one before Prosody 0.12. The error says what is missing. */
export function readConfig(module: ModuleApi, frozen: StoreTable): Result<RoomConfig, string> {
	const jid = frozen["_jid"] ?? frozen["jid"];
	if (typeof jid !== "string") return failed("expected the room's JID under _jid or jid");
	const old = frozen["jid"] === undefined ? undefined : asTable(frozen["_affiliations"]);
	const affiliations = new Map<string, Affiliation>();
	for (const [key, value] of Object.entries(old ?? frozen)) {
		if (typeof value !== "string") continue;
		if (old === undefined && (isOwnKey(key) || key === "jid" || resource(key) !== undefined)) continue;
		if (!isAffiliation(value)) module.log("warn", "Room %s: %s has the unknown affiliation %q, left out", jid, key, value);
		else if (value !== "none") affiliations.set(key, value);
	}
	return ok({
		jid,
		data: readRoomData(module, jid, frozen["_data"]),
		affiliations,
		affiliationData: readAffiliationData(module, jid, frozen["_affiliation_data"]),
	});
}

/** Occupants by occupant JID; the presences lie beside them under the real full JIDs. */
function readOccupants(module: ModuleApi, roomJid: string, state: StoreTable): Map<string, OccupantRecord> {
	const occupants = new Map<string, OccupantRecord>();
	for (const [nick, value] of Object.entries(state)) {
		const table = nick.startsWith(`${roomJid}/`) ? asTable(value) : undefined;
		if (table === undefined) continue;
		const { bare_jid, role, jid } = table;
		if (typeof bare_jid !== "string") continue;
		const occupant = new OccupantRecord(bare_jid, nick, getFilteredNamespaces(module));
		occupant.role = isRole(role) && role !== "none" ? role : undefined;
		occupant.jid = typeof jid === "string" ? jid : undefined;
		occupants.set(nick, occupant);
	}
	for (const [realJid, value] of Object.entries(state)) {
		if (isOwnKey(realJid) || asTable(value)?.["name"] !== "presence") continue;
		const presence = readStanza(module, roomJid, value);
		if (presence !== undefined) occupants.get(presence.attr["from"] ?? "")?.set_session(realJid, presence);
	}
	return occupants;
}

/** Reads a stored stanza; undefined for what is none. */
function readStanza(module: ModuleApi, roomJid: string, value: StoreValue | undefined): st.Stanza | undefined {
	try {
		return st.deserialize(value);
	} catch (error) {
		module.log("warn", "Room %s: left out a stored stanza: %s", roomJid, error instanceof Error ? error.message : error);
		return undefined;
	}
}

function readHistory(module: ModuleApi, roomJid: string, state: StoreTable): HistoryEntry[] | undefined {
	const stanza = readStanza(module, roomJid, state["_last_message"]);
	const timestamp = state["_last_message_at"];
	return stanza === undefined || typeof timestamp !== "number" ? undefined : [{ stanza, timestamp }];
}

/**
 * Makes a room from what is stored: `config`, and `state` where there is one. Old rooms have their occupants in `config`.
 * The error says what is wrong with `config`; a room must not be saved over it then.
 */
export function restore_room(
	module: ModuleApi,
	new_room: (jid: string, config: RoomData) => Room,
	frozen: StoreTable,
	state?: StoreTable,
): Result<Room, string> {
	const config = readConfig(module, frozen);
	if (!config.ok) return config;
	const { jid, data, affiliations, affiliationData } = config.value;
	const room = new_room(jid, data);
	room._affiliations = affiliations;
	room._affiliation_data = affiliationData;
	if (state !== undefined) room._history = readHistory(module, jid, state);
	for (const occupant of readOccupants(module, jid, state ?? frozen).values()) {
		if (occupant.get_presence() === undefined) occupant.jid = occupant.choose_new_primary();
		room.save_occupant(occupant);
	}
	return ok(room);
}

export const methods: Pick<RoomMethods, "freeze"> & ThisType<Room> = {
	freeze(live = false) {
		return { frozen: freezeConfig(this), state: live ? freezeState(this) : undefined };
	},
};
