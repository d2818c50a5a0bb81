// No counterpart: the SQLite file of an ejabberd that keeps its data there. Source: its sql/lite.sql, mod_muc_sql.erl, mod_mam_sql.erl.

import type Sqlite from "better-sqlite3";
import { split } from "../../util/jid.ts";
import * as xml from "../../util/xml.ts";
import { type EjabberdRoom, ejabberd_room } from "./ejabberd_rooms.ts";
import { room_record, room_source } from "./ejabberd_units.ts";
import { Atom, read_term, Tuple } from "./erlang_terms.ts";
import { LeftList } from "./internal_source.ts";
import { open_read_only, raw_row } from "./sqlite_source.ts";
import type { ArchiveEntry, Source, Unreadable } from "./types.ts";

interface RoomRow {
	readonly name: string;
	readonly host: string;
	readonly opts: string;
}

interface ArchiveRow {
	readonly id: number;
	readonly timestamp: number;
	readonly xml: string;
	readonly nick: string | null;
}

function read_rooms(
	database: Sqlite.Database,
	path: string,
	left: LeftList,
	unreadable: Unreadable[],
): Map<string, EjabberdRoom> {
	const rooms = new Map<string, EjabberdRoom>();
	for (const row of database.prepare<[], RoomRow>(`SELECT "name", "host", "opts" FROM "muc_room"`).all()) {
		const options = read_term(Buffer.from(row.opts, "utf8").toString("latin1"));
		const record = options.ok ? new Tuple([new Atom("muc_room"), new Tuple([row.name, row.host]), options.value]) : undefined;
		const room = record && ejabberd_room(record, left);
		if (room === undefined) {
			const reason = options.ok ? "it is no room" : options.error;
			unreadable.push({ place: `${path}: room ${row.name}@${row.host}`, reason, raw: raw_row({ ...row }) });
		} else rooms.set(room.jid, room);
	}
	return rooms;
}

/** The SQLite database of an ejabberd as a source; only rooms are taken. Throws where it cannot be read, or has no rooms. */
export function ejabberd_database(path: string): Source {
	const { database, close } = open_read_only(path);
	const left = new LeftList();
	const tables = new Set(
		database
			.prepare<[], { name: string }>(`SELECT "name" FROM "sqlite_schema" WHERE "type" = 'table'`)
			.all()
			.map(({ name }) => name),
	);
	if (!tables.has("muc_room")) {
		close();
		throw new Error(`${path}: there is no table muc_room: expected a database of ejabberd`);
	}
	const unreadable: Unreadable[] = [];
	const rooms = read_rooms(database, path, left, unreadable);
	const services = new Set([...rooms.keys()].map((jid) => split(jid).host));
	const sizes = tables.has("archive")
		? database
				.prepare<[], { username: string; size: number }>(
					`SELECT "username", COUNT(*) AS "size" FROM "archive" GROUP BY "username"`,
				)
				.all()
		: [];
	// Archives of accounts are named without a domain there.
	const of_rooms = sizes.filter(({ username }) => services.has(split(username).host));
	if (of_rooms.length < sizes.length) {
		left.add("archive of an account", "only rooms and their archives are taken", sizes.length - of_rooms.length);
	}

	function* read(room: string, from: number): Generator<ArchiveEntry> {
		const rows = database.prepare<[string, number], ArchiveRow>(
			`SELECT "id", "timestamp", "xml", "nick" FROM "archive" WHERE "username" = ? AND "id" > ? ORDER BY "id"`,
		);
		for (const row of rows.iterate(room, from)) {
			const stanza = xml.parse(row.xml);
			if (stanza === undefined || !Number.isFinite(row.timestamp)) {
				const reason = "it holds no stanza that is well-formed XML";
				yield { next: row.id, size: 1, unreadable: { place: `${path}: item ${row.id}`, reason, raw: raw_row({ ...row }) } };
				continue;
			}
			// Microseconds; of them it makes the ids that clients have seen.
			const when = Math.floor(row.timestamp / 1e6);
			const record = room_record({ key: String(row.timestamp), when, stanza, room, nick: row.nick ?? "" });
			yield { next: row.id, size: 1, record };
		}
	}

	return room_source({
		path,
		left,
		rooms,
		unreadable,
		archives: new Map(of_rooms.map(({ username, size }) => [username, { size, read: (from: number) => read(username, from) }])),
		close,
	});
}
