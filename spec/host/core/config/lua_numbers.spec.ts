import { describe, expect, it } from "vitest";
import { widen_integers } from "../../../../host/core/config/lua_numbers.ts";
import { config_folders } from "./config_folder.ts";

function widened(source: string): string {
	return Buffer.from(widen_integers(Buffer.from(source)).source).toString();
}

describe("widen_integers", () => {
	it.each([
		["a = 1024 * 1024 * 1024 * 10", "a = 1024.0 * 1024.0 * 1024.0 * 10.0"],
		["a = 4096 * mb", "a = 4096.0 * mb"],
		["a = mb * 2 * 3", "a = mb * 2.0 * 3.0"],
		["a = 0xFFFFFFFF", "a = 4294967295.0"],
		["a = 0xFFFFFFFFFFFFFFFF", "a = (-1.0)"],
		["a = 1024*--[[ * ]]1024*1024*1024", "a = 1024.0*--[[ * ]]1024.0*1024.0*1024.0"],
	])("rewrites %s", (source, expected) => {
		expect(widened(source)).toBe(expected);
	});

	it.each([
		"a = 60 * 60 * 24",
		'a = "5 * x"',
		"a = [[ 5 * x ]]",
		"a = [==[ ]] 5 * x ]==]",
		"-- 5 * x",
		"--[[ 5\n* x ]]",
		'a = "\\" 5 * x"',
		"a = '5 * x'",
		"a = 1.5 * x",
		"a = 1e3 * x",
		"a = 0x10 + 1",
		"a = t[1][2]",
		"a = x1 * y",
	])("leaves %s alone", (source) => {
		expect(widened(source)).toBe(source);
	});

	it("says when bits are shifted", () => {
		expect(widen_integers(Buffer.from("a = 1 << 40")).shifts).toBe(true);
		expect(widen_integers(Buffer.from('a = "<<"')).shifts).toBe(false);
	});

	it("does not change bytes that are no text", () => {
		const source = Buffer.from([0x61, 0x3d, 0x22, 0xff, 0xfe, 0x22, 0x20, 0x32, 0x2a, 0x78]);
		expect(Buffer.from(widen_integers(source).source).toString("latin1")).toBe('a="\u00ff\u00fe" 2.0*x');
	});
});

describe("numbers in a configuration", () => {
	const folder = config_folders();

	it("go beyond 32 bits, as Prosody's do", async () => {
		const { config, warnings } = await folder(`
			quota = 1024 * 1024 * 1024 * 10
			local mb = 1024 * 1024
			limit = 4096 * mb
			literal = 10737418240
			hexadecimal = 0xFFFFFFFF
			power = 2 ^ 40
			milliseconds = Lua.os.time{ year = 2024, month = 1, day = 1, hour = 12 } * 1000
			small = "every " .. 60 * 60 .. " seconds"
		`).load();
		expect(config.get("*", "quota")).toBe(10737418240);
		expect(config.get("*", "limit")).toBe(4294967296);
		expect(config.get("*", "literal")).toBe(10737418240);
		expect(config.get("*", "hexadecimal")).toBe(4294967295);
		expect(config.get("*", "power")).toBe(2 ** 40);
		expect(config.get("*", "milliseconds")).toBe(new Date(2024, 0, 1, 12).getTime());
		expect(config.get("*", "small")).toBe("every 3600 seconds");
		expect(warnings).toEqual([]);
	});

	it("are warned about where they cannot", async () => {
		const { warnings } = await folder("a = 1 << 40").load();
		expect(warnings.map((warning) => warning.message)).toEqual([expect.stringContaining("32 bits")]);
	});
});
