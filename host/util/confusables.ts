// Counterpart: util/encodings.c (confusable)

import { confusable_characters } from "./confusables_table.ts";

const point = (hexadecimal: string): number => Number.parseInt(hexadecimal, 16);

/** What stands for each character that looks like another one. */
function read_table(text: string): ReadonlyMap<string, string> {
	const table = new Map<string, string>();
	for (const entry of text.trim().split(/\s+/)) {
		const [prototype = "", alike = ""] = entry.split(":");
		const target = prototype === "" ? "" : String.fromCodePoint(...prototype.split("+").map(point));
		for (const range of alike.split("+")) {
			const [first = "", last = first] = range.split("-");
			for (let code = point(first); code <= point(last); code++) table.set(String.fromCodePoint(code), target);
		}
	}
	return table;
}

/**
 * Makes the function that answers with a text's skeleton: texts with the same one look alike (UTS #39 §4). Reading the table takes a few
 * milliseconds.
 */
export function create_skeleton(): (text: string) => string {
	const table = read_table(confusable_characters);
	return (text) => {
		let mapped = "";
		for (const character of text.normalize("NFD")) mapped += table.get(character) ?? character;
		return mapped.normalize("NFD");
	};
}
