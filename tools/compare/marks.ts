// No counterpart: part of `enjamb compare`.

import type { Mark, MergedElement, MergedText, Sides } from "./merge.ts";
import type { Difference } from "./types.ts";
import { split_path } from "./words.ts";

/** All elements at a path such as `message/x/status`. */
function elements_at(root: MergedElement, path: string): MergedElement[] {
	let found = [root];
	for (const name of path.split("/").slice(1)) {
		found = found.flatMap(({ children }) =>
			children.filter((child): child is MergedElement => child.kind === "element" && child.name === name),
		);
	}
	return found;
}

/** Whether something is already marked by another difference at the same place. */
function is_taken(item: { readonly mark: Mark | undefined }): boolean {
	return item.mark === "different" || item.mark === "known";
}

/** Marks the place of a difference, or the enclosing tag where the exact place is not known. */
export function mark(root: MergedElement, difference: Difference): void {
	const as: Mark = difference.known === undefined ? "different" : "known";
	const marked = find_places(root, difference);
	for (const item of marked.length > 0 ? marked : [root]) {
		if (item.mark !== "different") item.mark = as;
	}
}

function find_places(root: MergedElement, difference: Difference): { mark: Mark | undefined }[] {
	const { elements, attribute } = split_path(difference.path);
	const candidates = elements_at(root, elements);
	const { reference, subject } = difference;
	const is_meant = (item: Sides<string>): boolean => item.reference === reference && item.subject === subject;
	const is_half_meant = (item: Sides<string>): boolean =>
		(reference !== undefined && item.reference === reference) || (subject !== undefined && item.subject === subject);

	if (attribute !== undefined) {
		const attributes = candidates.flatMap((element) => element.attributes.filter(({ name }) => name === attribute));
		const exact = attributes.find((item) => is_meant(item) && !is_taken(item)) ?? attributes.find(is_meant);
		if (exact) return [exact];
		const halves = attributes.filter(is_half_meant);
		return halves.length > 0 ? halves : candidates.slice(0, 1);
	}
	switch (difference.kind) {
		case "missing stanza":
		case "extra stanza":
		case "order":
			return [root];
		case "missing element":
		case "extra element": {
			const side = difference.kind === "missing element" ? "reference" : "subject";
			const single = candidates.filter((element) => element.side === side && !is_taken(element));
			const exact = single.find((element) => element.xml[side]?.() === difference[side]) ?? single[0];
			if (exact) return [exact];
			return elements_at(root, elements.slice(0, Math.max(0, elements.lastIndexOf("/")))).slice(0, 1);
		}
		default: {
			const texts_of = (element: MergedElement): MergedText[] =>
				element.children.filter((child): child is MergedText => child.kind === "text");
			const joined = (element: MergedElement): Sides<string> => ({
				reference: texts_of(element).reduce((all, text) => all + (text.reference ?? ""), ""),
				subject: texts_of(element).reduce((all, text) => all + (text.subject ?? ""), ""),
			});
			const meant = candidates.find((element) => is_meant(joined(element)) && !texts_of(element).some(is_taken));
			const element = meant ?? candidates.find((candidate) => is_half_meant(joined(candidate))) ?? candidates[0];
			if (element === undefined) return [];
			const texts = texts_of(element).filter((text) => text.reference !== text.subject);
			return texts.length > 0 ? texts : [element];
		}
	}
}
