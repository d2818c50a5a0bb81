// No counterpart: Prosody goes through all items each time that it counts them or looks for a time.

/** How many items a block of a table has. */
export const block_size = 1024;

/** What a block has of one `with`: how many items, and the earliest and the latest time of them. */
export interface Part {
	count: number;
	first: number;
	last: number;
}

export type Parts = Map<string, Part>;

/** Items that follow each other in an archive. */
export interface Block {
	/** The positions of its first and its last item. */
	readonly from: number;
	readonly to: number;
	parts: Parts;
	/** Whether items of it were changed or deleted since it was read. */
	stale: boolean;
}

/** What of a query the blocks know about. */
export interface BlockQuery {
	readonly with?: string;
	readonly start?: number;
	readonly end?: number;
}

/** Positions, both included. */
export interface Stretch {
	from: number;
	to: number;
}

/** Adds an item to what a block has. */
export function add_to_parts(parts: Parts, with_whom: string, when: number): void {
	const part = parts.get(with_whom);
	if (part === undefined) {
		// A copy, since a piece of a long text would keep all of that in memory
		parts.set(Buffer.from(with_whom, "utf8").toString("utf8"), { count: 1, first: when, last: when });
		return;
	}
	part.count++;
	part.first = Math.min(part.first, when);
	part.last = Math.max(part.last, when);
}

/** Whether no item of a part can match. Times in whole seconds count as later than any part of their second. */
function is_outside({ first, last }: Part, { start, end }: BlockQuery): boolean {
	return (start !== undefined && last < Math.floor(start)) || (end !== undefined && first > end);
}

/** Whether all items of a part match. */
function is_inside({ first, last }: Part, { start, end }: BlockQuery): boolean {
	return (start === undefined || first >= start) && (end === undefined || last <= end);
}

/** How many items of a block match for sure. */
function least({ parts }: Block, query: BlockQuery): number {
	if (query.with !== undefined) {
		const part = parts.get(query.with);
		return part !== undefined && is_inside(part, query) ? part.count : 0;
	}
	let count = 0;
	for (const part of parts.values()) if (is_inside(part, query)) count += part.count;
	return count;
}

/** How many items of a block may match. */
function most({ parts }: Block, query: BlockQuery): number {
	if (query.with !== undefined) {
		const part = parts.get(query.with);
		return part === undefined || is_outside(part, query) ? 0 : part.count;
	}
	let count = 0;
	for (const part of parts.values()) if (!is_outside(part, query)) count += part.count;
	return count;
}

/** How many items a block has. */
function size_of({ parts }: Block): number {
	let size = 0;
	for (const part of parts.values()) size += part.count;
	return size;
}

/**
 * What an archive has, block by block, in the order of its items: enough to count most of a query without looking at the items, and to
 * know where those are that it asks for, in whatever order their times are. Positions are numbers that grow along the archive. What
 * comes behind the last block is not known.
 */
export class ArchiveBlocks<Known extends Block = Block> {
	readonly all: Known[] = [];

	/** The last position that is in a block; -1 without any. */
	get end(): number {
		return this.all.at(-1)?.to ?? -1;
	}

	/** How many items match in blocks that match as a whole, and the blocks where some may. */
	count(query: BlockQuery): { known: number; partial: Known[] } {
		let known = 0;
		const partial: Known[] = [];
		const { with: wanted } = query;
		let sure = 0;
		let is_partial = false;
		const look = (part: Part): void => {
			if (is_inside(part, query)) sure += part.count;
			else if (!is_outside(part, query)) is_partial = true;
		};
		for (const block of this.all) {
			sure = 0;
			is_partial = false;
			if (wanted === undefined) block.parts.forEach(look);
			else {
				const part = block.parts.get(wanted);
				if (part !== undefined) look(part);
			}
			if (is_partial) partial.push(block);
			else known += sure;
		}
		return { known, partial };
	}

	/**
	 * The stretches in which the first matching items are, of those from one position to another.
	 * @param reverse for the last ones; then the last stretch comes first
	 * @param limit how many; the stretches may have more
	 */
	stretches(query: BlockQuery, within: Stretch, reverse: boolean, limit: number): Stretch[] {
		const found: Stretch[] = [];
		let sure = 0;
		let was_next = false;
		const step = reverse ? -1 : 1;
		let at = reverse ? Math.min(this.block_at(within.to), this.all.length - 1) : this.block_at(within.from);
		for (; at >= 0 && at < this.all.length && sure < limit; at += step) {
			const block = this.all[at];
			if (block === undefined || block.to < within.from || block.from > within.to) {
				if (block !== undefined && reverse === block.from > within.to) continue;
				break;
			}
			if (most(block, query) === 0) {
				was_next = false;
				continue;
			}
			const is_whole = block.from >= within.from && block.to <= within.to;
			if (is_whole) sure += least(block, query);
			const own = { from: Math.max(block.from, within.from), to: Math.min(block.to, within.to) };
			const last = found.at(-1);
			if (last === undefined || !was_next) found.push(own);
			else if (reverse) last.from = own.from;
			else last.to = own.to;
			was_next = true;
		}
		return found;
	}

	/** How many items may match at most, of those in blocks from one position to another. */
	most(query: BlockQuery, within: Stretch): number {
		let count = 0;
		for (const block of this.all) {
			if (block.to >= within.from && block.from <= within.to) count += most(block, query);
		}
		return count;
	}

	/** Whether all items of a block match, or none; undefined where only a look at them tells. */
	match(block: Known, query: BlockQuery): boolean | undefined {
		if (block.stale) return undefined;
		const sure = least(block, query);
		if (sure === most(block, query)) return sure === 0 ? false : sure === size_of(block) ? true : undefined;
		return undefined;
	}

	/** Notes that items of a block were changed; a position that is in none is left alone. */
	touch(position: number): void {
		const block = this.all[this.block_at(position)];
		if (block !== undefined && block.from <= position) block.stale = true;
	}

	/** Notes that items which match were deleted. */
	touch_matching(query: BlockQuery): void {
		let kept = 0;
		for (const block of this.all) {
			// What is stale is read again anyway
			if (!block.stale && least(block, query) === size_of(block)) continue;
			if (most(block, query) > 0) block.stale = true;
			this.all[kept++] = block;
		}
		this.all.length = kept;
	}

	/** Forgets everything. */
	clear(): void {
		this.all.length = 0;
	}

	/** The number of the first block that ends at a position or behind it. */
	private block_at(position: number): number {
		let low = 0;
		let high = this.all.length;
		while (low < high) {
			const middle = (low + high) >>> 1;
			if ((this.all[middle]?.to ?? 0) < position) low = middle + 1;
			else high = middle;
		}
		return low;
	}
}

/** How many blocks of all archives together are remembered: some 10 MB. */
const most_blocks = 50_000;

/** The blocks of archives; forgotten whenever another process may have changed one. */
export class KnownBlocks {
	private generation: number | undefined;
	/** Oldest use first. */
	private readonly known = new Map<string, ArchiveBlocks>();

	/** The blocks of an archive, as far as they were read. */
	at(generation: number, key: string): ArchiveBlocks {
		if (generation !== this.generation) this.known.clear();
		this.generation = generation;
		const found = this.known.get(key) ?? new ArchiveBlocks();
		this.known.delete(key);
		this.known.set(key, found);
		this.make_room(key);
		return found;
	}

	private make_room(key: string): void {
		let all = 0;
		for (const [name, { all: blocks }] of this.known) {
			// Nobody need remember that nothing is known
			if (blocks.length === 0 && name !== key) this.known.delete(name);
			all += blocks.length;
		}
		for (const [name, { all: blocks }] of this.known) {
			if (all <= most_blocks || name === key) return;
			this.known.delete(name);
			all -= blocks.length;
		}
	}

	/** What is known of archives whose keys begin so. */
	*beginning(key: string): Generator<ArchiveBlocks> {
		for (const [name, blocks] of this.known) if (name.startsWith(key)) yield blocks;
	}

	forget(): void {
		this.known.clear();
	}
}
