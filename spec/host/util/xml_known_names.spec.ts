import { describe, expect, it } from "vitest";
import { known_name } from "../../../host/util/xml_known_names.ts";

/** What is found for the name that a text has from its second character on, up to its last but one. */
function found(name: string): string | undefined {
	return known_name(`<${name}>`, 1, 1 + name.length);
}

describe("frequent names", () => {
	it("are found where they stand in a text, and nothing else is", () => {
		for (const name of ["to", "type", "text", "xmlns", "xml:lang", "message", "presence", "iq", "x", "body"])
			expect(found(name)).toBe(name);
		for (const name of ["tu", "tyype", "TO", "bodi", "b", "iqs", "é", "x".repeat(40), "presencf", "", "\u0000"]) {
			expect(found(name)).toBeUndefined();
		}
	});

	it("do not reach beyond the end of the name", () => {
		expect(known_name("<type", 1, 3)).toBeUndefined();
		expect(known_name("<ty", 1, 5)).toBeUndefined();
	});
});
