// Counterpart: util/rsm.lua (XEP-0059)

import { ns } from "./ns.ts";
import { type Stanza, stanza } from "./stanza.ts";
import { tonumber } from "./tonumber.ts";

/** The first item of a page, and its position in the whole result. */
export interface FirstItem<Num = number> {
	readonly id: string | undefined;
	readonly index: Num | undefined;
}

/** What a `<set/>` asks for (max, after, before, index) or tells (first, last, count). */
export interface ResultSet<Num = number> {
	max?: Num | undefined;
	index?: Num | undefined;
	after?: string | undefined;
	/** An item, or `true` for the last page. */
	before?: string | true | undefined;
	/** A plain text is an item without index; `parse` never gives that. */
	first?: FirstItem<Num> | string | undefined;
	last?: string | undefined;
	count?: Num | undefined;
}

function integer(value: number): string {
	if (!Number.isInteger(value)) throw new RangeError(`rsm: expected a whole number, got ${value}`);
	// Large ones without exponent
	return BigInt(value).toString();
}

/** Reads the children of a `<set/>` that XEP-0059 defines; invalid numbers are left out. */
export function parse(set: Stanza): ResultSet {
	return parse_with(set, tonumber);
}

/** The same, with numbers as the caller reads them: of a text, or of a missing one; undefined for what is none. */
export function parse_with<Num>(set: Stanza, to_number: (text: string | undefined) => Num | undefined): ResultSet<Num> {
	const result: ResultSet<Num> = {};
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

/** The `<set/>` child of an element; `undefined` without such a child, or for an empty one. */
export function get_set(element: Stanza): Stanza | undefined {
	const set = element.get_child("set", ns.rsm);
	return set?.first_tag ? set : undefined;
}

/** The request or answer in the `<set/>` child of an element; `undefined` without such a child, or for an empty one. */
export function get(element: Stanza): ResultSet | undefined {
	const set = get_set(element);
	return set && parse(set);
}
