import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { ConfigValue } from "../../host/core/configmanager.ts";
import { start_test_server } from "../../host/testing.ts";

/** What `mod_counting` counts on a server with these options. */
async function count(
	options: { readonly [name: string]: ConfigValue },
	...more: readonly string[]
): Promise<{ names: unknown; text: string; answers: unknown[] }> {
	const server = await start_test_server({
		config: {
			"*": { plugin_paths: [join(import.meta.dirname, "../lua")], ...options },
			localhost: { modules_enabled: ["counting"] },
		},
	});
	try {
		const bus = server.server.hosts.get("localhost")?.events;
		const fire = (name: string, event: object): unknown => bus?.fire_any(name, event);
		const names = fire("counting/see", { kind: "rare", size: 5000 });
		fire("counting/see", { kind: "rare", size: 1 });
		const answers = more.map((name) => fire(name, {}));
		return { names, text: String(fire("counting/render", {})), answers };
	} finally {
		await server.stop();
	}
}

describe("statistics", () => {
	it("are kept for those who ask where the options say so, those of the host too", async () => {
		const { text } = await count({ statistics: "internal", statistics_interval: "manual" });
		const lines = text.split("\n");
		expect(lines).toContain("# TYPE prosody_mod_counting__seen_events counter");
		expect(lines).toContain('prosody_mod_counting__seen_events_total{host="localhost",kind="rare"} 4');
		expect(lines).toContain('prosody_mod_counting__load{host="localhost"} 7');
		expect(lines).toContain('prosody_mod_counting__size_bytes_bucket{host="localhost",le="4096"} 1');
		expect(lines).toContain('prosody_mod_counting__size_bytes_count{host="localhost"} 2');
		expect(lines).toContain('prosody_mod_counting__handling_seconds_count{host="localhost"} 2');
		expect(lines).toContain("# TYPE prosody_mod_c2s__connections gauge");
	});

	it("are there for modules that look at them, in Prosody's words", async () => {
		const { answers, text } = await count({ statistics: "internal" }, "counting/walk");
		expect(answers).toEqual(["counter | events | host,kind | false | localhost,rare nil 4"]);
		expect(text).toContain('prosody_old__way_apples_sum{who="me"} 3\n');
		expect(text).toContain('by_hand_rooms{host="here"} 9\n');
	});

	it("time events of the module's host, of the server, and of Lua", async () => {
		const { answers, text } = await count({ statistics: "internal" }, "counting/fire", "counting/fire");
		expect(answers).toEqual(["kept", "kept"]);
		for (const name of ["counting_timed", "everywhere", "counting_own"])
			expect(text).toContain(`prosody_mod_counting__${name}_seconds_count{host="localhost"} 2\n`);
		expect((await count({}, "counting/fire")).answers).toEqual(["kept"]);
	});

	it("refuse what makes no sense, with a word why", async () => {
		const { answers } = await count({ statistics: "internal" }, "counting/bad");
		const problems = String(answers[0]).split("\n");
		expect(problems.map((problem) => problem.replace(/^.*mod_counting\.lua:\d+: /, ""))).toEqual([
			"unknown legacy metric type nonsense: expected amount, counter, rate, times, sizes, distribution",
			"unknown metric family type: nonsense: expected gauge, counter, histogram, summary",
			"no buckets given for histogram metric",
			"prosody_mod_counting/seen_events: expected 2 values of labels (host, kind), got 1",
			"bad argument #1 to 'amount' (number expected, got string)",
		]);
	});

	it("are nowhere without, and what counts them runs all the same", async () => {
		expect((await count({})).text).toBe("nothing");
	});

	it("do not begin with options that nobody understands", async () => {
		expect((await count({ statistics: "nonsense" })).text).toBe("nothing");
	});

	it("see every event that is wrapped without a name", async () => {
		expect((await count({})).names).toContain("counting/see");
	});
});
