// No counterpart: what moves between two storages, and what a storage must be able to do for that. Prosody's migrator does the like.

import type { StoreMap } from "../../core/types.ts";
import type { Result } from "../../util/error.ts";
import type { Stanza } from "../../util/stanza.ts";

/** One table or one archive: what a host, or one of its users or rooms, has in a store. */
export interface Unit {
	readonly host: string;
	readonly store: string;
	/** Undefined for what belongs to the host itself. */
	readonly user: string | undefined;
	readonly kind: "keyval" | "archive";
	/** How much work it is, in measures of its source: bytes, or rows. */
	readonly size: number;
}

/** One item of an archive. */
export interface ArchiveRecord {
	readonly key: string;
	/** Seconds since 1970. */
	readonly when: number;
	readonly with: string;
	readonly stanza: Stanza;
	/** The stanza as text, in the one form of canonical_xml.ts. */
	readonly xml: string;
}

/** What could not be read, or not be held by the target: why, and all of it as it was found. */
export interface Unreadable {
	readonly reason: string;
	/** Where in its source: a line, a row, an item. */
	readonly place: string;
	readonly raw: Buffer;
}

/** An item of an archive, or what is in its place; `next` is where reading goes on behind it. */
export interface ArchiveEntry {
	readonly next: number;
	readonly size: number;
	readonly record?: ArchiveRecord;
	readonly unreadable?: Unreadable;
}

/** A table with what of it could not be read. */
export interface ReadTable {
	/** Undefined where nothing of it is left. */
	readonly table: StoreMap | undefined;
	readonly unreadable: readonly Unreadable[];
}

/** Something in a source that is not moved, with the reason; alike things are counted together. */
export interface LeftBehind {
	readonly what: string;
	readonly reason: string;
	readonly count: number;
}

/** Where data come from; nothing is ever written there. Errors that end everything (a failing disk) are thrown. */
export interface Source {
	/** Its name for the user. */
	readonly name: string;
	/** Everything there is to move, in an order that stays the same. */
	units(): readonly Unit[];
	read_table(unit: Unit): ReadTable;
	/** Items of an archive in their order, from a place that an earlier entry named, or from the start. */
	read_archive(unit: Unit, from: number): Iterable<ArchiveEntry>;
	/** Changes when what a unit is made of changes. */
	fingerprint(unit: Unit): string;
	left_behind(): readonly LeftBehind[];
	close(): void;
}

/** Where an archive that is being written has got to. */
export interface ArchiveCursor {
	/** What the target needs to take back all that comes later. */
	readonly position: number;
	/** How many items it has. */
	readonly items: number;
}

/** Where data go to. */
export interface Target {
	readonly name: string;
	/** Writes a table. An error says why it cannot be held, and then nothing of it is there. */
	put_table(unit: Unit, table: StoreMap): Result<void, string>;
	/** Begins an archive, or goes on with one, of which everything behind the cursor is taken back. An error: it is shorter than that. */
	open_archive(unit: Unit, from: ArchiveCursor): Result<void, string>;
	/** Adds an item; answers with it as it is held, since there may be no fractions of seconds. An error says why it cannot be held. */
	append(record: ArchiveRecord): Result<ArchiveRecord, string>;
	cursor(): ArchiveCursor;
	close_archive(): void;
	/** Makes permanent what was written so far. Throws where that fails. */
	commit(): void;
	/** Ends the writing; the data can be used from then on. */
	close(): void;
}

/** A unit's name in journals and messages. */
export function unit_id({ host, store, user, kind }: Unit): string {
	return JSON.stringify([host, store, user ?? null, kind]);
}

/** A unit in words. */
export function unit_text({ host, store, user }: Unit): string {
	return user === undefined ? `${store} of ${host}` : `${store} of ${user}@${host}`;
}
