import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bytes_of, text_of } from "../../../lua-shims/vm/text.ts";

describe("Lua's bytes and the host's text", () => {
	it("loses no byte on the way to the host and back", () => {
		fc.assert(
			fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
				expect(bytes_of(text_of(bytes))).toEqual(bytes);
			}),
		);
	});

	it("loses no text on the way to Lua and back", () => {
		fc.assert(
			fc.property(fc.string({ unit: "binary", maxLength: 200 }), (text) => {
				expect(text_of(bytes_of(text))).toBe(text);
			}),
		);
	});

	it("gives different bytes different texts, also where they are no UTF-8", () => {
		fc.assert(
			fc.property(fc.uint8Array({ maxLength: 6 }), fc.uint8Array({ maxLength: 6 }), (one, other) => {
				fc.pre(Buffer.compare(one, other) !== 0);
				expect(text_of(one)).not.toBe(text_of(other));
			}),
		);
	});

	it("reads UTF-8 as the text that it is", () => {
		expect(text_of(Buffer.from("Grüße, 世界 \u0000 🙂 and a tail that makes it long"))).toBe(
			"Grüße, 世界 \u0000 🙂 and a tail that makes it long",
		);
	});
});
