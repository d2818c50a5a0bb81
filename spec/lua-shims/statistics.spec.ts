import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { ConfigValue } from "../../host/core/configmanager.ts";
import { start_test_server } from "../../host/testing.ts";

/** What `mod_counting` counts on a server with these options. */
async function count(options: { readonly [name: string]: ConfigValue }): Promise<{ names: unknown; text: string }> {
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
		return { names, text: String(fire("counting/render", {})) };
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
		expect(lines).toContain("prosody_mod_c2s__connections 0");
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
