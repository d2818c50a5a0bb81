// Counterpart: plugins/mod_storage_internal.lua (archive:find): what of a list a query is for

import type { ArchiveQuery, StorageError } from "../../core/types.ts";
import type { Run, StoredList } from "../../util/datamanager/lists.ts";
import { failed, ok, type Result } from "../../util/error.ts";
import { full_heading, type Heading, matches, quick_heading, quick_time } from "./items.ts";

export const not_found = failed<StorageError>({ text: "item-not-found", condition: "item-not-found" });

/** What a query selects: entries by number in the order asked for, and how many match without `after`, `before` and `limit`. */
export interface Selection {
	readonly numbers: number[];
	/** Only right where it was asked for. */
	readonly total: number;
}

/** What the entries of a list are, as far as queries need it. */
export interface Contents {
	/** How many items there are. */
	readonly items: number;
	/** Whether much of the list has to be read before it can be asked. */
	readonly takes_long: boolean;
	/** Reads what has to be read, in pieces of a millisecond or two. */
	get_ready(): Generator<void, Result<void, StorageError>>;
	/** The number of an item's entry; undefined where there is none of this id. */
	position(id: string): Result<number | undefined, StorageError>;
	/** The heading of an entry; undefined for what is no item. */
	heading(index: number): Result<Heading | undefined, StorageError>;
	select(query: ArchiveQuery): Result<Selection, StorageError>;
	/** Finds all entries that match, of those that there are now, in pieces of a millisecond or two. Missing where {@link select} is as quick. */
	matching?(query: ArchiveQuery, of: number): Generator<void, Result<Run[], StorageError>>;
	/** Adds what was just appended. */
	appended(heading: Heading): void;
	/** Notes that an entry is not an item. */
	disown(index: number): void;
	/** What is known of the list that these entries make, in their order; undefined where that is read again. */
	kept(list: StoredList, pieces: readonly (Run | Replacement)[]): Contents | undefined;
}

/** A new entry in another's place, or behind all of them. */
export interface Replacement {
	readonly at: number;
}

/** Told of an entry that is left out, and why. */
export type LeftOut = (reason: string) => void;

/**
 * Reads the headings of entries, from one up to before another.
 * @param given their bytes, where they were read already
 */
export function read_headings(
	list: StoredList,
	from: number,
	to: number,
	left_out: LeftOut,
	given?: Buffer,
): Result<(Heading | undefined)[], StorageError> {
	const bytes = given === undefined ? list.bytes(from, to) : ok(given);
	if (!bytes.ok) return failed({ text: bytes.error });
	const text = bytes.value.toString("latin1");
	const offset = list.start(from);
	const headings: (Heading | undefined)[] = [];
	let next = 0;
	for (let index = from; index < to; index++) {
		const start = next;
		next = list.start(index + 1) - offset;
		headings.push(
			quick_heading(text, start, next) ?? slow_heading(list, index, Buffer.from(text.slice(start, next), "latin1"), left_out),
		);
	}
	return ok(headings);
}

/** The times of entries, from one up to before another; undefined where one of them has another form than usual, or there is an error. */
export function read_times(list: StoredList, from: number, to: number): number[] | undefined {
	const bytes = list.bytes(from, to);
	if (!bytes.ok) return undefined;
	const text = bytes.value.toString("latin1");
	const offset = list.start(from);
	const times: number[] = [];
	let next = 0;
	for (let index = from; index < to; index++) {
		const start = next;
		next = list.start(index + 1) - offset;
		const when = quick_time(text, start, next);
		if (when === undefined) return undefined;
		times.push(when);
	}
	return times;
}

function slow_heading(list: StoredList, index: number, bytes: Buffer, left_out: LeftOut): Heading | undefined {
	const item = list.parse(index, bytes);
	const heading = item.ok ? full_heading(item.value, index + 1) : undefined;
	if (heading === undefined) {
		left_out(item.ok ? `${list.path}, entry ${index + 1}: it holds no stanza with its time` : item.error);
	}
	return heading;
}

/** A list of usual length: the headings of all its entries are in memory. Unreadable ones are told of once. */
export class SmallContents implements Contents {
	private readonly all: (Heading | undefined)[] = [];
	items = 0;
	readonly takes_long = false;

	constructor(
		private readonly list: StoredList,
		private readonly left_out: LeftOut,
	) {}

	*get_ready(): Generator<void, Result<void, StorageError>> {
		const first = this.all.length;
		if (first >= this.list.length) return ok(undefined);
		yield;
		const read = read_headings(this.list, first, this.list.length, this.left_out);
		if (!read.ok) return read;
		for (const heading of read.value) this.add(heading);
		return ok(undefined);
	}

	private add(heading: Heading | undefined): void {
		this.all.push(heading);
		if (heading !== undefined) this.items++;
	}

	position(id: string): Result<number | undefined, StorageError> {
		return ok(this.number_of(id));
	}

	private number_of(id: string): number | undefined {
		const index = this.all.findIndex((heading) => heading?.id === id);
		return index < 0 ? undefined : index;
	}

	heading(index: number): Result<Heading | undefined, StorageError> {
		return ok(this.all[index]);
	}

	select(query: ArchiveQuery): Result<Selection, StorageError> {
		const wants_range = query.limit !== 0;
		const count = this.all.length;
		const after = wants_range && query.after !== undefined ? this.number_of(query.after) : -1;
		const before = wants_range && query.before !== undefined ? this.number_of(query.before) : count;
		if (after === undefined || before === undefined) return not_found;
		const ids = query.ids && new Set(query.ids);
		const limit = query.limit ?? Number.POSITIVE_INFINITY;
		const step = query.reverse ? -1 : 1;
		const numbers: number[] = [];
		let total = 0;
		// The total counts all matching items; without it, items outside the range need not be read.
		const [low, high] = query.total ? [0, count] : [after + 1, before];
		for (let index = query.reverse ? high - 1 : low; index >= low && index < high; index += step) {
			const heading = this.all[index];
			if (heading === undefined || !matches(heading, query, ids)) continue;
			total++;
			if (numbers.length < limit && index > after && index < before) numbers.push(index);
			if (!query.total && numbers.length >= limit) break;
		}
		return ok({ numbers, total });
	}

	appended(heading: Heading): void {
		if (this.all.length === this.list.length - 1) this.add(heading);
	}

	disown(index: number): void {
		if (this.all[index] !== undefined) this.items--;
		this.all[index] = undefined;
	}

	kept(): undefined {
		return undefined;
	}
}
