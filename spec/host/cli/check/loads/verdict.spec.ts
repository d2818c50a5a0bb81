import { describe, expect, it } from "vitest";
import { type Loads, loads_nowhere } from "../../../../../host/cli/check/loads/outcome.ts";
import { disagreement, fails_for_want, hosts_behind, type LoadedModule } from "../../../../../host/cli/check/loads/verdict.ts";

const everywhere: Loads = { "host.test": undefined, "rooms.test": undefined, "component.test": undefined };
const rooms_only: Loads = { ...loads_nowhere("only for rooms"), "rooms.test": undefined };

function module(here: Loads, reference: Loads | undefined, said: LoadedModule["said"] = "yes"): LoadedModule {
	return { name: "x", file: "/x/mod_x.lua", folders: ["/x"], here, reference, said, missing: [] };
}

describe("a loaded module", () => {
	it("is behind where the reference loads it and this host does not", () => {
		expect(hosts_behind(module(rooms_only, everywhere))).toEqual(["host.test", "component.test"]);
		expect(hosts_behind(module(everywhere, rooms_only))).toEqual([]);
		expect(hosts_behind(module(rooms_only, undefined))).toEqual([]);
	});

	it("fails for want of something where the reference loads it, or the error says so", () => {
		const missing = loads_nowhere("mod_x.lua:1: module 'net.y' not found: it is neither offered here nor in package.path");
		expect(fails_for_want(module(missing, undefined))).toBe(true);
		expect(fails_for_want(module(missing, missing))).toBe(false);
		expect(fails_for_want(module(loads_nowhere("no password is set"), undefined))).toBe(false);
		expect(fails_for_want(module(loads_nowhere("no password is set"), everywhere))).toBe(true);
		expect(fails_for_want(module(rooms_only, everywhere))).toBe(false);
	});

	it("shows where check is wrong", () => {
		expect(disagreement(module(everywhere, everywhere, "no"))).toContain("it is loaded");
		expect(disagreement(module(loads_nowhere("oh"), everywhere, "partly"))).toContain("cannot be loaded");
		expect(disagreement(module(loads_nowhere("oh"), everywhere, "no"))).toBeUndefined();
		expect(disagreement(module(loads_nowhere("oh"), loads_nowhere("oh"), "yes"))).toBeUndefined();
	});
});
