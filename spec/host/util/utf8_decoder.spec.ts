import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Utf8Decoder } from "../../../host/util/utf8_decoder.ts";

describe("a stream of UTF-8", () => {
	it("is the same text however it is cut, and says how many bytes each piece of it took", () => {
		const text = "plain, é, €, 😀, \ufffd and \ufeff";
		const bytes = Buffer.from(text);
		for (let first = 0; first <= bytes.length; first++) {
			for (let second = first; second <= bytes.length; second++) {
				const decoder = new Utf8Decoder();
				let said = "";
				let taken = 0;
				for (const piece of [bytes.subarray(0, first), bytes.subarray(first, second), bytes.subarray(second)]) {
					const decoded = decoder.decode(piece);
					said += decoded;
					taken += decoder.taken;
					expect(decoder.taken).toBe(Buffer.byteLength(decoded ?? ""));
				}
				expect([said, taken]).toEqual([text, bytes.length]);
			}
		}
	});

	it("is refused where it is none, as a strict decoder refuses it", () => {
		const strict = (bytes: Uint8Array): boolean => {
			try {
				new TextDecoder("utf-8", { fatal: true }).decode(bytes);
				return true;
			} catch {
				return false;
			}
		};
		const bytes = fc.array(fc.constantFrom(0x41, 0x80, 0xbf, 0xbd, 0xc0, 0xc3, 0xe0, 0xed, 0xa0, 0xef, 0xf0, 0xf4, 0x90, 0xff), {
			maxLength: 8,
		});
		fc.assert(
			fc.property(bytes, (some) => {
				// An end that nothing can complete, so that nothing is kept for later
				const whole = Uint8Array.from([...some, 0x2e]);
				expect(new Utf8Decoder().decode(Buffer.from(whole)) !== undefined).toBe(strict(whole));
			}),
			{ numRuns: 3000 },
		);
	});
});
