// No counterpart: Prosody 13 finds entries of a large list by its index, and reads all of them to count them or to find an id.

import type { ArchiveQuery, StorageError } from "../../core/types.ts";
import { Run, type StoredList } from "../../util/datamanager/lists.ts";
import { failed, ok, type Result } from "../../util/error.ts";
import { ArchiveBlocks, add_to_parts, type Parts, type Stretch } from "../archive_blocks.lib.ts";
import {
	type Contents,
	type LeftOut,
	not_found,
	type Replacement,
	read_headings,
	read_times,
	type Selection,
} from "./contents.ts";
import { IdFilter, sought } from "./id_filter.ts";
import { type Heading, matches } from "./items.ts";
import { block_record, fitting, type ListBlock, read_summary, summary_bytes } from "./summaries.ts";

/** How many entries a block has: few, since those in which only some match are read. */
const block_size = 512;
/** How many entries are looked at at once on the way to a page. */
const step_size = 128;
/** How many blocks are read without anybody noticing. */
const few_blocks = 32;
/** After how many new blocks they are written down. */
const noted_blocks = 512;
/** An id of which each character stands for itself in a file, and which is not the number of an old item. */
const plain_id = /^(?=.*[^0-9])[\w-]+$/;

/** The file beside a list in which it is noted what is in its blocks. It may be lost at any time. */
export interface SummaryFile {
	read(): Buffer | undefined;
	append(bytes: Buffer): void;
	/** Replaces it; undefined removes it. */
	write(bytes: Buffer | undefined): void;
}

/**
 * A list of which only the last entries are known one by one. Of the others it is known what each {@link block_size} of them have, which
 * leads to those that a query is for.
 */
export class LargeContents implements Contents {
	private readonly blocks = new ArchiveBlocks<ListBlock>();
	/** The headings of the entries behind the last block. */
	private readonly tail: (Heading | undefined)[] = [];
	private readonly disowned = new Set<number>();
	/** How many blocks the file has. */
	private noted = 0;

	constructor(
		private readonly list: StoredList,
		private readonly file: SummaryFile,
		private readonly left_out: LeftOut,
		blocks?: readonly ListBlock[],
	) {
		const known = blocks ?? this.read_file();
		for (const block of known) this.blocks.all.push(block);
	}

	private read_file(): readonly ListBlock[] {
		const bytes = this.file.read();
		if (bytes === undefined) return [];
		const { blocks, is_whole } = read_summary(bytes);
		const id_at = (index: number): string | undefined => {
			const read = read_headings(this.list, index, index + 1, () => {});
			return read.ok ? read.value[0]?.id : undefined;
		};
		const known = blocks.slice(0, fitting(blocks, this.list, id_at));
		// What does not fit must not come before what will be added
		this.noted = is_whole && known.length === blocks.length ? known.length : 0;
		return known;
	}

	get items(): number {
		return this.list.length;
	}

	/** How many entries are in no block. */
	private get unread(): number {
		return this.list.length - (this.blocks.end + 1);
	}

	get takes_long(): boolean {
		return this.unread > few_blocks * block_size || this.blocks.all.filter(({ stale }) => stale).length > few_blocks;
	}

	*get_ready(): Generator<void, Result<void, StorageError>> {
		for (const block of this.blocks.all.filter(({ stale }) => stale)) {
			yield;
			const read = this.read_block(block.from, block.to + 1);
			if (!read.ok) return read;
			Object.assign(block, read.value);
		}
		while (this.unread >= block_size) {
			yield;
			// Another query has read it meanwhile
			if (this.unread < block_size) break;
			const from = this.blocks.end + 1;
			const read = this.read_block(from, from + block_size);
			if (!read.ok) return read;
			this.blocks.all.push(read.value);
			this.tail.splice(0, block_size);
			if (this.blocks.all.length - this.noted >= noted_blocks) this.note();
		}
		this.note();
		const first = this.blocks.end + 1 + this.tail.length;
		if (first >= this.list.length) return ok(undefined);
		const read = read_headings(this.list, first, this.list.length, this.left_out);
		if (!read.ok) return read;
		for (const heading of read.value) this.tail.push(heading);
		return ok(undefined);
	}

	private read_block(from: number, to: number): Result<ListBlock, StorageError> {
		const read = read_headings(this.list, from, to, this.left_out);
		if (!read.ok) return read;
		const parts: Parts = new Map();
		const ids = IdFilter.for_many(block_size);
		for (const heading of read.value) {
			if (heading === undefined) continue;
			add_to_parts(parts, heading.with, heading.when);
			ids.add(sought(heading.id));
		}
		return ok({ from, to: to - 1, parts, ids, end: this.list.start(to), stale: false });
	}

	/** Writes down what the file lacks. */
	private note(): void {
		const { all } = this.blocks;
		if (this.noted === all.length || all.some(({ stale }) => stale)) return;
		if (this.noted === 0) this.file.write(summary_bytes(all));
		else this.file.append(Buffer.concat(all.slice(this.noted).map(block_record)));
		this.noted = all.length;
	}

	position(id: string): Result<number | undefined, StorageError> {
		for (const [index, heading] of this.tail.entries()) if (heading?.id === id) return ok(this.blocks.end + 1 + index);
		const wanted = sought(id);
		for (const block of this.blocks.all) {
			if (!block.ids.may_have(wanted)) continue;
			const index = this.position_in(block, id);
			if (!index.ok || index.value !== undefined) return index;
		}
		return ok(undefined);
	}

	private position_in({ from, to }: ListBlock, id: string): Result<number | undefined, StorageError> {
		const bytes = this.list.bytes(from, to + 1);
		if (!bytes.ok) return failed({ text: bytes.error });
		if (plain_id.test(id)) return this.position_of(id, from, to, bytes.value);
		const read = read_headings(this.list, from, to + 1, this.left_out, bytes.value);
		if (!read.ok) return read;
		const index = read.value.findIndex((heading) => heading?.id === id);
		return ok(index < 0 ? undefined : from + index);
	}

	/** The number of the first entry with an id that stands in the file as it is: only entries with these letters are looked at. */
	private position_of(id: string, from: number, to: number, bytes: Buffer): Result<number | undefined, StorageError> {
		const offset = this.list.start(from);
		let at = bytes.indexOf(id, 0, "latin1");
		while (at >= 0) {
			const index = this.number_at(from, to, offset + at);
			const read = read_headings(this.list, index, index + 1, this.left_out);
			if (!read.ok) return read;
			if (read.value[0]?.id === id) return ok(index);
			at = bytes.indexOf(id, this.list.start(index + 1) - offset, "latin1");
		}
		return ok(undefined);
	}

	/** The number of the entry that a place of the file belongs to, of those from one to another. */
	private number_at(from: number, to: number, place: number): number {
		let low = from;
		let high = to;
		while (low < high) {
			const middle = (low + high + 1) >>> 1;
			if (this.list.start(middle) <= place) low = middle;
			else high = middle - 1;
		}
		return low;
	}

	heading(index: number): Result<Heading | undefined, StorageError> {
		if (index > this.blocks.end) return ok(this.tail[index - this.blocks.end - 1]);
		const read = this.headings(index, index + 1);
		return read.ok ? ok(read.value[0]) : read;
	}

	/** The headings of entries from one up to before another, all in blocks or all behind them. */
	private headings(from: number, to: number): Result<(Heading | undefined)[], StorageError> {
		const first_behind = this.blocks.end + 1;
		if (from >= first_behind) return ok(this.tail.slice(from - first_behind, to - first_behind));
		return read_headings(this.list, from, to, this.left_out);
	}

	private count(query: ArchiveQuery): Result<number, StorageError> {
		const { known, partial } = this.blocks.count(query);
		let total = known;
		const unsure: Stretch[] = [];
		for (const block of partial) {
			const count = this.count_times(block, query);
			if (count === undefined) unsure.push(block);
			else total += count;
		}
		for (const { from, to } of [...unsure, { from: this.blocks.end + 1, to: this.list.length - 1 }]) {
			const headings = this.headings(from, to + 1);
			if (!headings.ok) return headings;
			for (const heading of headings.value) if (heading !== undefined && matches(heading, query, undefined)) total++;
		}
		return ok(total);
	}

	/** How many items of a block match, where nothing but their times tells them apart, as in archives of rooms. */
	private count_times({ from, to, parts }: ListBlock, query: ArchiveQuery): number | undefined {
		const [only, ...others] = parts;
		if (only === undefined || others.length > 0) return undefined;
		const [with_whom, { count }] = only;
		const times = count === to + 1 - from ? read_times(this.list, from, to + 1) : undefined;
		return times?.filter((when) => matches({ id: "", when, with: with_whom }, query, undefined)).length;
	}

	select(query: ArchiveQuery): Result<Selection, StorageError> {
		const wants_range = query.limit !== 0;
		const after = wants_range && query.after !== undefined ? this.position(query.after) : ok(-1);
		const before = wants_range && query.before !== undefined ? this.position(query.before) : ok(this.list.length);
		if (!after.ok) return after;
		if (!before.ok) return before;
		if (after.value === undefined || before.value === undefined) return not_found;
		const within = { from: after.value + 1, to: before.value - 1 };
		const ids = query.key === undefined ? query.ids : [query.key];
		if (ids !== undefined) return this.select_ids(ids, query, within);
		const total = query.total ? this.count(query) : ok(0);
		if (!total.ok) return total;
		const numbers = wants_range ? this.find(query, within) : ok([]);
		return numbers.ok ? ok({ numbers: numbers.value, total: total.value }) : numbers;
	}

	private select_ids(ids: readonly string[], query: ArchiveQuery, within: Stretch): Result<Selection, StorageError> {
		const found: number[] = [];
		for (const id of new Set(ids)) {
			const position = this.position(id);
			if (!position.ok) return position;
			if (position.value === undefined || this.disowned.has(position.value)) continue;
			const heading = this.heading(position.value);
			if (!heading.ok) return heading;
			if (heading.value !== undefined && matches(heading.value, query, query.ids && new Set(query.ids)))
				found.push(position.value);
		}
		const numbers = found.filter((index) => index >= within.from && index <= within.to).sort((a, b) => a - b);
		if (query.reverse) numbers.reverse();
		return ok({ numbers: query.limit === 0 ? [] : numbers.slice(0, query.limit), total: found.length });
	}

	/** The numbers of the first items that match within a part of the list, or of the last ones. */
	private find(query: ArchiveQuery, within: Stretch): Result<number[], StorageError> {
		const { reverse = false, limit = Number.POSITIVE_INFINITY } = query;
		const numbers: number[] = [];
		const tail = { from: Math.max(within.from, this.blocks.end + 1), to: within.to };
		const stretches = this.blocks.stretches(query, within, reverse, limit);
		if (tail.from <= tail.to) stretches[reverse ? "unshift" : "push"](tail);
		for (const { from, to } of stretches) {
			for (let done = from; done <= to && numbers.length < limit; done += step_size) {
				const length = Math.min(step_size, to + 1 - done);
				const first = reverse ? to + 1 - (done - from) - length : done;
				const headings = this.headings(first, first + length);
				if (!headings.ok) return headings;
				for (let step = 0; step < length && numbers.length < limit; step++) {
					const index = reverse ? length - 1 - step : step;
					const heading = headings.value[index];
					if (heading === undefined || this.disowned.has(first + index)) continue;
					if (matches(heading, query, undefined)) numbers.push(first + index);
				}
			}
		}
		return ok(numbers);
	}

	*matching(query: ArchiveQuery, of: number): Generator<void, Result<Run[], StorageError>> {
		const found: Run[] = [];
		const add = (from: number, to: number): void => {
			const last = found.at(-1);
			if (last?.to === from) found[found.length - 1] = new Run(last.from, to);
			else found.push(new Run(from, to));
		};
		let next = 0;
		for (const block of [...this.blocks.all]) {
			const { from, to } = block;
			next = to + 1;
			const whole = this.blocks.match(block, query);
			if (whole === false) continue;
			yield;
			// What is no item matches nothing
			const is_full = [...block.parts.values()].reduce((sum, { count }) => sum + count, 0) === next - from;
			if (whole === true && is_full) {
				add(from, next);
				continue;
			}
			const read = read_headings(this.list, from, next, this.left_out);
			if (!read.ok) return read;
			for (const [index, heading] of read.value.entries()) {
				if (heading !== undefined && matches(heading, query, undefined)) add(from + index, from + index + 1);
			}
		}
		if (next >= of) return ok(found);
		const read = read_headings(this.list, next, of, this.left_out);
		if (!read.ok) return read;
		for (const [index, heading] of read.value.entries()) {
			if (heading !== undefined && matches(heading, query, undefined)) add(next + index, next + index + 1);
		}
		return ok(found);
	}

	appended(heading: Heading): void {
		if (this.blocks.end + 1 + this.tail.length === this.list.length - 1) this.tail.push(heading);
	}

	disown(index: number): void {
		this.disowned.add(index);
	}

	kept(list: StoredList, pieces: readonly (Run | Replacement)[]): LargeContents {
		// What the file has is about the list as it was
		this.file.write(undefined);
		const blocks: ListBlock[] = [];
		let next = 0;
		let at = 0;
		for (const block of this.blocks.all) {
			let count = 0;
			let is_same = !block.stale;
			for (; at < pieces.length; at++) {
				const piece = pieces[at];
				if (piece === undefined) break;
				const own = piece instanceof Run ? piece : new Run(piece.at, piece.at + 1);
				if (own.from > block.to) break;
				const kept = Math.min(own.to, block.to + 1) - Math.max(own.from, block.from);
				count += Math.max(0, kept);
				if (!(piece instanceof Run)) is_same = false;
				if (own.to > block.to + 1) break;
			}
			if (count === 0) continue;
			const to = next + count - 1;
			is_same &&= count === block.to + 1 - block.from;
			blocks.push({ ...block, from: next, to, end: list.start(to + 1), stale: !is_same });
			next = to + 1;
		}
		return new LargeContents(list, this.file, this.left_out, blocks);
	}
}
