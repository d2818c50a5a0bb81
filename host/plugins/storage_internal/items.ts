// Counterpart: plugins/mod_storage_internal.lua (archive): how items are written

import { is_since } from "../../core/storage_shims.ts";
import type { ArchiveQuery } from "../../core/types.ts";
import * as datetime from "../../util/datetime.ts";
import { type LuaKey, type LuaMap, type LuaValue, new_record } from "../../util/luatable.ts";
import * as st from "../../util/stanza.ts";

/** What queries need of an item, so that the rest need not be read. */
export interface Heading {
	readonly id: string;
	readonly when: number;
	readonly with: string;
}

// How items are written: an item's own keys are indented by one tab, and texts have no line breaks.
const key_head = '\n\t["key"] = "';
const when_head = '\n\t["when"] = ';
const with_head = '\n\t["with"] = "';
const beginning = "item({\n";
const ending = ";\n});\n";
/** Texts without quotes and escapes. */
const plain_text = /^[!#-&(-[\]-~ ]*$/;
const plain_number = /^[\d.]+$/;

/** What stands behind a word of an item, up to a mark; undefined where the item does not have it in this form. */
function value_behind(text: string, start: number, end: number, head: string, mark: string, form: RegExp): string | undefined {
	const at = text.indexOf(head, start);
	if (at < 0 || at >= end) return undefined;
	const from = at + head.length;
	const to = text.indexOf(mark, from);
	if (to < 0 || to >= end) return undefined;
	const value = text.slice(from, to);
	return form.test(value) ? value : undefined;
}

/**
 * Reads the heading of the item between two places of a text without the whole item, and without a copy of it; undefined where that has
 * another form than usual.
 */
export function quick_heading(text: string, start: number, end: number): Heading | undefined {
	const when = quick_time(text, start, end);
	if (when === undefined) return undefined;
	const id = value_behind(text, start, end, key_head, '";', plain_text);
	const with_whom = value_behind(text, start, end, with_head, '";', plain_text);
	return id === undefined || with_whom === undefined ? undefined : { id, when, with: with_whom };
}

/** The same for the time alone. */
export function quick_time(text: string, start: number, end: number): number | undefined {
	if (!text.startsWith(beginning, start) || !text.startsWith(ending, end - ending.length)) return undefined;
	const when = value_behind(text, start, end, when_head, ";", plain_number);
	return when === undefined ? undefined : Number(when);
}

function field(item: LuaValue | undefined, key: LuaKey): LuaValue | undefined {
	if (item instanceof Map) return item.get(key);
	return typeof item === "object" && !Array.isArray(item) && typeof key === "string" ? item[key] : undefined;
}

/** The heading of a stored item; old items have no key, and their time only as a stamp. */
export function full_heading(item: LuaValue, number: number): Heading | undefined {
	const stamp = field(field(item, "attr"), "stamp");
	const when = field(item, "when") ?? (typeof stamp === "string" ? datetime.parse(stamp) : undefined);
	const key = field(item, "key");
	const with_whom = field(item, "with");
	if (typeof when !== "number" || typeof field(item, "name") !== "string") return undefined;
	return { id: typeof key === "string" ? key : String(number), when, with: typeof with_whom === "string" ? with_whom : "" };
}

/** A stanza as the archives of files keep it: with key, time and partner among its own parts. */
export function to_item(stanza: st.Stanza, { id, when, with: with_whom }: Heading): LuaMap {
	const item: LuaMap = new Map(st.preserialize(stanza));
	const attr = new_record();
	for (const name in stanza.attr) {
		const value = stanza.attr[name];
		if (value !== undefined) attr[name] = value;
	}
	attr["stamp"] = datetime.datetime(when);
	item.set("attr", attr).set("key", id).set("when", when).set("with", with_whom);
	return item;
}

/** The stanza of an item; undefined where it holds none. */
export function to_stanza(item: LuaValue): st.Stanza | undefined {
	const stanza = st.deserialize(item);
	if (stanza === undefined) return undefined;
	stanza.attr["stamp"] = undefined;
	stanza.attr["stamp_legacy"] = undefined;
	return stanza;
}

/** Whether a query is for an item, not counting `after` and `before`. */
export function matches(heading: Heading, query: ArchiveQuery, ids: ReadonlySet<string> | undefined): boolean {
	return (
		(query.key === undefined || heading.id === query.key) &&
		(ids === undefined || ids.has(heading.id)) &&
		(query.with === undefined || heading.with === query.with) &&
		(query.start === undefined || is_since(heading.when, query.start)) &&
		(query.end === undefined || heading.when <= query.end)
	);
}
