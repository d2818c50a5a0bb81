// No counterpart: what is known of a large list's blocks, in a file beside it, so that the list need not be read again after a start.

import type { StoredList } from "../../util/datamanager/lists.ts";
import { ok, type Result } from "../../util/error.ts";
import * as json from "../../util/json.ts";
import type { Block, Parts } from "../archive_blocks.lib.ts";
import { IdFilter, sought } from "./id_filter.ts";

/** Entries that follow each other in a list, numbered from 0. */
export interface ListBlock extends Block {
	ids: IdFilter;
	/** Where the last of them ends in the file. */
	end: number;
}

const magic = Buffer.from("enjamb list 1\n", "latin1");
/** A record's head: how long the rest of it is, and how much of that is text. */
const head_size = 8;

/** A record for a block. */
export function block_record({ from, to, parts, ids, end }: ListBlock): Buffer {
	const text = Buffer.from(
		JSON.stringify([from, to, end, [...parts].map(([name, { count, first, last }]) => [name, count, first, last])]),
		"utf8",
	);
	const head = Buffer.alloc(head_size);
	head.writeUInt32LE(text.length + ids.bytes.length, 0);
	head.writeUInt32LE(text.length, 4);
	return Buffer.concat([head, text, ids.bytes]);
}

/** A whole file. */
export function summary_bytes(blocks: readonly ListBlock[]): Buffer {
	return Buffer.concat([magic, ...blocks.map(block_record)]);
}

function read_parts(value: unknown): Result<Parts, undefined> {
	const parts: Parts = new Map();
	for (const part of Array.isArray(value) ? value : []) {
		const [name, count, first, last] = Array.isArray(part) ? part : [];
		if (typeof name !== "string" || typeof count !== "number" || typeof first !== "number" || typeof last !== "number") {
			return { ok: false, error: undefined };
		}
		parts.set(name, { count, first, last });
	}
	return ok(parts);
}

function read_record(text: string, ids: Buffer): ListBlock | undefined {
	const read = json.decode(text);
	const [from, to, end, listed] = read.ok && Array.isArray(read.value) ? read.value : [];
	const parts = read_parts(listed);
	if (typeof from !== "number" || typeof to !== "number" || typeof end !== "number" || !parts.ok) return undefined;
	return { from, to, end, parts: parts.value, ids: new IdFilter(ids), stale: false };
}

/** The blocks that a file tells of, up to the first that is not whole, and whether all of them are. */
export function read_summary(bytes: Buffer): { blocks: ListBlock[]; is_whole: boolean } {
	const blocks: ListBlock[] = [];
	if (!bytes.subarray(0, magic.length).equals(magic)) return { blocks, is_whole: false };
	let at = magic.length;
	while (at + head_size <= bytes.length) {
		const length = bytes.readUInt32LE(at);
		const text_length = bytes.readUInt32LE(at + 4);
		const start = at + head_size;
		const end = start + length;
		if (end > bytes.length || text_length >= length) break;
		const text = bytes.toString("utf8", start, start + text_length);
		const block = read_record(text, bytes.subarray(start + text_length, end));
		if (block === undefined || block.from !== (blocks.at(-1)?.to ?? -1) + 1 || block.to < block.from) break;
		blocks.push(block);
		at = end;
	}
	return { blocks, is_whole: at === bytes.length };
}

/**
 * How many of the blocks fit a list: those before the place where something was removed or added. What is replaced by something
 * of the same length is the same message with another text.
 * @param id_at gives the id of an entry: where as much was removed as follows, the end of a block is where it was, and the last entry another
 */
export function fitting(blocks: readonly ListBlock[], list: StoredList, id_at: (index: number) => string | undefined): number {
	const fits = ({ to, end, ids }: ListBlock): boolean => {
		if (to >= list.length || list.start(to + 1) !== end) return false;
		const id = id_at(to);
		return id === undefined || ids.may_have(sought(id));
	};
	let low = 0;
	let high = blocks.length;
	while (low < high) {
		const middle = (low + high + 1) >>> 1;
		const block = blocks[middle - 1];
		if (block !== undefined && fits(block)) low = middle;
		else high = middle - 1;
	}
	return low;
}
