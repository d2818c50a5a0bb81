import { describe, expect, it } from "vitest";
import { idna_to_ascii, idna_to_unicode } from "../../../host/util/idna.ts";

describe("idna", () => {
	it("converts there and back", () => {
		expect(idna_to_ascii("münchen.example")).toBe("xn--mnchen-3ya.example");
		expect(idna_to_unicode("xn--mnchen-3ya.example")).toBe("münchen.example");
		// RFC 3492 §7.1
		expect(idna_to_ascii("почемужеонинеговорятпорусски.пример.")).toBe("xn--b1abfaaepdrnnbgefbadotcwatmq2g4l.xn--e1afmkfd.");
		expect(idna_to_unicode("xn--e1afmkfd.")).toBe("пример.");
	});

	it("folds case and takes other dots for dots", () => {
		expect(idna_to_ascii("EXAMPLE.Org")).toBe("example.org");
		expect(idna_to_ascii("MÜNCHEN。Example．org｡")).toBe("xn--mnchen-3ya.example.org.");
		expect(idna_to_ascii("ｆｕｌｌ.example")).toBe("full.example");
	});

	it("maps sharp s and final sigma as long as they are not encoded", () => {
		expect(idna_to_ascii("straße.example")).toBe("strasse.example");
		expect(idna_to_unicode("λόγος")).toBe("λόγοσ");
		expect(idna_to_unicode("xn--zca")).toBe("ß");
		expect(idna_to_ascii("xn--zca")).toBe("xn--zca");
	});

	it("does not take numbers for addresses", () => {
		expect(idna_to_ascii("1")).toBe("1");
		expect(idna_to_ascii("127.1")).toBe("127.1");
		expect(idna_to_ascii("１２７.0x1")).toBe("127.0x1");
	});

	it.each([
		"",
		".",
		"a..b",
		".a",
		"-a",
		"a-",
		"ab--cd",
		"a_b",
		"a b",
		"a@b",
		"a/b",
		"a%41",
		"％41",
		"≠",
		"\u0301a",
		"\u0c3ca",
		"xn--",
		"xn---a",
		"xn--a-",
		"xn--\u00fc",
		"a\u0000",
		"\ud800",
	])("refuses %j", (name) => {
		expect(idna_to_ascii(name)).toBeUndefined();
		expect(idna_to_unicode(name)).toBeUndefined();
	});

	it("limits labels and names in ASCII only", () => {
		const label = "a".repeat(63);
		expect(idna_to_ascii(label)).toBe(label);
		expect(idna_to_ascii(`${label}a`)).toBeUndefined();
		expect(idna_to_unicode(`${label}a`)).toBe(`${label}a`);
		const name = `${label}.${label}.${label}.${"a".repeat(61)}`;
		expect(name).toHaveLength(253);
		expect(idna_to_ascii(name)).toBe(name);
		expect(idna_to_ascii(`${name}.`)).toBe(`${name}.`);
		expect(idna_to_ascii(`${name}a`)).toBeUndefined();
		expect(idna_to_unicode("a.".repeat(600))).toBeUndefined();
	});

	it("refuses labels that mix directions, unlike Prosody", () => {
		expect(idna_to_ascii("אב.example")).toBe("xn--4dbc.example");
		expect(idna_to_ascii("אבa.example")).toBeUndefined();
	});
});
