// No counterpart: Prosody cannot erase a person from rooms.

import type { ArchiveItem, ArchiveStore, ErasureOptions, ModuleApi, Stanza, StoreTable } from "../../host/core/types.ts";
import { failed, ok, type Result } from "../../host/util/error.ts";
import { medium as new_id } from "../../host/util/id.ts";
import { node, resource } from "../../host/util/jid.ts";
import * as st from "../../host/util/stanza.ts";
import { as_table, text } from "../kinds.ts";
import { create_tombstone } from "../moderation/stanzas.ts";
import type { Room } from "../types.ts";
import type { FindRoom } from "./find.ts";
import { create_memory_change } from "./memory.ts";
import { is_stored, not_stored, pages_of, replace_items } from "./slices.ts";
import { is_by, type Traces, tell_erased, traces_in } from "./traces.ts";

/** What was erased from one room. */
export interface RoomErasure {
	messages: number;
	presences: number;
	affiliations: number;
	occupants: number;
}

/** What stays of a message: that there was one, and that it was retracted (XEP-0425); not under which nick. */
function tombstone_of(room_jid: string, stanza_id: string): Stanza {
	return create_tombstone({
		original: st.message({ from: room_jid, type: "groupchat" }),
		stanza_id,
		by: undefined,
		reason: undefined,
		moderator_id: undefined,
		author_id: undefined,
		id: new_id(),
	});
}

const join_or_leave: ReadonlySet<string> = new Set(["presence", "presence<unavailable"]);

/** Who set the subject is no longer known; the subject itself belongs to the room. */
function forget_subject_author(room: Room, { occupant_id, own_nicks }: Traces): boolean {
	// They are read as they are stored, since rooms need not have subjects
	const { subject_from, subject_details }: StoreTable = room._data;
	const id = as_table(subject_details)?.["occupant_id"];
	const is_under_nick = text.is(subject_from) && own_nicks.has(resource(subject_from) ?? "");
	if (!(id === undefined ? is_under_nick : id === occupant_id)) return false;
	delete room._data["subject_from"];
	delete room._data["subject_details"];
	return true;
}

/** Gives a function that erases a person from one room, and from an archive of which the room is gone. */
export function create_room_erasure(
	module: ModuleApi,
	store: ArchiveStore,
	find: FindRoom,
): (room_jid: string, jid: string, options: ErasureOptions) => Promise<Result<RoomErasure, string>> {
	const change_memory = create_memory_change(module);

	/** Has the person leave. */
	function remove_occupants(room: Room, jid: string, done: RoomErasure): string | undefined {
		for (const [nick, { bare_jid }] of [...room.each_occupant()]) {
			if (bare_jid !== jid) continue;
			const removed = room.set_role(true, nick, undefined);
			if (!removed.ok) return `the occupant ${nick} cannot be removed: ${removed.error.condition}`;
			done.occupants++;
		}
		return undefined;
	}

	/** Takes away the affiliation with the reserved nick, the hats and whatever else is kept with that. */
	function erase_from_room(room: Room, traces: Traces, keep_bans: boolean, done: RoomErasure): string | undefined {
		const { jid } = traces;
		const present = remove_occupants(room, jid, done);
		if (present !== undefined) return present;
		const affiliation = room._affiliations.get(jid);
		if (affiliation !== undefined || room._affiliation_data.has(jid)) {
			const stays = keep_bans && affiliation === "outcast";
			const changed = room.set_affiliation(true, jid, stays ? affiliation : "none", undefined, false);
			if (!changed.ok) return `the affiliation cannot be taken away: ${changed.error.condition}`;
			if (!stays) done.affiliations++;
		}
		if (forget_subject_author(room, traces)) room.save();
		tell_erased(module, { room, jid });
		return undefined;
	}

	function bury(room_jid: string, traces: Traces): (message: Stanza) => Stanza | undefined {
		return (message) => {
			if (message.name !== "message" || !is_by(message, traces)) return undefined;
			const buried = tombstone_of(room_jid, new_id());
			buried.attr["to"] = "";
			return buried;
		};
	}

	/** Replaces what the person said on a page, and notes the nicks. */
	async function erase_page(
		room_jid: string,
		items: readonly ArchiveItem[],
		traces: Traces,
		nicks: Set<string>,
	): Promise<Result<number, string>> {
		const buried = new Map<string, Stanza>();
		for (const { id, stanza } of items) {
			if (stanza.name !== "message" || !is_by(stanza, traces)) continue;
			buried.set(id, tombstone_of(room_jid, id));
			const nick = resource(stanza.attr["from"]);
			if (nick !== undefined) nicks.add(nick);
		}
		if (buried.size === 0) return ok(0);
		const replaced = replace_items(store, node(room_jid), buried);
		const stored = await is_stored(module);
		if (!replaced.ok) return failed(replaced.error.text);
		return stored ? ok(buried.size) : failed(not_stored);
	}

	/** Joins and leaves have no ids, so those under the person's nicks are deleted. */
	async function delete_presences(user: string | undefined, nicks: ReadonlySet<string>): Promise<Result<number, string>> {
		let deleted = 0;
		if (nicks.size === 0) return ok(deleted);
		for (const with_whom of join_or_leave) {
			for await (const items of pages_of(store, user, { with: with_whom })) {
				const ids = items.filter(({ stanza }) => nicks.has(resource(stanza.attr["from"]) ?? "")).map(({ id }) => id);
				if (ids.length === 0) continue;
				const done = store.delete(user, { ids });
				const stored = await is_stored(module);
				if (!done.ok) return failed(done.error.text);
				if (!stored) return failed(not_stored);
				deleted += done.value;
			}
		}
		return ok(deleted);
	}

	async function erase_archive(room_jid: string, traces: Traces, done: RoomErasure): Promise<Result<RoomErasure, string>> {
		const nicks = new Set(traces.own_nicks);
		for await (const items of pages_of(store, node(room_jid))) {
			const erased = await erase_page(room_jid, items, traces, nicks);
			if (!erased.ok) return erased;
			done.messages += erased.value;
		}
		const presences = await delete_presences(node(room_jid), nicks);
		if (!presences.ok) return presences;
		done.presences = presences.value;
		return ok(done);
	}

	return async (room_jid, jid, options) => {
		const done: RoomErasure = { messages: 0, presences: 0, affiliations: 0, occupants: 0 };
		const room = find(room_jid);
		if (!room.ok) return room;
		const traces = traces_in(room.value, jid, options.nicks ?? []);
		try {
			// Nothing more is said while the archive is searched
			const staying = room.value === undefined ? undefined : remove_occupants(room.value, jid, done);
			const left = await is_stored(module);
			if (staying !== undefined || !left) return failed(staying ?? not_stored);
			// Then the archive: the nick that is reserved tells what is from a time without ids
			const archived = await erase_archive(room_jid, traces, done);
			if (!archived.ok) return archived;
			const now = find(room_jid);
			if (!now.ok) return now;
			const keep_bans = options.keep_bans === true;
			const refused = now.value === undefined ? undefined : erase_from_room(now.value, traces, keep_bans, done);
			const forgotten = change_memory(node(room_jid), now.value, bury(room_jid, traces));
			const stored = await is_stored(module);
			if (refused !== undefined) return failed(refused);
			if (!forgotten.ok) return forgotten;
			return stored ? ok(done) : failed(not_stored);
		} catch (error) {
			return failed(error instanceof Error ? error.message : String(error));
		}
	};
}
