import { describe, expect, it } from "vitest";
import { lua_costs_text, measure_lua } from "../../../../host/cli/bench/lua_costs.ts";

describe("what hooks in Lua cost", () => {
	it("is measured with hooks that really run, and keeps nothing for their calls", () => {
		const costs = measure_lua(1, 2000, 100_000);
		for (const value of [costs.nobody, costs.lua_elsewhere, costs.typescript_hook, costs.lua_hook]) {
			expect(value).toBeGreaterThan(0);
		}
		expect(costs.heap_growth).toBeLessThan(20e6);
		expect(lua_costs_text(costs)).toMatch(/ {2}a hook in Lua reads who said what: -?\d+\.\d+ µs for the call itself/);
	});
});
