// No counterpart: rooms of ejabberd, wherever they were found, as units of a migration.

import { statSync } from "node:fs";
import type { StoreMap } from "../../core/types.ts";
import { split } from "../../util/jid.ts";
import { ns } from "../../util/ns.ts";
import { Stanza } from "../../util/stanza.ts";
import { canonical_xml } from "./canonical_xml.ts";
import type { EjabberdRoom } from "./ejabberd_rooms.ts";
import type { LeftList } from "./internal_source.ts";
import { room_table } from "./rooms.ts";
import type { ArchiveEntry, ArchiveRecord, Source, Unit, Unreadable } from "./types.ts";

/** Takes the stream's own namespace off, as Prosody keeps stanzas: outside of elements of other namespaces. */
function without_stream_namespace(stanza: Stanza): void {
	if (stanza.attr["xmlns"] !== ns.client) return;
	stanza.attr["xmlns"] = undefined;
	for (const child of stanza.children) if (child instanceof Stanza) without_stream_namespace(child);
}

/** A message of a room's archive, as Prosody keeps it: from its nick, to nobody. */
export function room_record(found: {
	readonly key: string;
	readonly when: number;
	readonly stanza: Stanza;
	readonly room: string;
	readonly nick: string;
}): ArchiveRecord {
	const { key, when, stanza, room, nick } = found;
	without_stream_namespace(stanza);
	stanza.attr["from"] = nick === "" ? room : `${room}/${nick}`;
	stanza.attr["to"] = undefined;
	const type = stanza.attr["type"];
	const with_whom = type === undefined ? stanza.name : `${stanza.name}<${type}`;
	return { key, when, with: with_whom, stanza, xml: canonical_xml(stanza) };
}

/** What was found, by the JIDs of rooms (of archives also by those of accounts). */
export interface FoundRooms {
	readonly path: string;
	readonly left: LeftList;
	readonly rooms: ReadonlyMap<string, EjabberdRoom>;
	readonly archives: ReadonlyMap<string, { readonly size: number; read(from: number): Iterable<ArchiveEntry> }>;
	/** What belongs to no room. */
	readonly unreadable: readonly Unreadable[];
	close(): void;
}

interface RoomUnit extends Unit {
	readonly room: EjabberdRoom | undefined;
	readonly jid: string;
}

/** A source of rooms with their archives. */
export function room_source({ path, left, rooms, archives, unreadable, close }: FoundRooms): Source {
	const services = new Set([...rooms.keys()].map((jid) => split(jid).host ?? ""));
	const units: RoomUnit[] = [];
	for (const [jid, room] of [...rooms].sort(([a], [b]) => (a < b ? -1 : 1))) {
		const { node, host = "" } = split(jid);
		const unit = (store: string): RoomUnit => ({ host, store, user: node, kind: "keyval", size: 1, room, jid });
		units.push(unit("config"));
		if (room.vcard !== undefined) units.push(unit("vcard_muc"));
	}
	for (const host of [...services].sort()) {
		units.push({ host, store: "persistent", user: undefined, kind: "keyval", size: 1, room: undefined, jid: host });
	}
	for (const [jid, { size }] of [...archives].sort(([a], [b]) => (a < b ? -1 : 1))) {
		const { node, host = "" } = split(jid);
		if (!services.has(host)) {
			left.add("archive of an account", "only rooms and their archives are taken");
			continue;
		}
		left.add("fractions of seconds in an archive", "Prosody 0.12 cannot read them; the order of messages stays");
		units.push({ host, store: "muc_log", user: node, kind: "archive", size, room: undefined, jid });
	}
	if (unreadable.length > 0) {
		units.push({ host: "", store: "unreadable", user: undefined, kind: "keyval", size: 1, room: undefined, jid: "" });
	}
	const known = new Map<Unit, RoomUnit>(units.map((unit) => [unit, unit]));

	function table_of({ store, host, room }: RoomUnit): StoreMap | undefined {
		if (store === "config") return room && room_table(room);
		if (store === "vcard_muc") return room?.vcard && new Map(room.vcard);
		const persistent = [...rooms.values()].filter((other) => other.persistent && split(other.jid).host === host);
		return persistent.length === 0 ? undefined : new Map(persistent.map(({ jid }) => [jid, true]));
	}

	return {
		name: `ejabberd:${path}`,
		units: () => units,
		read_table(unit) {
			if (unit.store === "unreadable") return { table: undefined, unreadable };
			const own = known.get(unit);
			return { table: own && table_of(own), unreadable: [] };
		},
		read_archive: (unit, from) => archives.get(known.get(unit)?.jid ?? "")?.read(from) ?? [],
		fingerprint: () => {
			const { size, mtimeMs: mtime_ms } = statSync(path);
			return `${size} ${mtime_ms}`;
		},
		left_behind: () => left.list(),
		close,
	};
}
