import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Atom, Mapping, read_term, type Term, Tuple, term_texts } from "../../../../host/cli/migrate/erlang_terms.ts";

function read(text: string): Term {
	const term = read_term(Buffer.from(text, "utf8").toString("latin1"));
	if (!term.ok) throw new Error(term.error);
	return term.value;
}

describe("Erlang's terms", () => {
	it.each<[string, Term]>([
		["atom.", new Atom("atom")],
		["'an atom\\'s'.", new Atom("an atom's")],
		["-12.", -12],
		["16#ff.", 255],
		["1.5e3", 1500],
		["<<>>.", ""],
		["<<1,2>>", "\x01\x02"],
		['<<"text">>.', "text"],
		['<<"two\\n\\"q\\" \\\\">>', 'two\n"q" \\'],
		['<<"The Bälcony">>', "The Bälcony"],
		['<<"B\\303\\244\\x{c3}\\xa4">>', "Bää"],
		['<<"Bä €"/utf8>>', "Bä €"],
		["<<195,164,32,240,159,140,146>>", "ä 🌒"],
		['<<"split in "\n   "two">>', "split in two"],
		["<<255>>", "\udcff"],
		['"ab"', [97, 98]],
		["[]", []],
		["[a, {b,1}]", [new Atom("a"), new Tuple([new Atom("b"), 1])]],
		["#{a => 1}", new Mapping([[new Atom("a"), 1]])],
		["% a comment\n{}.\n", new Tuple([])],
	])("read %s", (text, expected) => expect(read(text)).toEqual(expected));

	it.each([
		["", "a term"],
		["{a", '"," or "}"'],
		['<<"a', "a text or a byte"],
		["<<256>>", "a byte"],
		["[a|b]", '"," or "]"'],
		["a b", "the end of the term"],
		["#Fun<x>", "a term"],
		["[".repeat(300), "deep"],
	])("tell what is wrong with %j", (text, expected) => {
		const term = read_term(text);
		expect(term.ok ? "" : term.error).toContain(expected);
	});

	it("never make anything but an error of nonsense", () => {
		fc.assert(fc.property(fc.string({ unit: fc.constantFrom(..."{}[]<>\"'\\#=,.a1 \n") }), (text) => void read_term(text)));
	});

	it("are found one after the other in files, whatever their length", () => {
		const folder = mkdtempSync(join(tmpdir(), "enjamb-spec-"));
		try {
			const path = join(folder, "dump");
			const long = `{b,<<"${"x. y".repeat(300_000)}">>}.\n`;
			const parts = ["{a,1}.\n", long, "%c\n{c}.\n", "{cut"];
			writeFileSync(path, parts.join(""));
			const found = [...term_texts(path)];
			expect(found.map(({ text }) => text)).toEqual(parts);
			const second = found[1];
			expect([...term_texts(path, second?.start, second?.end)].map(({ text }) => text)).toEqual([long]);
		} finally {
			rmSync(folder, { recursive: true });
		}
	});
});
