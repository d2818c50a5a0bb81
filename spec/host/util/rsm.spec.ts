import { describe, expect, it } from "vitest";
import { ns } from "../../../host/util/ns.ts";
import { generate, get, parse } from "../../../host/util/rsm.ts";
import { stanza } from "../../../host/util/stanza.ts";

/** A `<set/>` as the parser makes it: each child carries the namespace. */
function received(...children: [name: string, text?: string, index?: string][]) {
	const set = stanza("set", { xmlns: ns.rsm });
	for (const [name, text, index] of children) set.text_tag(name, text, { xmlns: ns.rsm, index });
	return set;
}

describe("rsm", () => {
	it("reads all that XEP-0059 defines", () => {
		const set = received(
			["after", "a"],
			["before", "b"],
			["count", "10"],
			["first", "f", "1"],
			["index", "5"],
			["last", "z"],
			["max", "100"],
		);
		expect(parse(set)).toEqual({
			after: "a",
			before: "b",
			count: 10,
			first: { id: "f", index: 1 },
			index: 5,
			last: "z",
			max: 100,
		});
	});

	it("takes an empty before for the last page", () => {
		expect(parse(received(["before"], ["max", " 10\n"]))).toEqual({ before: true, max: 10 });
		expect(parse(received(["after"]))).toEqual({ after: "" });
	});

	it("reads numbers as Lua does, and leaves out what is none", () => {
		const max = (text: string) => parse(received(["max", text])).max;
		expect(["0", "-5", "+7", "1e2", "2.5", ".5", "0x1F", "-0x10"].map(max)).toEqual([0, -5, 7, 100, 2.5, 0.5, 31, -16]);
		for (const text of ["", " ", "ten", "1 2", "0b1", "Infinity", "NaN", "1_000", "--1", "0x"]) expect(max(text)).toBeUndefined();
		expect(parse(received(["first", "f"]))).toEqual({ first: { id: "f", index: undefined } });
	});

	it("passes over what it does not know", () => {
		const set = received(["max", "1"], ["middle", "x"]);
		set.text_tag("count", "5", { xmlns: "urn:other" });
		expect(parse(set)).toEqual({ max: 1 });
	});

	it("writes requests and answers", () => {
		expect(generate({}).toString()).toBe("<set xmlns='http://jabber.org/protocol/rsm'/>");
		expect(generate({ max: 10, before: true }).toString()).toBe(
			"<set xmlns='http://jabber.org/protocol/rsm'><max>10</max><before/></set>",
		);
		expect(generate({ max: 0, index: 3, after: "a", before: "<b>" }).toString()).toBe(
			"<set xmlns='http://jabber.org/protocol/rsm'><max>0</max><index>3</index><after>a</after><before>&lt;b&gt;</before></set>",
		);
		expect(generate({ first: { id: "f", index: 0 }, last: "z", count: 800 }).toString()).toBe(
			"<set xmlns='http://jabber.org/protocol/rsm'><first index='0'>f</first><last>z</last><count>800</count></set>",
		);
		expect(generate({ first: "f" }).toString()).toBe("<set xmlns='http://jabber.org/protocol/rsm'><first>f</first></set>");
	});

	it("throws for numbers that are not whole", () => {
		expect(() => generate({ max: 1.5 })).toThrow(RangeError);
		expect(() => generate({ count: Number.NaN })).toThrow(RangeError);
	});

	it("finds the set in an element", () => {
		const query = stanza("query", { xmlns: "urn:xmpp:mam:2" });
		expect(get(query)).toBeUndefined();
		query.add_child(received());
		expect(get(query)).toBeUndefined();
		const asking = stanza("query", { xmlns: "urn:xmpp:mam:2" });
		asking.add_child(received(["max", "5"]));
		expect(get(asking)).toEqual({ max: 5 });
	});
});
