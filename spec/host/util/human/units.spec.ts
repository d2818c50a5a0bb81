import { describe, expect, it } from "vitest";
import { format_number } from "../../../../host/util/human/units.ts";
import { run_lua, why_not } from "../../prosody_lua.ts";

const numbers = [
	0, 1, 999, 1000, 1500, 1_234_567, 0.5, 0.001, 1.23e-5, 1.5e-13, 1024, 82_208_000, 1e30, 123.456, 0.9999, 1e-30, 999_999,
];

describe("numbers with units", () => {
	it("are short", () => {
		expect(format_number(1500, "B")).toBe("1.5 kB");
		expect(format_number(82_208_000, "B", "b")).toBe("78.4 MiB");
		expect(format_number(1.23e-5, "s")).toBe("12.3 μs");
		expect(format_number(0, "B")).toBe("0 B");
	});

	it.skipIf(why_not("util.human.units") !== undefined)("are Prosody's", () => {
		const script = `local format = require "util.human.units".format
for _, n in ipairs { ${numbers.map((number) => `${number} + 0.0`).join(", ")} } do print(format(n, "B")) print(format(n, "B", "b")) end`;
		const theirs = run_lua(script).trimEnd().split("\n");
		expect(numbers.flatMap((number) => [format_number(number, "B"), format_number(number, "B", "b")])).toEqual(theirs);
	});
});
