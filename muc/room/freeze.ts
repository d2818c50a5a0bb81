// Counterpart: plugins/muc/muc.lib.lua (freeze, restore_room)

import type { ModuleApi, StoreMap, StoreTable, StoreValue } from "../../host/core/types.ts";
import { failed, ok, type Result } from "../../host/util/error.ts";
import { resource, split } from "../../host/util/jid.ts";
import * as st from "../../host/util/stanza.ts";
import { carriable } from "../../host/util/xml_text.ts";
import { room_methods } from "../feature.ts";
import { as_table, type StoredKinds } from "../kinds.ts";
import { history_key, unpack_history } from "../luggage.ts";
import { OccupantRecord } from "../occupant.lib.ts";
import type { Affiliation, AffiliationData, HistoryEntry, Occupant, Room, RoomData } from "../types.ts";
import { get_filtered_namespaces, is_affiliation, is_role } from "../util.lib.ts";
import { NotedMap } from "./noted_map.ts";
import { read_affiliation_data, read_room_data } from "./stored_data.ts";

/** A room as it is stored. */
export interface FrozenRoom {
	/** For the store `config`: settings and affiliations. */
	frozen: StoreTable;
	/** For the store `state`, where it was asked for: occupants with their presences, and the last message. */
	state: StoreTable | undefined;
}

/** Whether a key is one such as `_data`, which stand beside the affiliated JIDs, and not a JID. */
export function is_own_key(key: string): boolean {
	// Quick for JIDs with a node, since a room may have a hundred thousand of them
	const at = key.indexOf("@");
	if (at > 0 && at < key.length - 1 && key.lastIndexOf("@") === at && !key.includes("/")) return false;
	const { node, host } = split(key);
	return node === undefined && (host === undefined || host.startsWith("_"));
}

/** What the `config` store holds for a room: its settings, and its affiliations beside them. */
export function config_table(room: Room): StoreMap {
	const _affiliation_data = Object.fromEntries(room._affiliation_data);
	if (!room.module.get_option_boolean("new_muc_storage_format", true)) {
		const _affiliations = Object.fromEntries(room._affiliations);
		return new Map<string, StoreValue>(Object.entries({ jid: room.jid, _data: room._data, _affiliations, _affiliation_data }));
	}
	const table: StoreMap = new Map();
	for (const [jid, affiliation] of room._affiliations) if (!is_own_key(jid)) table.set(jid, affiliation);
	return table.set("_jid", room.jid).set("_data", room._data).set("_affiliation_data", _affiliation_data);
}

/**
 * What the `state` store has to change for occupants of a room who have changed.
 * @param before the occupants by nick as they are stored; undefined for those who were not there
 */
export function state_changes(
	room: Room,
	before: ReadonlyMap<string, Occupant | undefined>,
): Map<string, StoreValue | undefined> {
	const changes = new Map<string, StoreValue | undefined>();
	for (const old of before.values()) {
		for (const real_jid of old?.sessions.keys() ?? []) {
			if (!room._jid_nick.has(real_jid)) changes.set(real_jid, undefined);
		}
	}
	for (const [nick, old] of before) {
		const now = room._occupants.get(nick);
		changes.set(nick, now && { bare_jid: now.bare_jid, role: now.role, jid: now.jid });
		for (const [real_jid, presence] of now?.sessions ?? []) {
			if (old?.sessions.get(real_jid) !== presence) changes.set(real_jid, st.preserialize(presence));
		}
	}
	return changes;
}

function freeze_state(room: Room): StoreTable {
	const entries: [string, StoreValue][] = [];
	for (const [nick, { bare_jid, role, jid, sessions }] of room._occupants) {
		entries.push([nick, { bare_jid, role, jid }]);
		for (const [real_jid, presence] of sessions) entries.push([real_jid, st.preserialize(presence)]);
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
	affiliation_data: Map<string, AffiliationData>;
}

/** Reads the new format, and the one before Prosody 0.12. The error says what is missing. */
export function read_config(module: ModuleApi, kinds: StoredKinds, frozen: StoreTable): Result<RoomConfig, string> {
	const jid = frozen["_jid"] ?? frozen["jid"];
	if (typeof jid !== "string") return failed("expected the room's JID under _jid or jid");
	const old = frozen["jid"] === undefined ? undefined : as_table(frozen["_affiliations"]);
	const affiliations = new NotedMap<string, Affiliation>();
	for (const [key, value] of Object.entries(old ?? frozen)) {
		if (typeof value !== "string") continue;
		if (old === undefined && (is_own_key(key) || key === "jid" || resource(key) !== undefined)) continue;
		if (!is_affiliation(value)) module.log("warn", "Room %s: %s has the unknown affiliation %q, left out", jid, key, value);
		else if (value !== "none") affiliations.set(carriable(key), value);
	}
	return ok({
		jid,
		data: read_room_data(module, kinds.data, jid, frozen["_data"]),
		affiliations,
		affiliation_data: read_affiliation_data(module, kinds.affiliation_data, jid, frozen["_affiliation_data"]),
	});
}

/** Occupants by occupant JID; the presences lie beside them under the real full JIDs. */
function read_occupants(module: ModuleApi, room_jid: string, state: StoreTable): Map<string, OccupantRecord> {
	const occupants = new Map<string, OccupantRecord>();
	for (const [nick, value] of Object.entries(state)) {
		const table = nick.startsWith(`${room_jid}/`) ? as_table(value) : undefined;
		if (table === undefined) continue;
		const { bare_jid, role, jid } = table;
		if (typeof bare_jid !== "string") continue;
		const occupant = new OccupantRecord(bare_jid, nick, get_filtered_namespaces(module));
		occupant.role = is_role(role) && role !== "none" ? role : undefined;
		occupant.jid = typeof jid === "string" ? jid : undefined;
		occupants.set(nick, occupant);
	}
	for (const [real_jid, value] of Object.entries(state)) {
		if (is_own_key(real_jid) || as_table(value)?.["name"] !== "presence") continue;
		const presence = read_stanza(module, room_jid, value);
		if (presence !== undefined) occupants.get(presence.attr["from"] ?? "")?.set_session(real_jid, presence);
	}
	return occupants;
}

/** Reads a stored stanza; undefined for what is none. */
function read_stanza(module: ModuleApi, room_jid: string, value: StoreValue | undefined): st.Stanza | undefined {
	try {
		return st.deserialize(value);
	} catch (error) {
		module.log("warn", "Room %s: left out a stored stanza: %s", room_jid, error instanceof Error ? error.message : error);
		return undefined;
	}
}

function read_history(module: ModuleApi, room_jid: string, state: StoreTable): HistoryEntry[] | undefined {
	const taken_along = unpack_history(state[history_key]);
	if (taken_along !== undefined) return taken_along;
	const stanza = read_stanza(module, room_jid, state["_last_message"]);
	const timestamp = state["_last_message_at"];
	return stanza === undefined || typeof timestamp !== "number" ? undefined : [{ stanza, timestamp }];
}

/**
 * Makes a room from what is stored: `config`, and `state` where there is one. Old rooms have their occupants in `config`.
 * The error says what is wrong with `config`; a room must not be saved over it then.
 */
export function restore_room(
	module: ModuleApi,
	kinds: StoredKinds,
	new_room: (jid: string, config: RoomData) => Room,
	frozen: StoreTable,
	state?: StoreTable,
): Result<Room, string> {
	const config = read_config(module, kinds, frozen);
	if (!config.ok) return config;
	const { jid, data, affiliations, affiliation_data } = config.value;
	const room = new_room(jid, data);
	room._affiliations = affiliations;
	room._affiliation_data = affiliation_data;
	if (state !== undefined) room._history = read_history(module, jid, state);
	for (const occupant of read_occupants(module, jid, state ?? frozen).values()) {
		if (occupant.get_presence() === undefined) occupant.jid = occupant.choose_new_primary();
		room.save_occupant(occupant);
	}
	return ok(room);
}

/** The room in the form in which Prosody stores it, `live` with its occupants. */
function freeze(room: Room, live = false): FrozenRoom {
	return { frozen: Object.fromEntries(config_table(room)), state: live ? freeze_state(room) : undefined };
}

export const methods = room_methods({ freeze });
