import { createSocket } from "node:dgram";
import { once } from "node:events";
import { afterEach, describe, expect, it } from "vitest";
import { create_statsmanager } from "../../../host/core/statsmanager.ts";
import type { EventMap, StatsManager } from "../../../host/core/types.ts";
import { Events } from "../../../host/util/events.ts";
import { eventually } from "../../helper.ts";

const ends: (() => void)[] = [];
afterEach(() => {
	for (const end of ends.splice(0)) end();
});

/** A manager with these options, the bus that it hears of the server by, and what it logged. */
function make(options: Record<string, string | number | Record<string, string | number>>): {
	stats: StatsManager;
	events: Events<EventMap>;
	logged: string[];
} {
	const logged: string[] = [];
	const events = new Events<EventMap>();
	const stats = create_statsmanager({
		config: { get: (_host, name) => options[name] },
		events,
		log: (level, message, ...args) => void logged.push([level, message, ...args].join(" ")),
		report: (name, error) => void logged.push(`${name} ${error}`),
	});
	ends.push(() => stats.close());
	return { stats, events, logged };
}

describe("statistics", () => {
	it.each([
		[{}, undefined, false],
		[{ statistics: "internal" }, "there", false],
		[{ statistics_interval: 5 }, "there", false],
		[{ statistics: "internal", statistics_interval: "manual" }, "there", true],
		// Prosody needs `statistics`, too
		[{ statistics_interval: "manual" }, undefined, false],
	])("with %j are %s, and only collected when asked for: %s", (options, expected, is_manual) => {
		const { stats, logged } = make(options);
		expect(stats.registry === undefined ? undefined : "there").toBe(expected);
		expect(stats.is_manual).toBe(is_manual);
		expect(logged).toEqual([]);
	});

	it.each([
		[{ statistics: "graphite" }, /Unrecognized statistics provider/],
		[{ statistics: ":own" }, /Unrecognized statistics provider/],
		[{ statistics: "statsd" }, /expected statistics_config = \{ statsd_server/],
		[{ statistics_interval: "often" }, /Invalid 'statistics_interval': expected seconds or "manual"/],
	])("with %j are refused with a word why", (options, expected) => {
		const { stats, logged } = make(options);
		expect(stats.registry).toBeUndefined();
		expect(logged).toEqual([expect.stringMatching(expected)]);
	});

	it("are collected at the start, and every so many seconds", async () => {
		const { stats, events } = make({ statistics_interval: 0.01 });
		let asked = 0;
		let told = 0;
		events.add_handler("stats-update", () => void asked++);
		events.add_handler("openmetrics-updated", ({ metric_registry }) => void (metric_registry === stats.registry && told++));
		events.fire_event("server-started", {});
		expect([asked, told]).toEqual([1, 1]);
		await eventually(() => expect(told).toBeGreaterThan(3));
	});

	it("are collected whatever one of those who count does", () => {
		const { stats, events, logged } = make({ statistics: "internal" });
		let asked = 0;
		events.add_handler("stats-update", () => {
			throw new Error("cannot count");
		});
		events.add_handler("stats-update", () => void asked++, -1);
		stats.collect();
		expect(asked).toBe(1);
		expect(logged).toEqual(["stats-update Error: cannot count"]);
	});

	it("have every kind of measure", () => {
		const { stats } = make({ statistics: "internal" });
		const host = ["host", "a.example"] as const;
		stats.measure("amount", "m/amount", { initial: 4, unit: "rooms" }, host);
		stats.measure("counter", "m/counter", {}, host)(3);
		stats.measure("rate", "m/rate", {}, host)();
		stats.measure("times", "m/times", {}, host)()();
		stats.measure("sizes", "m/sizes", { buckets: [10] }, host)(5);
		stats.measure("distribution", "m/distribution")(2.5);
		const lines = stats.registry?.render().split("\n");
		expect(lines).toContain('prosody_m__amount_rooms{host="a.example"} 4');
		expect(lines).toContain('prosody_m__counter_total{host="a.example"} 3');
		expect(lines).toContain('prosody_m__rate_total{host="a.example"} 1');
		expect(lines).toContain('prosody_m__times_seconds_bucket{host="a.example",le="100"} 1');
		expect(lines).toContain('prosody_m__sizes_bytes_bucket{host="a.example",le="10"} 1');
		expect(lines).toContain("prosody_m__distribution_sum 2.5");
		expect(lines).toContain("# HELP prosody_m__rate m/rate counter");
	});

	it("that nobody keeps can be counted all the same", () => {
		const { stats } = make({});
		stats.measure("amount", "a")(1);
		stats.measure("times", "t")()();
		const family = stats.metric("counter", "c", { labels: ["x", "y"] });
		family.with_partial_label("1").with_labels("2").add(1);
		family.with_labels("whatever").add(1);
		family.clear();
		expect(stats.registry).toBeUndefined();
	});

	it("go to a statsd, as much as has changed", async () => {
		const socket = createSocket("udp4");
		ends.push(() => socket.close());
		const heard: string[] = [];
		socket.on("message", (text) => void heard.push(text.toString()));
		socket.bind(0, "127.0.0.1");
		await once(socket, "listening");
		const { stats } = make({
			statistics: "statsd",
			statistics_config: { statsd_server: "127.0.0.1", statsd_port: socket.address().port, prefix: "here" },
		});
		stats.measure("amount", "mod_muc/live_room", {}, ["host", "a.example"])(7);
		const add = stats.measure("counter", "c");
		add(1);
		add(2);
		stats
			.metric("histogram", "h:|", { buckets: [0.5, 2] })
			.with_labels()
			.sample(1);
		const lines = ["here.prosody_mod_muc.live_room.a_example:7|g", "here.prosody_c:3|c"];
		const buckets = ["here.h__.bucket.2:1|c", "here.h__.bucket.+Inf:1|c", "here.h__.sum:1|g", "here.h__.count:1|c"];
		await eventually(() => expect(heard).toEqual(expect.arrayContaining([...lines, ...buckets])));
		expect(heard).not.toContain("here.h__.bucket.0_5:1|c");
	});

	it("for a statsd that cannot be found cost one line in the log", async () => {
		const { stats, logged } = make({ statistics: "statsd", statistics_config: { statsd_server: "nowhere.invalid" } });
		stats.measure("rate", "r")();
		await eventually(() => expect(logged).toEqual([expect.stringMatching(/Cannot send statistics to statsd/)]));
	});
});
