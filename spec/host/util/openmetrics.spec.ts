import { describe, expect, it } from "vitest";
import { MetricRegistry } from "../../../host/util/openmetrics.ts";
import { no_strict_parser, read_strictly } from "../../prometheus.ts";

const no_parser = no_strict_parser();

function filled(): MetricRegistry {
	const registry = new MetricRegistry();
	registry.family("gauge", "room/count", { unit: "rooms", description: 'With "quotes"\nand\\more' }).with_labels().set(5);
	registry.family("gauge", "0weird").with_labels().add(1.5);
	const messages = registry.family("counter", "messages", { description: "Messages", labels: ["host", "kind"] });
	messages.with_labels("a.example", "chat").add(2);
	messages.with_labels("b.example", 'q"uo\\te\n').add(1);
	messages.with_partial_label("a.example").with_labels("chat").add(1);
	const times = registry.family("histogram", "time", { unit: "seconds", labels: ["host"], buckets: [0.1, 1, 10] });
	for (const seconds of [0.05, 0.5, 5, 50, 1]) times.with_labels("a").sample(seconds);
	times.with_labels("a").samples_of(0.5, 2);
	registry.family("summary", "sizes", { unit: "bytes", description: "Sizes" }).with_labels().sample(7);
	return registry;
}

describe("metrics", () => {
	it("are shown with names and labels that cannot be mistaken", () => {
		const lines = filled().render().split("\n");
		expect(lines).toContain("# TYPE room__count_rooms gauge");
		expect(lines).toContain('# HELP room__count_rooms With "quotes"\\nand\\\\more');
		expect(lines).toContain("room__count_rooms 5");
		expect(lines).toContain("_0weird 1.5");
		expect(lines).toContain('messages_total{host="a.example",kind="chat"} 3');
		expect(lines).toContain('messages_total{host="b.example",kind="q\\"uo\\\\te\\n"} 1');
		expect(lines.filter((line) => line.startsWith("time_seconds_bucket"))).toEqual([
			'time_seconds_bucket{host="a",le="0.1"} 1',
			'time_seconds_bucket{host="a",le="1"} 5',
			'time_seconds_bucket{host="a",le="10"} 6',
			'time_seconds_bucket{host="a",le="+Inf"} 7',
		]);
		expect(lines).toContain('time_seconds_sum{host="a"} 57.55');
		expect(lines.slice(-2)).toEqual(["# EOF", ""]);
	});

	it.skipIf(no_parser)("are what a strict parser reads", () => {
		const { samples, problem } = read_strictly(filled().render());
		expect(problem).toBe("");
		expect(samples).toContain("counter  messages_total [('host', 'a.example'), ('kind', 'chat')] 3");
		expect(samples).toContain("histogram seconds time_seconds_bucket [('host', 'a'), ('le', '+Inf')] 7");
	});

	it("of one name and look are one family; what looks different takes its place", () => {
		const registry = new MetricRegistry();
		const first = registry.family("gauge", "size", { unit: "bytes" });
		expect(registry.family("gauge", "size", { unit: "bytes", description: "another text" })).toBe(first);
		expect(registry.family("gauge", "size_bytes")).toBe(first);
		const other = registry.family("counter", "size", { unit: "bytes" });
		expect(registry.families.get("size_bytes")).toBe(other);
		expect(() => first.with_labels("one too many")).toThrow("size_bytes: expected 0 values of labels (), got 1");
	});

	it("begin anew", () => {
		const registry = filled();
		for (const family of registry.families.values()) family.clear();
		const values = registry
			.render()
			.split("\n")
			.filter((line) => /^[a-z_0]/.test(line) && !line.includes("_created"));
		expect(values.every((line) => line.endsWith(" 0"))).toBe(true);
	});

	it("have bounds in rising order, whatever was given", () => {
		const buckets = [10, 1, Number.POSITIVE_INFINITY, 1, Number.NaN];
		const family = new MetricRegistry().family("histogram", "odd", { buckets });
		family.with_labels().sample(5);
		const bounds = family
			.with_labels()
			.samples()
			.filter(({ suffix }) => suffix === "_bucket");
		expect(bounds.map(({ labels, value }) => [labels?.["le"], value])).toEqual([
			["1", 0],
			["10", 1],
			["+Inf", 1],
		]);
	});
});
