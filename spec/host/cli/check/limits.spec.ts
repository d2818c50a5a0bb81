import { expect, it } from "vitest";
import { check_limits } from "../../../../host/cli/check/limits.ts";
import { Config } from "../../../../host/core/configmanager.ts";

const of = (limits: Parameters<Config["set"]>[2]): Config => Config.from({ "*": limits === undefined ? {} : { limits } });
const loaded = new Set(["limits"]);

it("says what mod_limits would say when it is loaded", () => {
	expect(check_limits(of({ c2s: { rate: "10kb/s", burst: "2s" } }), loaded)).toEqual([]);
	expect(check_limits(of(undefined), loaded)).toEqual([]);
	expect(check_limits(of({ c2s: { rate: "fast" } }), loaded)).toMatchObject([
		{ severity: "warning", option: "limits", message: expect.stringContaining("Error parsing rate for c2s") },
	]);
});

it("says that limits have no effect where nobody reads them", () => {
	expect(check_limits(of(undefined), new Set())).toEqual([]);
	expect(check_limits(of({ c2s: { rate: "10kb/s" } }), new Set())).toMatchObject([{ message: "limits has no effect" }]);
});
