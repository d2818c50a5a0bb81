// Counterpart: tools/ejabberd2prosody.lua. What `ejabberdctl dump` and `dump_table` write, rooms and their archives.

import { failed, ok, type Result } from "../../util/error.ts";
import { xml_escape } from "../../util/stanza.ts";
import * as xml from "../../util/xml.ts";
import { type EjabberdRoom, ejabberd_room } from "./ejabberd_rooms.ts";
import { room_record, room_source } from "./ejabberd_units.ts";
import { Atom, read_term, type Term, Tuple, term_texts } from "./erlang_terms.ts";
import { LeftList } from "./internal_source.ts";
import type { ArchiveEntry, ArchiveRecord, Source, Unreadable } from "./types.ts";

/** A part of the file, with records of one room only, or with others among them. */
interface Range {
	readonly start: number;
	end: number;
}

/** How a record begins, so that most need not be read to be told apart. */
const record_kind = /^\s*\{\s*([a-z_]+)\s*,/;
const archive_owner = /^\s*\{\s*archive_msg\s*,\s*\{\s*<<([\s\S]*?)>>\s*,\s*<<([\s\S]*?)>>\s*\}/;

function items(term: Term | undefined): readonly Term[] {
	return term instanceof Tuple ? term.items : Array.isArray(term) ? term : [];
}

/** `{xmlel, Name, Attributes, Children}` as XML; what is none of its parts becomes nothing. */
function element_text(term: Term | undefined): string {
	const [kind, name, attributes, children] = items(term);
	if (!(kind instanceof Atom)) return "";
	if (kind.name === "xmlcdata") return typeof name === "string" ? xml_escape(name) : "";
	if (kind.name !== "xmlel" || typeof name !== "string") return "";
	const attrs = items(attributes).map((attribute) => {
		const [key, value] = items(attribute);
		return typeof key === "string" && typeof value === "string" ? ` ${key}='${xml_escape(value)}'` : "";
	});
	return `<${name}${attrs.join("")}>${items(children).map(element_text).join("")}</${name}>`;
}

/** `{MegaSeconds, Seconds, Microseconds}` as whole seconds since 1970: Prosody 0.12 ends a session where an archive has others. */
function seconds_of(term: Term | undefined): number | undefined {
	const [mega, seconds] = items(term);
	if (typeof mega !== "number" || typeof seconds !== "number") return undefined;
	return mega * 1e6 + seconds;
}

/** Reads `{archive_msg, Room, Id, Time, Peer, BarePeer, Packet, Nick, Type}` (newer versions have more) as an item of a room's archive. */
function archive_record(text: string, room: string): Result<ArchiveRecord, string> {
	const term = read_term(text);
	if (!term.ok) return term;
	const [, , id, time, , , packet, nick] = items(term.value);
	const when = seconds_of(time);
	if (typeof id !== "string" || id === "" || when === undefined) return failed("it has no id, or no time");
	const stanza = xml.parse(element_text(packet));
	if (stanza === undefined) return failed("it holds no stanza that is well-formed XML");
	return ok(room_record({ key: id, when, stanza, room, nick: typeof nick === "string" ? nick : "" }));
}

/** What a dump holds, by rooms. */
interface Survey {
	readonly rooms: Map<string, EjabberdRoom>;
	readonly archives: Map<string, Range[]>;
	readonly unreadable: Unreadable[];
}

/** The owner of an archive record without reading all of it. */
function owner_of(text: string): string | undefined {
	const [, user, server] = archive_owner.exec(text) ?? [];
	if (user === undefined || server === undefined) return undefined;
	const term = read_term(`{<<${user}>>,<<${server}>>}`);
	const [name, domain] = term.ok ? items(term.value) : [];
	return typeof name === "string" && typeof domain === "string" ? `${name}@${domain}` : undefined;
}

function survey(path: string, left: LeftList): Survey {
	const rooms = new Map<string, EjabberdRoom>();
	const archives = new Map<string, Range[]>();
	const unreadable: Unreadable[] = [];
	for (const { start, end, text } of term_texts(path)) {
		const kind = record_kind.exec(text)?.[1];
		const refuse = (reason: string): void => {
			unreadable.push({ place: `${path}, from byte ${start}`, reason, raw: Buffer.from(text, "latin1") });
		};
		if (kind === "archive_msg") {
			const owner = owner_of(text);
			if (owner === undefined) {
				refuse("an item of an archive without an owner");
				continue;
			}
			const ranges = archives.get(owner) ?? [];
			archives.set(owner, ranges);
			const last = ranges.at(-1);
			if (last?.end === start) last.end = end;
			else ranges.push({ start, end });
		} else if (kind === "muc_room") {
			const term = read_term(text);
			const room = term.ok ? ejabberd_room(term.value, left) : undefined;
			if (room === undefined) refuse(term.ok ? "it is no room" : term.error);
			else rooms.set(room.jid, room);
		} else if (kind === undefined) refuse("it is no record");
		else if (kind !== "tables") left.add(`table ${kind}`, "only rooms and their archives are taken");
	}
	return { rooms, archives, unreadable };
}

/**
 * A dump of ejabberd's as a source: `ejabberdctl dump FILE`, or several tables out of `dump_table`, one behind the other. Only rooms
 * are taken. Throws where the file cannot be read.
 */
export function ejabberd_dump(path: string): Source {
	const left = new LeftList();
	const { rooms, archives, unreadable } = survey(path, left);

	function* read(jid: string, ranges: readonly Range[], from: number): Generator<ArchiveEntry> {
		for (const { start, end } of ranges) {
			if (end <= from) continue;
			for (const term of term_texts(path, Math.max(start, from), end)) {
				const record = archive_record(term.text, jid);
				const size = term.end - term.start;
				if (record.ok) yield { next: term.end, size, record: record.value };
				else {
					const raw = Buffer.from(term.text, "latin1");
					yield { next: term.end, size, unreadable: { place: `${path}, from byte ${term.start}`, reason: record.error, raw } };
				}
			}
		}
	}

	return room_source({
		path,
		left,
		rooms,
		unreadable,
		archives: new Map(
			[...archives].map(([jid, ranges]) => {
				const size = ranges.reduce((sum, { start, end }) => sum + end - start, 0);
				return [jid, { size, read: (from: number) => read(jid, ranges, from) }];
			}),
		),
		close: () => {},
	});
}
