// Counterpart: util/prosodyctl and tools/migration (the moving itself)

import { failed, ok, type Result } from "../../util/error.ts";
import type { Aside } from "./aside.ts";
import { ArchiveDigest, table_digest, total_digest } from "./digest.ts";
import type { Journal, UnitState } from "./journal.ts";
import { type ArchiveRecord, type Source, type Target, type Unit, type Unreadable, unit_id, unit_text } from "./types.ts";

/** How many tables are written before they are committed. */
const tables_a_commit = 500;
/** How many links of an archive's digest (of a thousand items each) are written before they are committed. */
const links_a_commit = 4;

/** Told of what is going on. */
export interface Observer {
	/** So much more was read, in the source's own measure and in records. */
	advanced(unit: Unit, size: number, records: number): void;
	/** The same of what an earlier run has done. */
	found_done(unit: Unit, size: number, records: number): void;
	/** A record could not be moved. */
	kept_aside(unit: Unit, unreadable: Unreadable): void;
}

/** What became of a unit. */
export interface UnitResult {
	readonly unit: Unit;
	readonly items: number;
	readonly digest: string;
	readonly aside: number;
}

/** Everything that a transfer works with. */
export interface TransferParts {
	readonly source: Source;
	readonly target: Target;
	readonly journal: Journal;
	readonly aside: Aside;
	readonly observer: Observer;
}

const nothing_yet = { done: false, items: 0, digest: "", next: 0, position: 0, read: 0, aside: 0, aside_size: 0 } as const;

/** Moves everything; what an earlier run has done is not done again. Throws where a disk fails. */
export function transfer(parts: TransferParts): Result<UnitResult[], string> {
	const { source, target, journal, observer } = parts;
	const results: UnitResult[] = [];
	let uncommitted = 0;

	function commit(): void {
		target.commit();
		journal.write();
		uncommitted = 0;
	}

	journal.write();
	for (const unit of source.units()) {
		const id = unit_id(unit);
		const fingerprint = source.fingerprint(unit);
		const earlier = journal.units.get(id);
		if (earlier !== undefined && earlier.fingerprint !== fingerprint) {
			return failed(
				`${source.name} has changed since the migration was begun (${unit_text(unit)}): stop the server that uses it, remove ${target.name} and ${journal.path}, and begin again`,
			);
		}
		let state: UnitState;
		if (earlier?.done) {
			state = earlier;
			observer.found_done(unit, unit.size, state.items);
		} else if (unit.kind === "keyval") {
			state = move_table(parts, unit, fingerprint);
			uncommitted++;
		} else {
			state = move_archive(parts, unit, earlier ?? { ...nothing_yet, fingerprint }, commit);
			uncommitted += Math.ceil(state.items / 100);
		}
		if (!earlier?.done) journal.note(id, state);
		if (uncommitted >= tables_a_commit) commit();
		results.push({ unit, items: state.items, digest: state.digest, aside: state.aside });
	}
	commit();
	return ok(results);
}

function move_table({ source, target, aside, observer }: TransferParts, unit: Unit, fingerprint: string): UnitState {
	aside.rewind(unit, 0);
	const { table, unreadable } = source.read_table(unit);
	const kept = [...unreadable];
	const written = table === undefined ? ok(undefined) : target.put_table(unit, table);
	if (!written.ok && table !== undefined) {
		const raw = Buffer.from(`${JSON.stringify([...table])}\n`);
		kept.push({ place: unit_text(unit), reason: `it cannot be held by ${target.name}: ${written.error}`, raw });
	}
	let aside_size = 0;
	for (const record of kept) {
		aside_size += aside.keep(unit, record);
		observer.kept_aside(unit, record);
	}
	const moved = table !== undefined && written.ok ? table : undefined;
	observer.advanced(unit, unit.size, moved?.size ?? 0);
	return {
		...nothing_yet,
		fingerprint,
		done: true,
		items: moved?.size ?? 0,
		digest: moved === undefined ? "" : table_digest(moved),
		aside: kept.length,
		aside_size,
	};
}

function move_archive(parts: TransferParts, unit: Unit, earlier: UnitState, commit: () => void): UnitState {
	const { source, target, journal, aside, observer } = parts;
	let state = earlier;
	let opened = target.open_archive(unit, state);
	if (!opened.ok) {
		// The target has less than it had: power was lost, or somebody has changed it. What is there of the unit is made anew.
		state = { ...nothing_yet, fingerprint: earlier.fingerprint };
		opened = target.open_archive(unit, state);
	}
	aside.rewind(unit, state.aside_size);
	if (!opened.ok) return keep_whole_archive(parts, unit, state, opened.error);
	const digest = new ArchiveDigest(state.digest, state.items);
	let { next, read, aside: kept, aside_size } = state;
	let links = 0;
	if (state.items > 0) observer.found_done(unit, read, state.items);

	function keep(unreadable: Unreadable): void {
		kept++;
		aside_size += aside.keep(unit, unreadable);
		observer.kept_aside(unit, unreadable);
	}

	for (const entry of source.read_archive(unit, next)) {
		next = entry.next;
		read += entry.size;
		observer.advanced(unit, entry.size, entry.record === undefined ? 0 : 1);
		if (entry.unreadable !== undefined) keep(entry.unreadable);
		if (entry.record === undefined) continue;
		const written = target.append(entry.record);
		if (!written.ok) {
			keep(record_kept(entry.record, `it cannot be held by ${target.name}: ${written.error}`));
			continue;
		}
		if (!digest.add(written.value) || ++links < links_a_commit) continue;
		links = 0;
		const { position, items } = target.cursor();
		journal.note(unit_id(unit), { ...state, items, digest: digest.state, next, position, read, aside: kept, aside_size });
		commit();
	}
	target.close_archive();
	return { ...state, done: true, items: digest.items, digest: digest.finish(), next, read, aside: kept, aside_size };
}

function record_kept({ key, when, with: with_whom, xml }: ArchiveRecord, reason: string): Unreadable {
	return { place: `item ${key}`, reason, raw: Buffer.from(`${JSON.stringify({ key, when, with: with_whom, xml })}\n`) };
}

/** Keeps an archive aside that the target has no place for. */
function keep_whole_archive({ source, aside, observer }: TransferParts, unit: Unit, state: UnitState, reason: string): UnitState {
	aside.rewind(unit, 0);
	let kept = 0;
	let aside_size = 0;
	for (const { record, unreadable, size } of source.read_archive(unit, 0)) {
		observer.advanced(unit, size, 0);
		const lost = unreadable ?? (record === undefined ? undefined : record_kept(record, reason));
		if (lost === undefined) continue;
		kept++;
		aside_size += aside.keep(unit, lost);
		observer.kept_aside(unit, lost);
	}
	return { ...state, done: true, aside: kept, aside_size };
}

/** Looks at everything without writing anything. */
export function rehearse(source: Source, observer: Observer): UnitResult[] {
	return source.units().map((unit) => {
		if (unit.kind === "keyval") {
			const { table, unreadable } = source.read_table(unit);
			for (const record of unreadable) observer.kept_aside(unit, record);
			observer.advanced(unit, unit.size, table?.size ?? 0);
			const digest = table === undefined ? "" : table_digest(table);
			return { unit, items: table?.size ?? 0, digest, aside: unreadable.length };
		}
		const digest = new ArchiveDigest();
		let aside = 0;
		for (const { record, unreadable, size } of source.read_archive(unit, 0)) {
			observer.advanced(unit, size, record === undefined ? 0 : 1);
			if (record !== undefined) digest.add(record);
			if (unreadable === undefined) continue;
			aside++;
			observer.kept_aside(unit, unreadable);
		}
		return { unit, items: digest.items, digest: digest.finish(), aside };
	});
}

/** What a comparison came to. */
export interface Verified {
	readonly digest: string;
	readonly items: number;
}

/**
 * Reads the target anew and compares it with what was moved: the same units, as many items in each, and the same digests.
 * @returns an error that names the first unit that differs
 */
export function verify(results: readonly UnitResult[], written: Source, observer: Observer): Result<Verified, string> {
	const expected = new Map<string, { items: number; digest: string }>();
	for (const { unit, items, digest } of results) if (items > 0) expected.set(unit_id(unit), { items, digest });
	const found = new Map<string, { items: number; digest: string }>();
	for (const { unit, items, digest, aside } of rehearse(written, observer)) {
		const wanted = expected.get(unit_id(unit));
		const where = `${written.name}, ${unit_text(unit)}`;
		if (aside > 0) return failed(`${where}: ${aside} records cannot be read`);
		if (wanted === undefined && items > 0) return failed(`${where}: it was not written by this migration`);
		if (wanted !== undefined && wanted.items !== items)
			return failed(`${where}: it has ${items} records, expected ${wanted.items}`);
		if (wanted !== undefined && wanted.digest !== digest) return failed(`${where}: it differs from what was read`);
		if (items > 0) found.set(unit_id(unit), { items, digest });
	}
	for (const { unit, items } of results) {
		if (items > 0 && !found.has(unit_id(unit))) return failed(`${written.name}, ${unit_text(unit)}: it is missing`);
	}
	const items = [...found.values()].reduce((sum, unit) => sum + unit.items, 0);
	return ok({ digest: total_digest(found), items });
}
