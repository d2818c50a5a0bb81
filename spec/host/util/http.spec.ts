import fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as http from "../../../host/util/http.ts";
import { as_lua, ask_prosody, why_no_prosody } from "./prosody.ts";

const texts = fc.oneof(fc.string({ unit: "binary" }), fc.string(), fc.stringMatching(/^[a-z%&=+/ .]*$/));

describe("percent-encoding", () => {
	it("leaves only what is safe everywhere", () => {
		expect(http.urlencode("a-Z_0.~/ ?é")).toBe("a-Z_0.~%2f%20%3f%c3%a9");
	});

	it("is taken back", () => {
		fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => http.urldecode(http.urlencode(text)) === text));
	});

	it("stays where it would not be text, so that nothing is lost", () => {
		expect(http.urldecode("%c3%a9%ff%41%C3%28")).toBe("é%ffA%C3(");
		expect(http.urldecode("100%, %4, %zz")).toBe("100%, %4, %zz");
	});
});

describe("forms", () => {
	it("are written with fields in order", () => {
		const fields = [
			{ name: "a b", value: "1&2" },
			{ name: "a b", value: "=" },
		];
		expect(http.formencode(fields)).toBe("a+b=1%262&a+b=%3d");
		expect(http.formdecode("a+b=1%262&a+b=%3d")).toEqual({ fields, values: new Map([["a b", "="]]) });
	});

	it("are written from a table", () => {
		expect(http.formencode({ to: "ada@example", n: "" })).toBe("to=ada%40example&n=");
	});

	it("without any field are text", () => {
		expect(http.formdecode("a%20b")).toBe("a b");
	});

	it("are read as they were written", () => {
		const field = fc.record({ name: fc.string({ unit: "binary" }), value: fc.string({ unit: "binary" }) });
		fc.assert(
			fc.property(fc.array(field, { minLength: 1 }), (fields) => {
				expect(http.formdecode(http.formencode(fields))).toMatchObject({ fields });
			}),
		);
	});

	it("do not reach what all objects have", () => {
		expect(http.formdecode("__proto__=1&constructor=2")).toMatchObject({
			values: new Map([
				["__proto__", "1"],
				["constructor", "2"],
			]),
		});
	});
});

it("finds words of lists in whatever case", () => {
	expect(http.contains_token("Keep-Alive, Upgrade", "upgrade")).toBe(true);
	expect(http.contains_token("upgraded", "upgrade")).toBe(false);
});

describe("the field Forwarded", () => {
	it("names one proxy after the other", () => {
		expect(http.parse_forwarded('for=192.0.2.43;proto=https, For="[2001:db8::1]:80";by=10.0.0.1')).toEqual([
			{ for: "192.0.2.43", proto: "https" },
			{ for: "[2001:db8::1]:80", by: "10.0.0.1" },
		]);
	});

	it("may be absent, or make no sense", () => {
		expect(http.parse_forwarded(undefined)).toBeUndefined();
		expect(http.parse_forwarded("for=a/b=c")).toEqual([{ for: "a/b=c" }]);
		expect(http.parse_forwarded('for="a"x')).toBe(false);
		expect(http.parse_forwarded("")).toEqual([]);
	});

	it("costs nobody much time, however it is made", () => {
		expect(http.parse_forwarded("a".repeat(100_000))).toEqual([]);
		expect(http.parse_forwarded(`a=${'"'.repeat(100_000)}`)).toEqual([]);
	});
});

describe.skipIf(why_no_prosody !== undefined)("as in Prosody", () => {
	it("texts are encoded and decoded", () => {
		const samples = fc.sample(texts, { numRuns: 300, seed: 1 });
		const encoded = ask_prosody(samples.map((text) => ["util.http:urlencode", text]));
		expect(samples.map((text) => as_lua(http.urlencode(text)))).toEqual(encoded);
		// What stays encoded here, since it would be no text, are bytes there.
		const decodable = samples.filter((text) => !/%[89a-f]/i.test(text));
		const decoded = ask_prosody(decodable.map((text) => ["util.http:urldecode", text]));
		expect(decodable.map((text) => as_lua(http.urldecode(text)))).toEqual(decoded);
	});

	it("paths are brought into shape", () => {
		const paths = ["", "/", "a", "/a", "a/", "/a/", "//", "/a//"];
		const calls = paths.flatMap((path) => [false, true].map((folder) => ["util.http:normalize_path", path, folder] as const));
		expect(calls.map(([, path, folder]) => as_lua(http.normalize_path(path, folder)))).toEqual(ask_prosody(calls));
	});

	it("words are found in lists", () => {
		const fields = ["a, b", "A,b ,c", "ab", "", "b\tb", ", ,b"];
		const calls = fields.map((field) => ["util.http:contains_token", field, "B"] as const);
		expect(calls.map(([, field, token]) => as_lua(http.contains_token(field, token)))).toEqual(ask_prosody(calls));
	});
});
