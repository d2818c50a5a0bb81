// No counterpart: a Prosody is one machine.

import type { StoreTable, StoreValue } from "../host/core/types.ts";
import * as st from "../host/util/stanza.ts";
import { as_table } from "./kinds.ts";
import type { HistoryEntry, Room } from "./types.ts";

/** Under which keys of the store `state` it stands what a room remembers that was given up, and when that was. */
export const history_key = "_history";
export const given_up_key = "_given_up";

/** Most characters of what a room remembers that go with it to another node; of more, the newest. */
const most_history = 1_000_000;
/** How long it counts that those in a room were there when it was given up, in milliseconds. */
const fresh_time = 30_000;

/** What a room that is given up takes along, since another node may go on with it: what it remembers beside what is stored with every change. */
export function pack(room: Room): Map<string, StoreValue | undefined> {
	const newest: HistoryEntry[] = [];
	let left = most_history;
	for (const entry of [...(room._history ?? [])].reverse()) {
		left -= entry.stanza.toString().length;
		if (left < 0) break;
		newest.push(entry);
	}
	return new Map<string, StoreValue | undefined>([
		[history_key, pack_history(newest.reverse())],
		[given_up_key, Date.now()],
	]);
}

/** What a room remembers as it is stored, oldest first; undefined for nothing. */
export function pack_history(history: readonly HistoryEntry[]): StoreTable | undefined {
	if (history.length === 0) return undefined;
	return Object.fromEntries(
		history.map(({ stanza, timestamp }, index) => [`m${index}`, { at: timestamp, stanza: st.preserialize(stanza) }]),
	);
}

/** What a room remembered that was given up, oldest first; undefined where that is not stored. */
export function unpack_history(value: StoreValue | undefined): HistoryEntry[] | undefined {
	const stored = as_table(value);
	if (stored === undefined) return undefined;
	const found: HistoryEntry[] = [];
	for (let index = 0; ; index++) {
		const entry = as_table(stored[`m${index}`]);
		if (entry === undefined) return found.length === 0 ? undefined : found;
		const timestamp = entry["at"];
		const stanza = read(entry["stanza"]);
		if (stanza !== undefined && typeof timestamp === "number") found.push({ stanza, timestamp });
	}
}

function read(value: StoreValue | undefined): st.Stanza | undefined {
	try {
		return st.deserialize(value);
	} catch {
		return undefined;
	}
}

/** Whether a room was given up just now, so that nobody can have left it unnoticed. */
export function is_just_given_up(state: StoreTable): boolean {
	const at = state[given_up_key];
	return typeof at === "number" && Math.abs(Date.now() - at) < fresh_time;
}

/** Whether something is stored that a room took along. */
export function has_luggage(state: StoreTable): boolean {
	return state[given_up_key] !== undefined || state[history_key] !== undefined;
}
