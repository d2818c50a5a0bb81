import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { OutBuffer, type Piece } from "../../../host/net/out_buffer.ts";
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
				to: fc.constantFrom("a@b/c", "ü@b/c"),
			}),
		);
		fc.assert(
			fc.property(fc.array(part, { maxLength: 30 }), fc.nat(30), (parts, cut) => {
				const out = new OutBuffer();
				let expected = "";
				let written = "";
				for (const [index, given] of parts.entries()) {
					if (index === cut) written += bytes(out.take()).toString();
					if (given.kind === "shared") {
						const text = st.serialise_for_many(st.message({ from: "room@host" }, given.text));
						out.add_shared(text, st.to_attribute(given.to));
						expected += st.address(text, given.to);
					} else {
						out.add(given.kind === "text" ? given.text : Buffer.from(given.text), false);
						expected += Buffer.from(given.text).toString();
					}
				}
				written += bytes(out.take()).toString();
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
		expect(bytes(out.take()).toString()).toBe("<proceed/>é");
	});
});
