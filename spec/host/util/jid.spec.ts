import fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as jid from "../../../host/util/jid.ts";

const nothing = { node: undefined, host: undefined, resource: undefined };

describe("jid.split", () => {
	it.each([
		["host", undefined, "host", undefined],
		["host/resource", undefined, "host", "resource"],
		["node@host", "node", "host", undefined],
		["node@host/resource", "node", "host", "resource"],
		["node@host/a/b@c/", "node", "host", "a/b@c/"],
		["host/node@other", undefined, "host", "node@other"],
		["host//", undefined, "host", "/"],
		["node@host/\n", "node", "host", "\n"],
		[" @ ", " ", " ", undefined],
	])("takes %j apart", (text, node, host, resource) => {
		expect(jid.split(text)).toEqual({ node, host, resource });
		expect(jid.node(text)).toBe(node);
		expect(jid.host(text)).toBe(host);
		expect(jid.resource(text)).toBe(resource);
		expect(jid.bare(text)).toBe(jid.join(node, host));
	});

	it.each([
		undefined,
		"",
		"@",
		"/",
		"@host",
		"node@",
		"node@/resource",
		"/resource",
		"host/",
		"node@host/",
		"a@b@c",
		"a@b@c/d",
		"a@@b",
	])("finds nothing in %j", (text) => {
		expect(jid.split(text)).toEqual(nothing);
		expect(jid.prepped_split(text)).toEqual(nothing);
		for (const part of [jid.bare, jid.node, jid.host, jid.resource, jid.prep]) expect(part(text)).toBeUndefined();
	});

	it("is undone by join, and agrees with the single parts", () => {
		const text = fc.string({ unit: fc.constantFrom("a", "ü", "@", "/", "."), maxLength: 12 });
		fc.assert(
			fc.property(text, (text) => {
				const { node, host, resource } = jid.split(text);
				if (host !== undefined) expect(jid.join(node, host, resource)).toBe(text);
				expect([jid.node(text), jid.host(text), jid.resource(text)]).toEqual([node, host, resource]);
				expect(jid.bare(text)).toBe(jid.join(node, host));
			}),
		);
	});
});

describe("jid.prep", () => {
	it("prepares each part in its own way", () => {
		expect(jid.prep("ROMEO@Montague.Example/Orchard")).toBe("romeo@montague.example/Orchard");
		expect(jid.prepped_split("Jürgen@MÜNCHEN.example/Büro\u00ad")).toEqual({
			node: "jürgen",
			host: "münchen.example",
			resource: "Büro",
		});
	});

	it("refuses the whole when a part is refused, or nothing is left of it", () => {
		for (const text of [
			"room@service/\u00ad",
			"room@service/\u034f\u00ad",
			"\u00ad@service",
			"\u00ad",
			"room@\u00ad/nick",
			"a b@host",
			"node@host/\t",
			"node@ho\u2028st",
			"a@b/\ud800",
			`${"a".repeat(1024)}@host`,
			`host/${"é".repeat(512)}`,
		]) {
			expect(jid.prep(text)).toBeUndefined();
			expect(jid.prepped_split(text)).toEqual(nothing);
		}
		expect(jid.prep(`${"a".repeat(1023)}@${"b".repeat(1023)}/${"c".repeat(1023)}`)).toHaveLength(3071);
	});

	it("takes off one dot after the host", () => {
		expect(jid.prep("node@host./x")).toBe("node@host/x");
		expect(jid.prep("host..")).toBe("host.");
		expect(jid.prep("..")).toBe(".");
		expect(jid.prep(".")).toBeUndefined();
		expect(jid.prep("node@./x")).toBeUndefined();
	});

	it("refuses new code points only when it is strict", () => {
		expect(jid.prep("room@host/🎉")).toBe("room@host/🎉");
		expect(jid.prep("room@host/🎉", true)).toBeUndefined();
	});
});

describe("jid.compare", () => {
	it("wants each part that the rule has", () => {
		expect(jid.compare("a@host/x", "a@host/x")).toBe(true);
		expect(jid.compare("a@host/x", "a@host")).toBe(true);
		expect(jid.compare("a@host/x", "host")).toBe(true);
		expect(jid.compare("a@host/x", "host/x")).toBe(true);
		expect(jid.compare("a@host/x", "other/x")).toBe(false);
		expect(jid.compare("a@host", "a@host/x")).toBe(false);
		expect(jid.compare("host", "a@host")).toBe(false);
	});

	it("takes a broken rule for one without parts", () => {
		expect(jid.compare("a@host", "@")).toBe(true);
		expect(jid.compare("@", "host")).toBe(false);
	});
});

describe("jid.escape", () => {
	it("writes XEP-0106's examples", () => {
		expect(jid.escape("space cadet")).toBe("space\\20cadet");
		expect(jid.escape(`call me "ishmael"`)).toBe("call\\20me\\20\\22ishmael\\22");
		expect(jid.escape("at&t guy")).toBe("at\\26t\\20guy");
		expect(jid.escape("c:\\net")).toBe("c\\3a\\net");
		expect(jid.escape("c:\\5commas")).toBe("c\\3a\\5c5commas");
		expect(jid.escape("\\2F")).toBe("\\2F");
		expect(jid.escape("\\20\\5c\\")).toBe("\\5c20\\5c5c\\");
		expect(jid.escape(undefined)).toBeUndefined();
		expect(jid.unescape(undefined)).toBeUndefined();
	});

	it("is undone by unescape, and fits into a node", () => {
		fc.assert(
			fc.property(fc.string({ unit: fc.constantFrom(..."ab \"&'/:<>@\\02345acef".split("")) }), (text) => {
				expect(jid.unescape(jid.escape(text))).toBe(text);
				if (text !== "") expect(jid.prep(`${jid.escape(text)}@host`)).toBe(`${jid.escape(text)}@host`);
			}),
		);
	});
});
