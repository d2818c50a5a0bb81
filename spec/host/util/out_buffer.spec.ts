import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { OutBuffer, type Piece } from "../../../host/util/out_buffer.ts";
import * as st from "../../../host/util/stanza.ts";

function bytes(pieces: readonly Piece[]): Buffer {
	return Buffer.concat(
		pieces.map((piece) => (piece instanceof Uint8Array ? piece : Buffer.from(piece.text, piece.is_ascii ? "latin1" : "utf8"))),
	);
}

const words = fc.oneof(fc.constantFrom("", "plain", "grüße", "日本", "😀"), fc.string());

describe("what a connection has to say", () => {
	it("comes out as it went in, whatever it is made of", () => {
		const part = fc.oneof(
			words.map((text) => ({ kind: "text", text }) as const),
			words.map((text) => ({ kind: "bytes", text }) as const),
			fc.record({
				kind: fc.constant("shared" as const),
				text: fc.constantFrom("hello", "ß"),
				to: fc.constantFrom("", "a@b/c", "ü@b/c"),
				head: fc.constantFrom(undefined, { raw: "\u0081\u00fe\u0000" }),
			}),
		);
		fc.assert(
			fc.property(fc.array(part, { maxLength: 30 }), fc.nat(30), fc.integer({ min: 1, max: 200 }), (parts, cut, limit) => {
				const out = new OutBuffer();
				let expected = "";
				let written = "";
				const latin1 = (data: string | Buffer): string => Buffer.from(data).toString("latin1");
				for (const [index, given] of parts.entries()) {
					if (index === cut) out.seal();
					if (index === cut + 3) written += latin1(bytes(out.take(limit)));
					if (given.kind === "shared") {
						const text = st.serialise_for_many(st.message({ from: "room@host" }, given.text));
						const attribute = given.to === "" ? "" : st.to_attribute(given.to);
						out.add_shared(text, attribute, given.head);
						expected += (given.head?.raw ?? "") + latin1(text.head + attribute + text.tail);
					} else {
						out.add(given.kind === "text" ? given.text : Buffer.from(given.text), false);
						expected += latin1(given.text);
					}
				}
				out.seal();
				while (out.ready > 0) written += latin1(bytes(out.take(limit)));
				expect(written).toBe(expected);
				expect(out.size).toBe(0);
				expect(out.take()).toEqual([]);
			}),
		);
	});

	it("is one piece where all of it is text", () => {
		const out = new OutBuffer();
		out.add("<a/>", false);
		out.add_shared(st.serialise_for_many(st.message()), st.to_attribute("a@b/c"));
		expect(out.take()).toEqual([]);
		out.seal();
		expect(out.take()).toEqual([{ text: "<a/><message to='a@b/c'/>", is_ascii: true }]);
	});

	it("keeps what has to go out when the turn fails, and nothing else", () => {
		const out = new OutBuffer();
		out.add("<proceed/>", true);
		expect(out.has_losses).toBe(false);
		out.add_shared(st.serialise_for_many(st.message()), st.to_attribute("a@b/c"));
		out.add("é", true);
		expect(out.has_losses).toBe(true);
		out.discard();
		out.seal();
		expect(bytes(out.take()).toString()).toBe("<proceed/>é");
	});

	it("loses nothing of turns that have ended when one fails", () => {
		const out = new OutBuffer();
		out.add("<a/>", false);
		out.seal();
		out.add("<b/>", false);
		out.discard();
		out.add("<c/>", false);
		expect([out.ready, out.size]).toEqual([4, 8]);
		expect(bytes(out.take()).toString()).toBe("<a/>");
		out.seal();
		expect(bytes(out.take()).toString()).toBe("<c/>");
	});

	it("keeps bytes as it does texts, and nothing of what comes after a turn that was put away", () => {
		const out = new OutBuffer();
		const first = out.hold();
		out.add(Buffer.from("kept"), true);
		out.add("lost", false);
		const second = out.hold();
		expect(out.drop(first)).toBe(false);
		expect(out.ready).toBe(0);
		expect(out.drop(second)).toBe(true);
		expect(out.take().map((piece) => (piece instanceof Uint8Array ? Buffer.from(piece).toString() : piece.text))).toEqual([
			"kept",
		]);
	});

	it("is taken in portions, and keeps its order over thousands of them", () => {
		const out = new OutBuffer();
		let written = "";
		for (let number = 0; number < 5000; number++) {
			out.add(`<${number}/>`, false);
			out.seal();
			if (number % 3 === 0) written += bytes(out.take(10)).toString();
		}
		while (out.ready > 0) {
			const piece = bytes(out.take(100)).toString();
			expect(piece.length).toBeLessThan(110);
			written += piece;
		}
		expect(written).toBe(Array.from({ length: 5000 }, (_, number) => `<${number}/>`).join(""));
	});
});
