// No counterpart: part of `enjamb compare`. Two stanzas laid on top of each other, for reports that show them side by side.

import { createHash } from "node:crypto";
import { ns } from "../../host/util/ns.ts";
import { Stanza } from "../../host/util/stanza.ts";
import { with_free_values_open } from "./elements.ts";

/** A value of each server; undefined where a server has none. */
export interface Sides<Value> {
	readonly reference: Value | undefined;
	readonly subject: Value | undefined;
}

/** One of the two servers. */
export type Side = keyof Sides<unknown>;

/** Why something is marked: it differs, it differs in a known way, or servers choose it freely and it need not be the same. */
export type Mark = "different" | "known" | "free";

/** An attribute that at least one server sends. */
export interface MergedAttribute extends Sides<string> {
	readonly name: string;
	mark: Mark | undefined;
}

/** Text that at least one server sends. */
export interface MergedText extends Sides<string> {
	readonly kind: "text";
	mark: Mark | undefined;
}

/** An element that at least one server sends. */
export interface MergedElement {
	readonly kind: "element";
	readonly name: string;
	/** Who sends it. */
	readonly side: Side | "both";
	readonly attributes: readonly MergedAttribute[];
	/** In the reference's order, with what only the other server has where it has it. */
	readonly children: readonly (MergedElement | MergedText)[];
	/** Marks the whole element where only one server sends it, and only the tag where both do. */
	mark: Mark | undefined;
	/** Whether children of it, or of elements below, come in another order from the other server. */
	readonly reordered: boolean;
	/** The element as XML, in the play's terms, by server. */
	readonly xml: Sides<() => string>;
}

/** How the stanzas of one server are read. */
export interface Reading {
	/** Writes values in the play's terms: full JIDs of players by their names. */
	readonly terms: (value: string) => string;
	/** Ids that clients chose, which servers have to keep as they are. */
	readonly chosen_ids: ReadonlySet<string>;
}

/** An element of one server in the play's terms. */
export interface Plain {
	readonly kind: "element";
	readonly name: string;
	/** As declared. */
	readonly xmlns: string | undefined;
	readonly attributes: readonly { readonly name: string; readonly value: string; readonly free: boolean }[];
	readonly children: readonly (Plain | PlainText)[];
	/** The same for elements that are equal whatever the order, free values apart. */
	readonly key: string;
	readonly xml: () => string;
}

interface PlainText {
	readonly kind: "text";
	readonly text: string;
	readonly free: boolean;
}

/**
 * @param open a copy of the element in which free values are replaced
 * @param xmlns_around namespace of the parent, which need not be written again
 */
function plain_of(element: Stanza, open: Stanza | undefined, xmlns_around: string, terms: Reading["terms"]): Plain {
	const xmlns = element.attr["xmlns"];
	const attributes: { name: string; value: string; free: boolean }[] = [];
	for (const [name, value] of Object.entries(element.attr)) {
		if (value === undefined || (name === "xmlns" && value === xmlns_around)) continue;
		attributes.push({ name, value: terms(value), free: open !== undefined && open.attr[name] !== value });
	}
	// The namespace comes first, since it says what the element is.
	attributes.sort((a, b) => Number(b.name === "xmlns") - Number(a.name === "xmlns"));
	const children: (Plain | PlainText)[] = [];
	const has_elements = element.first_tag !== undefined;
	element.children.forEach((child, index) => {
		const twin = open?.children[index];
		if (child instanceof Stanza) {
			children.push(plain_of(child, twin instanceof Stanza ? twin : undefined, xmlns ?? xmlns_around, terms));
		} else {
			const text = String(child);
			const is_layout = has_elements && text.trim() === "";
			if (text !== "" && !is_layout)
				children.push({ kind: "text", text: terms(text), free: typeof twin === "string" && twin !== text });
		}
	});
	return {
		kind: "element",
		name: element.name,
		xmlns,
		attributes,
		children,
		key: key_of(element.name, xmlns, attributes, children),
		xml: () => terms(String(element)),
	};
}

function key_of(name: string, xmlns: string | undefined, attributes: Plain["attributes"], children: Plain["children"]): string {
	const pairs = attributes
		.filter((attribute) => attribute.name !== "xmlns")
		.map(({ name, value, free }) => [name, free ? null : value]);
	const texts = children.flatMap((child) => (child.kind === "text" ? [child.free ? null : child.text] : []));
	const keys = children.flatMap((child) => (child.kind === "element" ? [child.key] : []));
	return fingerprint([name, xmlns ?? null, pairs.sort(by_text), texts, keys.sort()]);
}

/** The same short text for the same values. Texts of whole elements would double in length with each element around them. */
export function fingerprint(values: readonly unknown[]): string {
	return createHash("sha1").update(JSON.stringify(values)).digest("base64");
}

function by_text(a: readonly unknown[], b: readonly unknown[]): number {
	return String(a[0]) < String(b[0]) ? -1 : 1;
}

/**
 * Pairs numbers of items: those that are equal first, then those that are of one sort, each in order.
 * @returns for each reference the number of its partner
 */
export function pair_up<Item>(
	references: readonly Item[],
	subjects: readonly Item[],
	...alike: readonly ((reference: Item, subject: Item) => boolean)[]
): Map<number, number> {
	const partners = new Map<number, number>();
	const taken = new Set<number>();
	for (const is_alike of alike) {
		for (const [index, reference] of references.entries()) {
			if (partners.has(index)) continue;
			const partner = subjects.findIndex((subject, candidate) => !taken.has(candidate) && is_alike(reference, subject));
			if (partner < 0) continue;
			partners.set(index, partner);
			taken.add(partner);
		}
	}
	return partners;
}

/** Rows of partners in the reference's order; what only the other has stands after what it follows there. */
export function rows_of(references: number, subjects: number, partners: ReadonlyMap<number, number>): Sides<number>[] {
	const rows: Sides<number>[] = [];
	for (let reference = 0; reference < references; reference++) rows.push({ reference, subject: partners.get(reference) });
	const taken = new Set(partners.values());
	for (let subject = 0; subject < subjects; subject++) {
		if (taken.has(subject)) continue;
		const before = subject === 0 ? -1 : rows.findIndex((row) => row.subject === subject - 1);
		rows.splice(before + 1, 0, { reference: undefined, subject });
	}
	return rows;
}

function is_ascending(numbers: readonly number[]): boolean {
	return numbers.every((number, index) => index === 0 || number > (numbers[index - 1] ?? 0));
}

function merge_attributes(reference: Plain | undefined, subject: Plain | undefined): MergedAttribute[] {
	const merged: MergedAttribute[] = [];
	const names = new Set([...(reference?.attributes ?? []), ...(subject?.attributes ?? [])].map(({ name }) => name));
	for (const name of names) {
		const here = reference?.attributes.find((attribute) => attribute.name === name);
		const there = subject?.attributes.find((attribute) => attribute.name === name);
		merged.push({ name, reference: here?.value, subject: there?.value, mark: here?.free || there?.free ? "free" : undefined });
	}
	return merged;
}

function merge_children(
	reference: Plain | undefined,
	subject: Plain | undefined,
): { children: (MergedElement | MergedText)[]; reordered: boolean } {
	const [here, there] = [reference?.children ?? [], subject?.children ?? []];
	const partners = pair_up(
		here,
		there,
		(a, b) => a.kind === "element" && b.kind === "element" && a.key === b.key,
		(a, b) => (a.kind === "element" && b.kind === "element" ? a.name === b.name && a.xmlns === b.xmlns : a.kind === b.kind),
	);
	let reordered = !is_ascending([...partners].sort(([a], [b]) => a - b).map(([, partner]) => partner));
	const children = rows_of(here.length, there.length, partners).map((row) => {
		const a = row.reference === undefined ? undefined : here[row.reference];
		const b = row.subject === undefined ? undefined : there[row.subject];
		if (a?.kind === "text" || b?.kind === "text") {
			const [left, right] = [a?.kind === "text" ? a : undefined, b?.kind === "text" ? b : undefined];
			const mark = left?.free || right?.free ? ("free" as const) : undefined;
			return { kind: "text" as const, reference: left?.text, subject: right?.text, mark };
		}
		const element = merge_plain(a, b);
		if (element.reordered) reordered = true;
		return element;
	});
	return { children, reordered };
}

/** Merges two elements, or takes one alone. */
export function merge_plain(reference: Plain | undefined, subject: Plain | undefined): MergedElement {
	return {
		kind: "element",
		name: reference?.name ?? subject?.name ?? "",
		side: subject === undefined ? "reference" : reference === undefined ? "subject" : "both",
		attributes: merge_attributes(reference, subject),
		...merge_children(reference, subject),
		mark: undefined,
		xml: { reference: reference?.xml, subject: subject?.xml },
	};
}

/** Reads a stanza of a server. */
export function read_stanza(stanza: Stanza, { terms, chosen_ids }: Reading): Plain {
	return plain_of(stanza, with_free_values_open(stanza, chosen_ids), ns.client, terms);
}

/** Lays out one stanza that no server sent, such as what a client sends, as one that both have. */
export function merge_one(stanza: Stanza): MergedElement {
	const plain = plain_of(stanza, undefined, ns.client, (value) => value);
	return merge_plain(plain, plain);
}
