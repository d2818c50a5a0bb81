import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nameprep, nodeprep, type Prep, resourceprep, saslprep } from "../../../host/util/stringprep.ts";

const preps: [string, Prep][] = Object.entries({ nodeprep, nameprep, resourceprep, saslprep });

describe("stringprep", () => {
	it("folds case in nodes and names only", () => {
		expect(preps.map(([, prep]) => prep("Jürgen_Ⅳ"))).toEqual(["jürgen_iv", "jürgen_iv", "Jürgen_IV", "Jürgen_IV"]);
		expect(nodeprep("ROMEO")).toBe("romeo");
		expect(nodeprep("Straße")).toBe("strasse");
		expect(nodeprep("ΑΣ")).toBe("ασ");
		expect(nodeprep("ＦＵＬＬ")).toBe("full");
	});

	it("refuses in each profile what it prohibits", () => {
		// What the four answer to a text: nodeprep, nameprep, resourceprep, saslprep
		const answers = (text: string) => preps.map(([, prep]) => prep(text));
		expect(answers("a b")).toEqual([undefined, "a b", "a b", "a b"]);
		expect(answers("a\u00a0b")).toEqual([undefined, "a b", "a b", "a b"]);
		expect(answers("a\u1680b")).toEqual([undefined, undefined, undefined, "a b"]);
		expect(answers("a\tb")).toEqual([undefined, "a\tb", undefined, undefined]);
		expect(answers("a@b")).toEqual([undefined, "a@b", "a@b", "a@b"]);
		expect(answers("a\ue000")).toEqual([undefined, undefined, undefined, undefined]);
		expect(answers("a\ufffd")).toEqual([undefined, undefined, undefined, undefined]);
		for (const character of `"&'/:<>@`) expect(nodeprep(`a${character}`)).toBeUndefined();
	});

	it("drops invisible characters", () => {
		for (const [, prep] of preps) expect(prep("a\u00ad\u200d\ufe0fb")).toBe("ab");
		expect(resourceprep("a\u200bb")).toBe("ab");
		expect(saslprep("a\u200bb")).toBe("a b");
		expect(nodeprep("\u00ad")).toBe("");
	});

	it("normalises what Unicode 3.2 knew, and nothing else", () => {
		expect(resourceprep("e\u0301")).toBe("\u00e9");
		expect(resourceprep("\ufb01")).toBe("fi");
		expect(resourceprep("\u{1f16a}")).toBe("\u{1f16a}");
		expect(nodeprep("\u{2f868}")).toBe("\u{2136a}");
	});

	it("refuses newer code points when it is strict", () => {
		for (const [, prep] of preps) {
			expect(prep("party🎉")).toBe("party🎉");
			expect(prep("party🎉", true)).toBeUndefined();
			expect(prep("abc", true)).toBe("abc");
			expect(prep("é", true)).toBe("é");
		}
	});

	it("refuses a mix of directions", () => {
		for (const [, prep] of preps) {
			expect(prep("אבג")).toBe("אבג");
			expect(prep("א1ג")).toBe("א1ג");
			expect(prep("אaג")).toBeUndefined();
			expect(prep("א1")).toBeUndefined();
			expect(prep("1א")).toBeUndefined();
		}
	});

	it("knows of ASCII at once what the tables say", () => {
		for (const prep of [nodeprep, nameprep, resourceprep, saslprep]) {
			for (let point = 0; point < 0x80; point++) {
				const character = String.fromCodePoint(point);
				// What is not ASCII has all of the text looked up
				const long_way = prep(`${character}\u00e9`);
				expect(prep(character)).toBe(long_way?.slice(0, -1));
			}
		}
	});

	it("counts the limit in bytes, before and after", () => {
		for (const [, prep] of preps) {
			expect(prep("a".repeat(1023))).toBe("a".repeat(1023));
			expect(prep("a".repeat(1024))).toBeUndefined();
			expect(prep("é".repeat(511))).toBe("é".repeat(511));
			expect(prep("é".repeat(512))).toBeUndefined();
			expect(prep("\u00ad".repeat(512))).toBeUndefined();
		}
		// 3 bytes each become 33
		expect(resourceprep("ﷺ".repeat(31))).toBe("صلى الله عليه وسلم".repeat(31));
		expect(resourceprep("ﷺ".repeat(32))).toBeUndefined();
	});

	it("refuses lone surrogates", () => {
		for (const [, prep] of preps) {
			expect(prep("a\ud800")).toBeUndefined();
			expect(prep("\udc00\ud800")).toBeUndefined();
		}
	});

	it("answers to its own answer with the same, for texts known to Unicode 3.2", () => {
		fc.assert(
			fc.property(fc.constantFrom(...preps), fc.string({ unit: "grapheme" }), ([, prep], text) => {
				const once = prep(text, true);
				if (once !== undefined) expect(prep(once, true)).toBe(once);
			}),
		);
	});
});
