// No counterpart: part of `enjamb compare`.

import * as datetime from "../../host/util/datetime.ts";
import { ns } from "../../host/util/ns.ts";
import { Stanza } from "../../host/util/stanza.ts";
import type { Bindings } from "./bindings.ts";
import type { DifferenceKind } from "./types.ts";

/** A difference inside a stanza. */
export interface ElementDifference {
	readonly kind: DifferenceKind;
	readonly path: string;
	readonly reference: string | undefined;
	readonly subject: string | undefined;
}

/** What the comparison needs to know about the play. */
export interface Context {
	readonly bindings: Bindings;
	/** Ids that clients chose, which servers have to keep as they are. */
	readonly chosen_ids: ReadonlySet<string>;
	/** Writes a value of either server in the play's own terms: full JIDs of players by their names. */
	readonly reference_terms: (value: string) => string;
	readonly subject_terms: (value: string) => string;
}

/** The kind of a value that servers need not agree on: made up once and then kept, or a point in time. */
type Freedom = "opaque" | "time" | "seconds";

const free_attributes = new Map<string, Freedom>([
	[`delay@stamp ${ns.delay}`, "time"],
	[`x@stamp ${ns.legacy_delay}`, "time"],
	[`occupant-id@id ${ns.occupant_id}`, "opaque"],
	[`stanza-id@id ${ns.stanza_id}`, "opaque"],
	["result@id urn:xmpp:mam:2", "opaque"],
	...(["start", "end"] as const).flatMap((name): [string, Freedom][] => [
		[`${name}@id ${ns.mam}`, "opaque"],
		[`${name}@timestamp ${ns.mam}`, "time"],
	]),
	["apply-to@id urn:xmpp:fasten:0", "opaque"],
	["c@ver http://jabber.org/protocol/caps", "opaque"],
	[`query@seconds ${ns.last}`, "seconds"],
	[`command@sessionid ${ns.commands}`, "opaque"],
	[`enabled@id ${ns.sm3}`, "opaque"],
	[`resumed@previd ${ns.sm3}`, "opaque"],
]);

const free_texts = new Map<string, Freedom>([
	[`utc ${ns.time}`, "time"],
	[`unique ${ns.muc_unique}`, "opaque"],
	[`first ${ns.rsm}`, "opaque"],
	[`last ${ns.rsm}`, "opaque"],
]);

/** Where ids of published items stand. */
const item_names: ReadonlySet<string> = new Set(["item@id", "retract@id", "item@name"]);
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Whether this is a stanza that another carries, as archives and carbons do. */
function is_stanza(element: Stanza): boolean {
	return element.attr["xmlns"] === ns.client && ["message", "presence", "iq"].includes(element.name);
}

function freedom_of_attribute(element: Stanza, name: string, is_top: boolean): Freedom | undefined {
	if (name === "id" && (is_top || is_stanza(element))) return "opaque";
	// Items that nobody has named
	if (item_names.has(`${element.name}@${name}`) && uuid.test(element.attr[name] ?? "")) return "opaque";
	return free_attributes.get(`${element.name}@${name} ${element.attr["xmlns"]}`);
}

function freedom_of_text(element: Stanza): Freedom | undefined {
	const name = `${element.name} ${element.attr["xmlns"]}`;
	// The avatar that an item is, which nobody has named
	if (name === `photo ${ns.vcard_update}` && uuid.test(text_of(element))) return "opaque";
	return free_texts.get(name);
}

/**
 * A copy in which every value that servers need not agree on is `{scansion:any}`, as scripts write it.
 * @param chosen_ids ids that clients chose, which stay
 */
export function with_free_values_open(element: Stanza, chosen_ids: ReadonlySet<string>, is_top = true): Stanza {
	const copy = new Stanza(element.name, element.attr);
	for (const [name, value] of Object.entries(element.attr)) {
		const is_free = freedom_of_attribute(element, name, is_top) !== undefined;
		if (is_free && value !== undefined && !chosen_ids.has(value)) copy.attr[name] = "{scansion:any}";
	}
	const is_free_text = freedom_of_text(element) !== undefined;
	for (const child of element.children) {
		if (child instanceof Stanza) copy.append_parsed(with_free_values_open(child, chosen_ids, false));
		else copy.append_parsed(is_free_text ? "{scansion:any}" : String(child));
	}
	return copy;
}

/** Whether both values are of the same free kind, and, for made-up ones, the same as before. */
function agree(freedom: Freedom, reference: string, subject: string, context: Context): boolean {
	switch (freedom) {
		case "time":
			return datetime.parse(reference) !== undefined && datetime.parse(subject) !== undefined;
		case "seconds":
			return /^[0-9]+$/.test(reference) && /^[0-9]+$/.test(subject);
		case "opaque":
			if (context.chosen_ids.has(reference) || context.chosen_ids.has(subject)) return false;
			return context.bindings.bind(reference, subject);
	}
}

function compare_attributes(
	reference: Stanza,
	subject: Stanza,
	path: string,
	is_top: boolean,
	context: Context,
): ElementDifference[] {
	const differences: ElementDifference[] = [];
	for (const name of new Set([...Object.keys(reference.attr), ...Object.keys(subject.attr)])) {
		const [here, there] = [reference.attr[name], subject.attr[name]];
		const values = {
			reference: here === undefined ? undefined : context.reference_terms(here),
			subject: there === undefined ? undefined : context.subject_terms(there),
		};
		const freedom = freedom_of_attribute(reference, name, is_top);
		if (freedom !== undefined && here !== undefined && there !== undefined) {
			const is_same_choice = here === there && context.chosen_ids.has(here);
			if (is_same_choice || agree(freedom, here, there, context)) continue;
			const kind =
				freedom === "opaque" && !context.chosen_ids.has(here) && !context.chosen_ids.has(there) ? "reuse" : "attribute";
			differences.push({ kind, path: `${path}@${name}`, ...values });
		} else if (values.reference !== values.subject) {
			differences.push({ kind: "attribute", path: `${path}@${name}`, ...values });
		}
	}
	return differences;
}

function text_of(element: Stanza): string {
	return element.children.filter((child) => typeof child === "string").join("");
}

function compare_text(reference: Stanza, subject: Stanza, path: string, context: Context): ElementDifference[] {
	const [here, there] = [text_of(reference), text_of(subject)];
	const freedom = freedom_of_text(reference);
	if (freedom !== undefined && here !== "" && there !== "") {
		if (agree(freedom, here, there, context)) return [];
		return [{ kind: freedom === "opaque" ? "reuse" : "text", path, reference: here, subject: there }];
	}
	const values = { reference: context.reference_terms(here), subject: context.subject_terms(there) };
	return values.reference === values.subject ? [] : [{ kind: "text", path, ...values }];
}

/**
 * Pairs similar items: first equal ones, then, in order, those of the same sort that differ least; the rest has no partner.
 * @param differences of two items; empty for equal ones, undefined for items of different sorts
 */
export function pair<Item, Found>(
	references: readonly Item[],
	subjects: readonly Item[],
	bindings: Bindings,
	differences: (reference: Item, subject: Item) => Found[] | undefined,
): { found: Found[]; missing: Item[]; extra: Item[]; order: [number, number][] } {
	const [[reference], [subject]] = [references, subjects];
	if (reference !== undefined && subject !== undefined && references.length === 1 && subjects.length === 1) {
		// Only one choice: looking for the best partner first would take three times as long for each enclosing element.
		const mark = bindings.mark();
		const found = differences(reference, subject);
		if (found) return { found, missing: [], extra: [], order: [[0, 0]] };
		bindings.rollback(mark);
		return { found: [], missing: [reference], extra: [subject], order: [] };
	}
	const order: [number, number][] = [];
	const taken = new Set<number>();
	const open: number[] = [];
	references.forEach((reference, index) => {
		const partner = subjects.findIndex((subject, candidate) => {
			if (taken.has(candidate)) return false;
			const mark = bindings.mark();
			if (differences(reference, subject)?.length === 0) return true;
			bindings.rollback(mark);
			return false;
		});
		if (partner < 0) open.push(index);
		else {
			taken.add(partner);
			order.push([index, partner]);
		}
	});
	const found: Found[] = [];
	const missing: Item[] = [];
	for (const index of open) {
		const reference = references[index];
		if (reference === undefined) continue;
		let least = Number.POSITIVE_INFINITY;
		let partner: number | undefined;
		for (const [candidate, subject] of subjects.entries()) {
			if (taken.has(candidate)) continue;
			const mark = bindings.mark();
			const count = differences(reference, subject)?.length ?? least;
			bindings.rollback(mark);
			if (count >= least) continue;
			least = count;
			partner = candidate;
		}
		const subject = partner === undefined ? undefined : subjects[partner];
		if (partner === undefined || subject === undefined) missing.push(reference);
		else {
			taken.add(partner);
			order.push([index, partner]);
			found.push(...(differences(reference, subject) ?? []));
		}
	}
	return { found, missing, extra: subjects.filter((_, candidate) => !taken.has(candidate)), order };
}

/**
 * Compares two elements: attributes in any order, children in any order, values that servers make up one to one.
 * @param path where the elements are, for the differences
 * @returns an empty list for equal ones
 */
export function compare_elements(
	reference: Stanza,
	subject: Stanza,
	path: string,
	context: Context,
	is_top = false,
): ElementDifference[] {
	const differences = compare_attributes(reference, subject, path, is_top, context);
	differences.push(...compare_text(reference, subject, path, context));
	const children = pair(reference.tags, subject.tags, context.bindings, (here, there) =>
		here.name === there.name && here.attr["xmlns"] === there.attr["xmlns"]
			? compare_elements(here, there, `${path}/${here.name}`, context)
			: undefined,
	);
	differences.push(...children.found);
	for (const missing of children.missing) {
		const text = context.reference_terms(String(missing));
		differences.push({ kind: "missing element", path: `${path}/${missing.name}`, reference: text, subject: undefined });
	}
	for (const extra of children.extra) {
		const text = context.subject_terms(String(extra));
		differences.push({ kind: "extra element", path: `${path}/${extra.name}`, reference: undefined, subject: text });
	}
	return differences;
}
