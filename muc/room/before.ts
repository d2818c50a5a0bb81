// No counterpart: Prosody has no turns that could fail.

import type { Affiliation, AffiliationData, HistoryEntry, Occupant, Room, RoomData, RoomNotes } from "../types.ts";

/**
 * What a room was before a turn. Where the turn fails, the room becomes that again. Occupants and affiliations, of which there may
 * be many, are noted one by one when they change.
 */
export class RoomBefore implements RoomNotes {
	private readonly data: RoomData;
	private readonly history: HistoryEntry[] | undefined;
	private readonly destroying: Room["destroying"];
	/** Most turns change none of these. */
	private occupants: Map<string, Occupant | undefined> | undefined;
	private affiliations: Map<string, { affiliation: Affiliation | undefined; data: AffiliationData | undefined }> | undefined;

	constructor(private readonly room: Room) {
		this.data = { ...room._data };
		this.history = room._history?.slice();
		this.destroying = room.destroying;
	}

	note_occupant(nick: string): void {
		this.occupants ??= new Map();
		if (!this.occupants.has(nick)) this.occupants.set(nick, this.room._occupants.get(nick));
	}

	/** Occupants by nick as they were, where they may have changed; undefined for those who were not there. */
	get changed_occupants(): ReadonlyMap<string, Occupant | undefined> {
		return this.occupants ?? new Map();
	}

	note_affiliation(jid: string): void {
		this.affiliations ??= new Map();
		if (this.affiliations.has(jid)) return;
		const data = this.room._affiliation_data.get(jid);
		this.affiliations.set(jid, { affiliation: this.room._affiliations.get(jid), data: data && { ...data } });
	}

	/** Makes the room what it was. */
	undo(): void {
		const { room } = this;
		room._data = this.data;
		room._history = this.history;
		room.destroying = this.destroying;
		// Both are computed again when they are needed
		room._reserved_nicks = undefined;
		room.avatar_hash = undefined;
		for (const [jid, { affiliation, data }] of this.affiliations ?? []) {
			if (affiliation === undefined) room._affiliations.delete(jid);
			else room._affiliations.set(jid, affiliation);
			if (data === undefined) room._affiliation_data.delete(jid);
			else room._affiliation_data.set(jid, data);
		}
		if (this.occupants !== undefined) this.undo_occupants(this.occupants);
	}

	private undo_occupants(occupants: ReadonlyMap<string, Occupant | undefined>): void {
		const { room } = this;
		for (const [nick, occupant] of occupants) {
			if (occupant === undefined) room._occupants.delete(nick);
			else room._occupants.set(nick, occupant);
		}
		room._jid_nick.clear();
		for (const [nick, { sessions }] of room._occupants) {
			for (const [real_jid, presence] of sessions) {
				if (presence.attr["type"] === undefined) room._jid_nick.set(real_jid, nick);
			}
		}
	}
}
