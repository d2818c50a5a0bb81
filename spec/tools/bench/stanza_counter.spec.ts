import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EndCounter, StanzaCounter, TimeReader, timed_body } from "../../../tools/bench/stanza_counter.ts";

/** A text in the pieces that these lengths make of it. */
function pieces(text: string, lengths: readonly number[]): string[] {
	const cut: string[] = [];
	let at = 0;
	for (const length of lengths) {
		cut.push(text.slice(at, at + length));
		at += length;
	}
	return [...cut, text.slice(at)];
}

describe("what the load generator reads", () => {
	it("is counted the same however it is cut into pieces", () => {
		const words = fc.array(fc.constantFrom("<message>", "</message>", "</mess", "age>", "<", "x", "</presence>"), {
			maxLength: 30,
		});
		const lengths = fc.array(fc.integer({ min: 0, max: 12 }), { maxLength: 40 });
		fc.assert(
			fc.property(words, lengths, (parts, cuts) => {
				const text = parts.join("");
				const counter = new StanzaCounter("</message>");
				const counted = pieces(text, cuts).reduce((sum, piece) => sum + counter.count(piece), 0);
				expect(counted).toBe(text.split("</message>").length - 1);
			}),
		);
	});

	it("is counted the same in bytes, messages and presences", () => {
		const words = fc.array(
			fc.constantFrom("</message>", "</presence>", "</mess", "age>", "</", "/pre", "sence>", "<", "e>", "xyzxyzxyz", "</message"),
			{ maxLength: 30 },
		);
		const lengths = fc.array(fc.integer({ min: 0, max: 30 }), { maxLength: 40 });
		fc.assert(
			fc.property(words, lengths, (parts, cuts) => {
				const text = parts.join("");
				const counter = new EndCounter();
				for (const piece of pieces(text, cuts)) counter.count(Buffer.from(piece));
				const counted = { messages: text.split("</message>").length - 1, presences: text.split("/presence>").length - 1 };
				expect({ messages: counter.messages, presences: counter.presences }).toEqual(counted);
			}),
			{ numRuns: 2000 },
		);
	});

	it("tells when it was sent, wherever it is cut", () => {
		const text = [1, 22.5, 333.125].map((time) => `<message><body>${timed_body(time)}</body></message>`).join("");
		for (let cut = 0; cut <= text.length; cut++) {
			const reader = new TimeReader();
			const times = [text.slice(0, cut), text.slice(cut)].flatMap((piece) => [...reader.read(piece)]);
			expect(times).toEqual([1, 22.5, 333.125]);
		}
	});

	it("carries bodies of a hundred bytes", () => {
		expect(timed_body(123456.789)).toHaveLength(100);
	});
});
