import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { base64_decode, base64_encode, utf8_length, utf8_valid } from "../../../host/util/encodings.ts";

function decoded(text: string): string | undefined {
	return base64_decode(text)?.toString("latin1");
}

describe("base64", () => {
	it("encodes bytes, and strings as UTF-8", () => {
		expect(base64_encode("")).toBe("");
		expect(base64_encode("coucou")).toBe("Y291Y291");
		expect(base64_encode("é")).toBe("w6k=");
		expect(base64_encode(Buffer.from([255, 255, 255, 0]))).toBe("////AA==");
	});

	it("decodes what it encoded, blanks or not", () => {
		fc.assert(
			fc.property(fc.uint8Array(), fc.nat(), (bytes, place) => {
				const text = base64_encode(Buffer.from(bytes));
				const at = place % (text.length + 1);
				expect(base64_decode(text)).toEqual(Buffer.from(bytes));
				expect(base64_decode(`${text.slice(0, at)} \r\n\t\f\b${text.slice(at)}`)).toEqual(Buffer.from(bytes));
			}),
		);
	});

	it("refuses other characters, unless they follow a zero byte", () => {
		expect(decoded("Y291Y29-")).toBeUndefined();
		expect(decoded("Y291\v")).toBeUndefined();
		expect(decoded("Y291é")).toBeUndefined();
		expect(decoded("Y291\0!")).toBe("cou");
		expect(base64_decode(Buffer.from([0x59, 0x32, 0x39, 0x31, 0xe9]))).toBeUndefined();
	});

	it("decodes several padded texts, and drops an incomplete end", () => {
		expect(decoded("QQ==Qg==")).toBe("AB");
		expect(decoded("QQ=Qg=")).toBe("AB");
		expect(decoded("=")).toBe("");
		expect(decoded("QUJDRA")).toBe("ABC");
		expect(decoded("Q=")).toBe("");
	});

	it("decodes long texts", () => {
		const bytes = Buffer.alloc(3_000_001, "long");
		expect(base64_decode(base64_encode(bytes))?.equals(bytes)).toBe(true);
	});
});

describe("utf8", () => {
	it("tells valid from invalid", () => {
		expect(utf8_valid("é\0🎉")).toBe(true);
		expect(utf8_valid("a\ud800b")).toBe(false);
		expect(utf8_valid(Buffer.from("🎉"))).toBe(true);
		for (const bytes of [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xc3]]) {
			expect(utf8_valid(Buffer.from(bytes))).toBe(false);
		}
	});

	it("counts bytes", () => {
		expect(utf8_length("é\0a")).toBe(4);
		expect(utf8_length(Buffer.from("é"))).toBe(2);
		expect(utf8_length("\udc00")).toBeUndefined();
		expect(utf8_length(Buffer.from([0xff]))).toBeUndefined();
	});
});
