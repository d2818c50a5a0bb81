import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { key_of, text_of_key } from "../../../../host/util/cluster/keys.ts";
import { life_of_text, life_text } from "../../../../host/util/cluster/types.ts";

describe("keys", () => {
	it("are parts of names in NATS, and give their texts back", () => {
		const any_text = fc.string({ unit: "grapheme" });
		fc.assert(
			fc.property(any_text, (text) => {
				expect(key_of(text)).toMatch(/^[A-Za-z0-9_=-]+$/);
				expect(text_of_key(key_of(text))).toBe(text);
			}),
		);
		expect(key_of("tea room@conference.example")).toBe("tea=20room=40conference=2eexample");
	});

	it("that nobody made have no text", () => {
		for (const key of ["a=", "a=4", "a=zz", "a=ff", "a=61", "a.b"]) expect(text_of_key(key), key).toBeUndefined();
	});
});

describe("lives", () => {
	it("are written in one word", () => {
		expect(life_text({ node: "a-1", incarnation: 17 })).toBe("a-1.17");
		expect(life_of_text("a-1.17")).toEqual({ node: "a-1", incarnation: 17 });
		for (const text of ["", "a", "a.", ".1", "a.0", "a.-1", "a.1.2", "a b.1", "a.99999999999999999"]) {
			expect(life_of_text(text), text).toBeUndefined();
		}
	});
});
