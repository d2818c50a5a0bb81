// No counterpart: part of `enjamb compare --html`. Stanzas as the page's script gets them, with what each server has.

import { attribute_name } from "../../scansion/match.ts";
import { align_children } from "../align.ts";
import type { Mark, MergedAttribute, MergedElement, MergedText, Sides } from "../merge.ts";

/** `d`ifferent, `k`nown, `f`ree; empty for what is not marked. */
export type PageMark = "" | "d" | "k" | "f";

type Value = string | null;

/** Name and value, where all servers have the same; otherwise name, the reference's, ours, our mark, the third's, the third's mark. */
type PageAttribute = [string, string] | [string, Value, Value, PageMark] | [string, Value, Value, PageMark, Value, PageMark];

/**
 * Text that all have; what each has, with our mark and the third's, since each has been compared with the reference on its own; an
 * element.
 */
type PageNode = string | { t: Value[]; m: PageMark; n?: PageMark } | PageElement;

/**
 * An element: name, attributes, children, the columns that it is in (`l`eft the reference, `r` ours, `t` the third; empty for all),
 * our mark, the third's mark.
 */
export type PageElement = [string, PageAttribute[], PageNode[], string?, PageMark?, PageMark?];

/** The same place as compared with our server and with a third one; the latter is missing where there is no third. */
interface Both<Item> {
	readonly own: Item | undefined;
	readonly third?: Item | undefined;
}

const marks: Record<Mark, PageMark> = { different: "d", known: "k", free: "f" };

function page_mark(item: { readonly mark: Mark | undefined } | undefined): PageMark {
	return item?.mark === undefined ? "" : marks[item.mark];
}

/** What each server has, and whether that is the same and not marked. */
function values_of(
	{ own, third }: Both<Sides<string> & { readonly mark: Mark | undefined }>,
	is_triple: boolean,
): { values: [Value, Value, Value]; uniform: string | undefined } {
	const reference = own?.reference ?? third?.reference ?? null;
	const [ours, thirds] = [own?.subject ?? null, third?.subject ?? null];
	const is_uniform =
		reference !== null &&
		reference === ours &&
		own?.mark === undefined &&
		(!is_triple || (reference === thirds && third?.mark === undefined));
	return { values: [reference, ours, thirds], uniform: is_uniform ? reference : undefined };
}

function page_attributes({ own, third }: Both<MergedElement>, is_triple: boolean): PageAttribute[] {
	const names = new Set([...(own?.attributes ?? []), ...(third?.attributes ?? [])].map(({ name }) => name));
	const named = (element: MergedElement | undefined, name: string): MergedAttribute | undefined =>
		element?.attributes.find((attribute) => attribute.name === name);
	return [...names].map((name): PageAttribute => {
		const both = { own: named(own, name), third: named(third, name) };
		const { values, uniform } = values_of(both, is_triple);
		const title = attribute_name(name);
		if (uniform !== undefined) return [title, uniform];
		const two: [string, Value, Value, PageMark] = [title, values[0], values[1], page_mark(both.own)];
		return is_triple ? [...two, values[2], page_mark(both.third)] : two;
	});
}

function page_text(both: Both<MergedText>, is_triple: boolean): PageNode {
	const { values, uniform } = values_of(both, is_triple);
	if (uniform !== undefined) return uniform;
	const m = page_mark(both.own);
	return is_triple ? { t: values, m, n: page_mark(both.third) } : { t: values.slice(0, 2), m };
}

function page_children({ own, third }: Both<MergedElement>, is_triple: boolean): PageNode[] {
	const nodes: PageNode[] = [];
	for (const row of align_children(own?.children ?? [], third?.children ?? [])) {
		const [here, there] = [row.own, row.third];
		if (here?.kind === "text" || there?.kind === "text") {
			const text = { own: here?.kind === "text" ? here : undefined, third: there?.kind === "text" ? there : undefined };
			nodes.push(page_text(text, is_triple));
		} else nodes.push(page_both({ own: here, third: there }, is_triple));
	}
	return nodes;
}

function page_both(both: Both<MergedElement>, is_triple: boolean): PageElement {
	const { own, third } = both;
	const has_left = [own, third].some((element) => element !== undefined && element.side !== "subject");
	const has_own = own !== undefined && own.side !== "reference";
	const has_third = third !== undefined && third.side !== "reference";
	const in_all = has_left && has_own && (has_third || !is_triple);
	const columns = in_all ? "" : `${has_left ? "l" : ""}${has_own ? "r" : ""}${has_third ? "t" : ""}`;
	const element: PageElement = [own?.name ?? third?.name ?? "", page_attributes(both, is_triple), page_children(both, is_triple)];
	const [mark, third_mark] = [page_mark(own), page_mark(third)];
	if (columns !== "" || mark !== "" || third_mark !== "") {
		element.push(columns, mark);
		if (third_mark !== "") element.push(third_mark);
	}
	return element;
}

/** An element that was compared with our server only. */
export function page_element(element: MergedElement): PageElement {
	return page_both({ own: element }, false);
}

/** An element as compared with our server and with a third one; one of them may not have met it. */
export function page_element_of_three(own: MergedElement | undefined, third: MergedElement | undefined): PageElement {
	return page_both({ own, third }, true);
}
