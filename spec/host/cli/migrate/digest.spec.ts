import { describe, expect, it } from "vitest";
import { ArchiveDigest, link_size, table_digest, total_digest } from "../../../../host/cli/migrate/digest.ts";
import type { ArchiveRecord } from "../../../../host/cli/migrate/types.ts";
import type { StoreMap } from "../../../../host/core/types.ts";
import * as st from "../../../../host/util/stanza.ts";

function record(number: number): ArchiveRecord {
	return { key: String(number), when: number, with: "", stanza: st.stanza("message"), xml: `<message id='${number}'/>` };
}

function digest(records: readonly ArchiveRecord[]): string {
	const made = new ArchiveDigest();
	for (const each of records) made.add(each);
	return made.finish();
}

const many = Array.from({ length: 2 * link_size + 10 }, (_, number) => record(number));

describe("digests", () => {
	it("of archives depend on every item and on their order", () => {
		const whole = digest(many);
		expect(digest(many)).toBe(whole);
		expect(digest(many.slice(1))).not.toBe(whole);
		expect(digest([...many].reverse())).not.toBe(whole);
		for (const change of [{ key: "x" }, { when: 0.5 }, { with: "x" }, { xml: "<x/>" }]) {
			expect(digest(many.with(7, { ...record(7), ...change }))).not.toBe(whole);
		}
		expect(digest([])).toBe("");
	});

	it("of archives go on where a link ended", () => {
		const first = new ArchiveDigest();
		const complete = many.slice(0, link_size).map((each) => first.add(each));
		expect(complete.indexOf(true)).toBe(link_size - 1);
		const second = new ArchiveDigest(first.state, first.items);
		for (const each of many.slice(link_size)) second.add(each);
		expect([second.finish(), second.items]).toEqual([digest(many), many.length]);
	});

	it("of tables do not depend on the order of keys, and on all else", () => {
		const table = (entries: [string | number | boolean, StoreMap extends Map<unknown, infer Value> ? Value : never][]) =>
			table_digest(new Map(entries));
		const one = table([
			["a", 1],
			["b", { x: [1, 2], y: {} }],
		]);
		expect(
			table([
				["b", { y: [], x: [1, 2] }],
				["a", 1],
			]),
		).toBe(one);
		expect(table([["a", 1]])).not.toBe(table([["a", "1"]]));
		expect(table([[1, true]])).not.toBe(table([["1", true]]));
		expect(table([["a", ["x,y"]]])).not.toBe(table([["a", ["x", "y"]]]));
	});

	it("of everything do not depend on the order of units", () => {
		const units: [string, { items: number; digest: string }][] = [
			["a", { items: 1, digest: "x" }],
			["b", { items: 2, digest: "y" }],
		];
		const both = total_digest(new Map(units));
		expect(total_digest(new Map([...units].reverse()))).toBe(both);
		expect(total_digest(new Map(units.slice(1)))).not.toBe(both);
	});
});
