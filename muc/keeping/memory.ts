// No counterpart: what rooms remember beside their archive.

import type { ModuleApi, Stanza } from "../../host/core/types.ts";
import { failed, ok, type Result } from "../../host/util/error.ts";
import { node } from "../../host/util/jid.ts";
import * as st from "../../host/util/stanza.ts";
import { history_key, pack_history, unpack_history } from "../luggage.ts";
import type { HistoryEntry, Room } from "../types.ts";

const stanza_key = "_last_message";
const time_key = "_last_message_at";

/** What becomes of a remembered message: another one in its place, `"gone"`, or undefined to leave it. */
export type Change = (message: Stanza, when: number) => Stanza | "gone" | undefined;

/**
 * Gives a function that changes what a room remembers for whoever enters, in memory and in what is stored with its occupants. The
 * room itself may be missing where only its data are left.
 */
export function create_memory_change(
	module: ModuleApi,
): (user: string | undefined, room: Room | undefined, change: Change) => Result<void, string> {
	const state = module.open_store("state", "map");

	function changed_entries(history: readonly HistoryEntry[], change: Change): HistoryEntry[] {
		return history.flatMap((entry) => {
			const changed = change(entry.stanza, entry.timestamp);
			if (changed === undefined) return [entry];
			return changed === "gone" ? [] : [{ stanza: changed, timestamp: entry.timestamp }];
		});
	}

	function change_history(room: Room, change: Change): void {
		if (room._history === undefined) return;
		const changed = changed_entries(room._history, change);
		room._history = changed.length === 0 ? undefined : changed;
	}

	/** What a room of a cluster remembers that no node has in memory. */
	function change_luggage(user: string | undefined, change: Change): Result<void, string> {
		const stored = state.get(user, history_key);
		if (!stored.ok) return failed(stored.error.text);
		const history = unpack_history(stored.value);
		if (history === undefined) return ok(undefined);
		const written = state.set_keys(user, new Map([[history_key, pack_history(changed_entries(history, change))]]));
		return written.ok ? ok(undefined) : failed(written.error.text);
	}

	function read(user: string | undefined): Result<{ readonly stanza: Stanza; readonly when: number } | undefined, string> {
		const stored = state.get(user, stanza_key);
		const when = stored.ok ? state.get(user, time_key) : stored;
		if (!stored.ok) return failed(stored.error.text);
		if (!when.ok) return failed(when.error.text);
		if (stored.value === undefined) return ok(undefined);
		try {
			const stanza = st.deserialize(stored.value);
			return ok(stanza && { stanza, when: typeof when.value === "number" ? when.value : 0 });
		} catch {
			// Nobody ever sees what is no stanza
			return ok(undefined);
		}
	}

	return (user, room, change) => {
		if (room !== undefined && node(room.jid) === user) change_history(room, change);
		const luggage = module.server.cluster === undefined ? ok(undefined) : change_luggage(user, change);
		if (!luggage.ok) return luggage;
		const last = read(user);
		if (!last.ok || last.value === undefined) return last.ok ? ok(undefined) : last;
		const changed = change(last.value.stanza, last.value.when);
		if (changed === undefined) return ok(undefined);
		const values =
			changed === "gone"
				? new Map([
						[stanza_key, undefined],
						[time_key, undefined],
					])
				: new Map([[stanza_key, st.preserialize(changed)]]);
		const written = state.set_keys(user, values);
		return written.ok ? ok(undefined) : failed(written.error.text);
	};
}
