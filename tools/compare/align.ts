// No counterpart: part of `enjamb compare`. What a third server sent, beside what the other two did.

import { fingerprint, type MergedElement, type MergedText, pair_up } from "./merge.ts";
import type { StanzaPair } from "./pairs.ts";

/** Two views of the same answers of a reference, each with what another server has in place of them. */
export interface Aligned<Item> {
	/** As our server has it; undefined where neither the reference nor our server has it. */
	readonly own: Item | undefined;
	/** As the third server has it; undefined where only our server has it. */
	readonly third: Item | undefined;
}

/** The same for elements of the subject that are equal whatever the order of attributes, free values apart. */
function shape_of(element: MergedElement | MergedText): string {
	if (element.kind === "text") return fingerprint([element.mark === "free" ? null : element.subject]);
	const attributes = element.attributes
		.filter(({ subject }) => subject !== undefined)
		.map(({ name, subject, mark }) => `${name} ${mark === "free" ? "" : subject}`);
	return fingerprint([element.name, attributes.sort(), element.children.map(shape_of)]);
}

/** What distinguishes stanzas and elements of the same name at first sight. */
function about(element: MergedElement | MergedText): string {
	if (element.kind === "text") return "";
	const sender = element.attributes.find(({ name }) => name === "from")?.subject;
	return `${element.name} ${sender ?? ""}`;
}

/**
 * Aligns two lists that share the reference's items: everything of the reference, in its order, and in between what only the other
 * servers have. Items that both of them have are paired.
 */
function align<Item>(
	own: readonly Item[],
	third: readonly Item[],
	is_of_reference: (item: Item) => boolean,
	content: (item: Item) => MergedElement | MergedText,
): Aligned<Item>[] {
	const extra = (items: readonly Item[]): Item[] => items.filter((item) => !is_of_reference(item));
	const [own_extra, third_extra] = [extra(own), extra(third)];
	const shape = new Map([...own_extra, ...third_extra].map((item) => [item, shape_of(content(item))]));
	const numbers = pair_up(
		own_extra,
		third_extra,
		(a, b) => shape.get(a) === shape.get(b),
		(a, b) => about(content(a)) === about(content(b)),
	);
	const partners = new Map([...numbers].map(([a, b]) => [own_extra[a], third_extra[b]]));
	const paired = new Set(partners.values());
	const rows: Aligned<Item>[] = [];
	let at = 0;
	const take_third_extra = (): void => {
		for (let item = third[at]; item !== undefined && !is_of_reference(item); item = third[++at]) {
			if (!paired.has(item)) rows.push({ own: undefined, third: item });
		}
	};
	for (const item of own) {
		if (is_of_reference(item)) {
			take_third_extra();
			rows.push({ own: item, third: third[at++] });
		} else rows.push({ own: item, third: partners.get(item) });
	}
	take_third_extra();
	return rows;
}

/** Aligns what a client received, as compared with our server and with a third one. */
export function align_stanzas(own: readonly StanzaPair[], third: readonly StanzaPair[]): Aligned<StanzaPair>[] {
	return align(
		own,
		third,
		({ position }) => position.reference !== undefined,
		({ merged }) => merged,
	);
}

/** Aligns the children of an element, as compared with our server and with a third one. */
export function align_children(
	own: MergedElement["children"],
	third: MergedElement["children"],
): Aligned<MergedElement | MergedText>[] {
	const is_of_reference = (child: MergedElement | MergedText): boolean =>
		child.kind === "element" ? child.side !== "subject" : child.reference !== undefined;
	return align(own, third, is_of_reference, (child) => child);
}
