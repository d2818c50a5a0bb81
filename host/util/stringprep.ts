// No counterpart: stands in for ICU's usprep_prepare, which util/encodings.c calls.

import {
	always_prohibited,
	ascii_controls,
	ascii_space,
	case_folding,
	mapped_to_nothing,
	neutral_direction,
	old_decompositions,
	other_controls,
	other_spaces,
	right_to_left_points,
	unassigned_points,
} from "./stringprep_tables.ts";

/**
 * Brings a text into the form in which it is compared.
 * Gives `undefined` for a text that the profile refuses, that is not valid Unicode (a lone surrogate), or that is longer than 1023
 * bytes of UTF-8 before or after. `strict` refuses code points that are not in Unicode 3.2; otherwise they pass unchanged.
 */
export type Prep = (text: string, strict?: boolean) => string | undefined;

/** util/encodings.c works in buffers of 1024 bytes, the closing zero included; RFC 6122 gives each part of a JID as much. */
const max_bytes = 1023;

/** Turns the ranges of a table into the inside of a regular expression's character class. */
function characters(...tables: string[]): string {
	return tables
		.join(" ")
		.replace(/[0-9a-f]+/g, "\\u{$&}")
		.replace(/\s+/g, "");
}

function* code_points(table: string): Generator<number> {
	for (const range of table.trim().split(/\s+/)) {
		const [first = "", last = first] = range.split("-");
		for (let point = Number.parseInt(first, 16); point <= Number.parseInt(last, 16); point++) yield point;
	}
}

/** The entries of a table in the notation that CASE_FOLDING explains. */
function* mappings(table: string): Generator<[string, string]> {
	for (const [, first = "", last = first, step = "1", distance, target = ""] of table.matchAll(
		/([0-9a-f]+)(?:-([0-9a-f]+))?(?:\/(2))?:(?:([-+][0-9a-f]+)|([0-9a-f.]+))/g,
	)) {
		for (let point = Number.parseInt(first, 16); point <= Number.parseInt(last, 16); point += Number(step)) {
			const folded = distance
				? [point + Number.parseInt(distance, 16)]
				: target.split(".").map((part) => Number.parseInt(part, 16));
			yield [String.fromCodePoint(point), String.fromCodePoint(...folded)];
		}
	}
}

const lone_surrogate = /\p{Surrogate}/u;

/** Patterns that are only needed for texts which are not plain ASCII. Most addresses are, and making these takes a while. */
function make_patterns() {
	return {
		unassigned: new RegExp(`[${characters(unassigned_points)}]`, "u"),
		unassigned_runs: new RegExp(`([${characters(unassigned_points)}]+)`, "u"),
		right_to_left: new RegExp(`[${characters(right_to_left_points)}]`, "u"),
		left_to_right: new RegExp(`[^${characters(right_to_left_points, neutral_direction)}]`, "u"),
		right_to_left_at_both_ends: new RegExp(
			`^[${characters(right_to_left_points)}](?:.*[${characters(right_to_left_points)}])?$`,
			"su",
		),
	};
}

const patterns = once(make_patterns);

/** Makes something when it is first needed. */
function once<Value>(make: () => Value): () => Value {
	let made: { readonly value: Value } | undefined;
	return () => {
		made ??= { value: make() };
		return made.value;
	};
}

/** NFKC as of Unicode 3.2: newer characters stay as they are, and do not combine with their neighbours. */
function normalize(text: string): string {
	const { unassigned, unassigned_runs } = patterns();
	if (!unassigned.test(text)) return text.normalize("NFKC");
	return text
		.split(unassigned_runs)
		.map((run, index) => (index % 2 === 0 ? run.normalize("NFKC") : run))
		.join("");
}

/** RFC 3454 §6: no mix of directions, and right-to-left text begins and ends as such. */
function is_direction_allowed(text: string): boolean {
	const { right_to_left, left_to_right, right_to_left_at_both_ends } = patterns();
	return !right_to_left.test(text) || (!left_to_right.test(text) && right_to_left_at_both_ends.test(text));
}

interface Profile {
	/** ASCII characters that stay as they are. Nearly every JID consists of these, and needs no further check. */
	readonly plain: string;
	/** ASCII characters that become small letters. */
	readonly folded?: string;
	/** Replacements, one code point each; a later entry wins over an earlier one. */
	mapping(): Iterable<readonly [string, string]>;
	/** Tables of code points that must not be in the result. */
	readonly prohibited: readonly string[];
}

function create_prep({ plain, folded = "", mapping, prohibited: prohibited_tables }: Profile): Prep {
	const is_plain = new RegExp(`^[${characters(plain)}]*$`, "u");
	const is_plain_but_for_case = new RegExp(`^[${characters(plain, folded)}]*$`, "u");
	const tables = once(() => ({
		replacements: new Map([...mappings(old_decompositions), ...mapping()]),
		prohibited: new RegExp(`[${characters(...prohibited_tables)}]`, "u"),
	}));

	return (text, strict = false) => {
		if (text.length > max_bytes) return undefined;
		if (is_plain.test(text)) return text;
		if (is_plain_but_for_case.test(text)) return text.toLowerCase();
		if (lone_surrogate.test(text) || Buffer.byteLength(text) > max_bytes) return undefined;
		if (strict && patterns().unassigned.test(text)) return undefined;
		const { replacements, prohibited } = tables();
		let mapped = "";
		for (const character of text) mapped += replacements.get(character) ?? character;
		const prepared = normalize(mapped);
		if (prohibited.test(prepared) || !is_direction_allowed(prepared)) return undefined;
		return Buffer.byteLength(prepared) > max_bytes ? undefined : prepared;
	};
}

function map_all(table: string, replacement: string): [string, string][] {
	return [...code_points(table)].map((point) => [String.fromCodePoint(point), replacement]);
}

/** Local parts of JIDs (RFC 3920 appendix A). */
export const nodeprep = create_prep({
	plain: "21 23-25 28-2e 30-39 3b 3d 3f 5b-7e",
	folded: "41-5a",
	mapping: () => [...map_all(mapped_to_nothing, ""), ...mappings(case_folding)],
	// `"`, `&`, `'`, `/`, `:`, `<`, `>` and `@`: see jid.escape
	prohibited: [ascii_space, other_spaces, ascii_controls, other_controls, always_prohibited, "22 26-27 2f 3a 3c 3e 40"],
});

/** Domain names (RFC 3491). ASCII is only folded: neither its spaces nor its control characters are refused. */
export const nameprep = create_prep({
	plain: "0-40 5b-7f",
	folded: "41-5a",
	mapping: () => [...map_all(mapped_to_nothing, ""), ...mappings(case_folding)],
	prohibited: [other_spaces, other_controls, always_prohibited],
});

/** Resources of JIDs, nicknames among them (RFC 3920 appendix B). Case is kept. */
export const resourceprep = create_prep({
	plain: "20-7e",
	mapping: () => map_all(mapped_to_nothing, ""),
	prohibited: [other_spaces, ascii_controls, other_controls, always_prohibited],
});

/** Usernames and passwords of SASL (RFC 4013). */
export const saslprep = create_prep({
	plain: "20-7e",
	// U+200B is in both tables; ICU makes it a space
	mapping: () => [...map_all(mapped_to_nothing, ""), ...map_all(other_spaces, " ")],
	prohibited: [other_spaces, ascii_controls, other_controls, always_prohibited],
});
