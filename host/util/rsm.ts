// Counterpart: util/rsm.lua (XEP-0059)

import { ns } from "./ns.ts";
import { type Stanza, stanza } from "./stanza.ts";

/** The first item of a page, and its position in the whole result. */
export interface FirstItem {
	readonly id: string | undefined;
	readonly index: number | undefined;
}

/** What a `<set/>` asks for (max, after, before, index) or tells (first, last, count). */
export interface ResultSet {
	max?: number | undefined;
	index?: number | undefined;
	after?: string | undefined;
	/** An item, or `true` for the last page. */
	before?: string | true | undefined;
	/** A plain text is an item without index; `parse` never gives that. */
	first?: FirstItem | string | undefined;
	last?: string | undefined;
	count?: number | undefined;
}

/** Reads a number like Lua's tonumber, for decimal and hexadecimal notation. */
function to_number(text: string | undefined): number | undefined {
	const trimmed = text?.replace(/^[ \t-\r]+|[ \t-\r]+$/g, "");
	if (trimmed === undefined || !/^[-+]?(?:0x[0-9a-f]+|(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?)$/i.test(trimmed)) return undefined;
	const value = Number(trimmed.replace(/^[-+]/, ""));
	return trimmed.startsWith("-") ? -value : value;
}

function integer(value: number): string {
	if (!Number.isSafeInteger(value)) throw new RangeError(`rsm: expected a whole number, got ${value}`);
	return String(value);
}

/** Reads the children of a `<set/>` that XEP-0059 defines; invalid numbers are left out. */
export function parse(set: Stanza): ResultSet {
	const result: ResultSet = {};
	for (const tag of set.childtags()) {
		const text = tag.get_text();
		switch (tag.name) {
			case "max":
			case "index":
			case "count":
				result[tag.name] = to_number(text);
				break;
			case "after":
			case "last":
				result[tag.name] = text;
				break;
			case "before":
				result.before = text === "" ? true : text;
				break;
			case "first":
				result.first = { id: text, index: to_number(tag.attr["index"]) };
				break;
		}
	}
	return result;
}

/** Builds a `<set/>`. Throws a RangeError for a number that is not whole. */
export function generate({ max, index, after, before, first, last, count }: ResultSet): Stanza {
	const set = stanza("set", { xmlns: ns.rsm });
	if (max !== undefined) set.text_tag("max", integer(max));
	if (index !== undefined) set.text_tag("index", integer(index));
	if (after !== undefined) set.text_tag("after", after);
	if (before !== undefined) set.text_tag("before", before === true ? undefined : before);
	if (typeof first === "string") set.text_tag("first", first);
	else if (first) set.text_tag("first", first.id, { index: first.index === undefined ? undefined : integer(first.index) });
	if (last !== undefined) set.text_tag("last", last);
	if (count !== undefined) set.text_tag("count", integer(count));
	return set;
}

/** The request or answer in the `<set/>` child of an element; `undefined` without such a child, or for an empty one. */
export function get(element: Stanza): ResultSet | undefined {
	const set = element.get_child("set", ns.rsm);
	return set?.first_tag ? parse(set) : undefined;
}
