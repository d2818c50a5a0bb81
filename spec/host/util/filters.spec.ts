import { describe, expect, it } from "vitest";
import { type Filter, Filters } from "../../../host/util/filters.ts";

const append =
	(text: string): Filter<string> =>
	(data) =>
		data + text;

describe("Filters", () => {
	it("run by priority, then in the order in which they were added", () => {
		const filters = new Filters<"in" | "out", string>();
		filters.add("in", append("a"));
		filters.add("in", append("b"), -1);
		filters.add("in", append("c"), 5);
		filters.add("in", append("d"));
		expect(filters.filter("in", ">")).toBe(">cadb");
		expect(filters.filter("out", ">")).toBe(">");
	});

	it("swallow", () => {
		const filters = new Filters<"in", string>();
		const seen: string[] = [];
		filters.add("in", () => undefined);
		filters.add("in", (data) => {
			seen.push(data);
			return data;
		});
		expect(filters.filter("in", "x")).toBeUndefined();
		expect(seen).toEqual([]);
	});

	it("count once, and can be taken back", () => {
		const filters = new Filters<"in", string>();
		const filter = append("a");
		filters.add("in", filter);
		filters.add("in", filter, 9);
		expect(filters.filter("in", "")).toBe("a");
		expect(filters.has("in")).toBe(true);
		filters.remove("in", filter);
		filters.remove("in", filter);
		expect(filters.has("in")).toBe(false);
		expect(filters.filter("in", "")).toBe("");
	});

	it("may change the filters while they run", () => {
		const filters = new Filters<"in", string>();
		const once: Filter<string> = (data) => {
			filters.remove("in", once);
			filters.add("in", append("b"));
			return `${data}a`;
		};
		filters.add("in", once);
		expect(filters.filter("in", "")).toBe("a");
		expect(filters.filter("in", "")).toBe("b");
	});

	it("pass finished text where each of them takes it", () => {
		const seen: string[] = [];
		const filters = new Filters<"out", string, { text: string }>();
		filters.add(
			"out",
			(data) => data,
			0,
			({ text }) => seen.push(text) < 2,
		);
		expect(filters.has("out")).toBe(false);
		expect(filters.pass_shared("out", { text: "one" })).toBe(true);
		expect(filters.pass_shared("out", { text: "two" })).toBe(false);
		expect(seen).toEqual(["one", "two"]);
		filters.add("out", (data) => data);
		expect(filters.has("out")).toBe(true);
	});
});
