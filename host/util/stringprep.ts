// No counterpart: stands in for ICU's usprep_prepare, which util/encodings.c calls.

import {
	ALWAYS_PROHIBITED,
	ASCII_CONTROLS,
	ASCII_SPACE,
	CASE_FOLDING,
	MAPPED_TO_NOTHING,
	NEUTRAL_DIRECTION,
	OLD_DECOMPOSITIONS,
	OTHER_CONTROLS,
	OTHER_SPACES,
	RIGHT_TO_LEFT,
	UNASSIGNED,
} from "./stringprep_tables.ts";

/**
 * Brings a text into the form in which it is compared.
 * Gives `undefined` for a text that the profile refuses, that is not valid Unicode (a lone surrogate), or that is longer than 1023
 * bytes of UTF-8 before or after. `strict` refuses code points which Unicode 3.2 did not know; without it they pass unchanged.
 */
export type Prep = (text: string, strict?: boolean) => string | undefined;

/** util/encodings.c works in buffers of 1024 bytes, the closing zero included; RFC 6122 gives each part of a JID as much. */
const MAX_BYTES = 1023;

const LAST_ASCII = 0x7f;

/** Turns the ranges of a table into the inside of a regular expression's character class. */
function characters(...tables: string[]): string {
	return tables
		.join(" ")
		.replace(/[0-9a-f]+/g, "\\u{$&}")
		.replace(/\s+/g, "");
}

function* codePoints(table: string): Generator<number> {
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

const loneSurrogate = /\p{Surrogate}/u;
const unassigned = new RegExp(`[${characters(UNASSIGNED)}]`, "u");
const unassignedRuns = new RegExp(`([${characters(UNASSIGNED)}]+)`, "u");
const rightToLeft = new RegExp(`[${characters(RIGHT_TO_LEFT)}]`, "u");
const leftToRight = new RegExp(`[^${characters(RIGHT_TO_LEFT, NEUTRAL_DIRECTION)}]`, "u");
const rightToLeftAtBothEnds = new RegExp(`^[${characters(RIGHT_TO_LEFT)}](?:.*[${characters(RIGHT_TO_LEFT)}])?$`, "su");

/** NFKC as of Unicode 3.2: what is newer stays as it is and also keeps its neighbours apart. */
function normalize(text: string): string {
	if (!unassigned.test(text)) return text.normalize("NFKC");
	return text
		.split(unassignedRuns)
		.map((run, index) => (index % 2 === 0 ? run.normalize("NFKC") : run))
		.join("");
}

/** RFC 3454 §6: no mix of directions, and right-to-left text begins and ends as such. */
function isDirectionAllowed(text: string): boolean {
	return !rightToLeft.test(text) || (!leftToRight.test(text) && rightToLeftAtBothEnds.test(text));
}

interface Profile {
	/** Replacements, one code point each; a later entry wins over an earlier one. */
	mapping: Iterable<readonly [string, string]>;
	/** Tables of code points that must not be in the result. */
	prohibited: string[];
}

function createPrep({ mapping, prohibited: prohibitedTables }: Profile): Prep {
	const replacements = new Map([...mappings(OLD_DECOMPOSITIONS), ...mapping]);
	const prohibited = new RegExp(`[${characters(...prohibitedTables)}]`, "u");

	// Nearly every JID is plain ASCII: these two say at once what the long way would say about it.
	let unchanged = "";
	let lowered = "";
	for (let point = 0; point <= LAST_ASCII; point++) {
		const character = String.fromCodePoint(point);
		if (prohibited.test(character)) continue;
		const escaped = `\\u{${point.toString(16)}}`;
		lowered += escaped;
		if (!replacements.has(character)) unchanged += escaped;
	}
	const plain = new RegExp(`^[${unchanged}]*$`, "u");
	const plainButForCase = new RegExp(`^[${lowered}]*$`, "u");

	return (text, strict = false) => {
		if (text.length > MAX_BYTES) return undefined;
		if (plain.test(text)) return text;
		if (plainButForCase.test(text)) return text.toLowerCase();
		if (loneSurrogate.test(text) || Buffer.byteLength(text) > MAX_BYTES) return undefined;
		if (strict && unassigned.test(text)) return undefined;
		let mapped = "";
		for (const character of text) mapped += replacements.get(character) ?? character;
		const prepared = normalize(mapped);
		if (prohibited.test(prepared) || !isDirectionAllowed(prepared)) return undefined;
		return Buffer.byteLength(prepared) > MAX_BYTES ? undefined : prepared;
	};
}

function mapAll(table: string, replacement: string): [string, string][] {
	return [...codePoints(table)].map((point) => [String.fromCodePoint(point), replacement]);
}

/** Local parts of JIDs (RFC 3920 appendix A). */
export const nodeprep = createPrep({
	mapping: [...mapAll(MAPPED_TO_NOTHING, ""), ...mappings(CASE_FOLDING)],
	// `"`, `&`, `'`, `/`, `:`, `<`, `>` and `@`: see jid.escape
	prohibited: [ASCII_SPACE, OTHER_SPACES, ASCII_CONTROLS, OTHER_CONTROLS, ALWAYS_PROHIBITED, "22 26-27 2f 3a 3c 3e 40"],
});

/** Domain names (RFC 3491). ASCII is only folded: neither its spaces nor its control characters are refused. */
export const nameprep = createPrep({
	mapping: [...mapAll(MAPPED_TO_NOTHING, ""), ...mappings(CASE_FOLDING)],
	prohibited: [OTHER_SPACES, OTHER_CONTROLS, ALWAYS_PROHIBITED],
});

/** Resources of JIDs, nicknames among them (RFC 3920 appendix B). Case is kept. */
export const resourceprep = createPrep({
	mapping: mapAll(MAPPED_TO_NOTHING, ""),
	prohibited: [OTHER_SPACES, ASCII_CONTROLS, OTHER_CONTROLS, ALWAYS_PROHIBITED],
});

/** User names and passwords of SASL (RFC 4013). */
export const saslprep = createPrep({
	// U+200B is in both tables; ICU makes it a space
	mapping: [...mapAll(MAPPED_TO_NOTHING, ""), ...mapAll(OTHER_SPACES, " ")],
	prohibited: [OTHER_SPACES, ASCII_CONTROLS, OTHER_CONTROLS, ALWAYS_PROHIBITED],
});
