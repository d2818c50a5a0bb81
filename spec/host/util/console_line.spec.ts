import { describe, expect, it } from "vitest";
import { BadArgument } from "../../../host/plugins/admin_shell/command.ts";
import { lua_pattern } from "../../../host/plugins/admin_shell/patterns.ts";
import { parse_arguments } from "../../../host/util/argparse.ts";
import { read_console_line, read_words } from "../../../host/util/console_line.ts";
import { run_lua, why_not } from "../prosody_lua.ts";

describe("a line of the console", () => {
	it("is a value, or a name with calls behind it", () => {
		expect(read_console_line("1 + 1")).toEqual({ ok: true, value: { kind: "value", value: 2 } });
		expect(read_console_line("c2s")).toEqual({ ok: true, value: { kind: "call", first: "c2s", steps: [] } });
		expect(read_console_line(`muc:room("a@b"):set_x(true, nil, {1, a = 'x'}) ;`)).toEqual({
			ok: true,
			value: {
				kind: "call",
				first: "muc",
				steps: [
					{ name: "room", args: ["a@b"] },
					{
						name: "set_x",
						args: [
							true,
							undefined,
							new Map<string | number, unknown>([
								[1, 1],
								["a", "x"],
							]),
						],
					},
				],
			},
		});
		expect(read_console_line("a.b'c'")).toMatchObject({ value: { steps: [{ name: "b", args: ["c"] }] } });
	});

	it.each(["c2s:", "c2s:show(", "c2s:show(a)", "c2s:show() more", "= 1", '"open', "", "os.exit()(1)", "a:b(function() end)"])(
		"%j is none",
		(line) => {
			expect(read_console_line(line)).toMatchObject({ ok: false, error: expect.stringContaining("expected") });
		},
	);

	it("may be a list of words", () => {
		expect(read_words('{"a", "b\\n"}')).toEqual(["a", "b\n"]);
		expect(read_words('{"a", 1}')).toBeUndefined();
		expect(read_words("{")).toBeUndefined();
	});
});

describe("patterns of Lua", () => {
	const patterns = ["^r", "o$", "%a+%d", "[aeiou]%-", "r.-o", "[^%w]", "%.", "a|b", "(x", "^-", "[]]", "%s", "a{2}", "\\", "%u"];
	const texts = ["romeo", "juliet1", "a-b", "x.y", "a|b", "]", " ", "aa", "-", "\\", "R", "a{2}"];

	it.skipIf(why_not() !== undefined)("match what they match in Lua", () => {
		for (const pattern of patterns) {
			const quoted = (text: string): string => `"${text.replace(/[\\"]/g, "\\$&")}"`;
			const script = `for _, text in ipairs { ${texts.map(quoted).join(", ")} } do
				local ok, found = pcall(string.match, text, ${quoted(pattern)}) print(ok and found ~= nil) end`;
			const theirs = run_lua(script).trimEnd().split("\n");
			let ours: string[];
			try {
				ours = texts.map((text) => String(lua_pattern(pattern)(text)));
			} catch (error) {
				expect(error).toBeInstanceOf(BadArgument);
				ours = texts.map(() => "false");
			}
			expect(ours, pattern).toEqual(theirs);
		}
	});
});

describe("words with dashes", () => {
	it("are sorted from the others", () => {
		const settings = {
			value_params: { name: true },
			kv_params: { quiet: true },
			short_params: { q: "quiet" },
			strict: true,
			stop_on_positional: false,
		};
		expect(parse_arguments(["a", "-q", "--name", "x", "b", "--", "--c"], settings)).toEqual({
			ok: true,
			value: { positional: ["a", "b", "--c"], flags: expect.objectContaining({ quiet: true, name: "x" }) },
		});
		expect(parse_arguments(["--name"], settings)).toEqual({ ok: false, error: { kind: "missing-value", param: "--name" } });
		expect(parse_arguments(["--other"], settings)).toEqual({ ok: false, error: { kind: "param-not-found", param: "--other" } });
		expect(parse_arguments(["--no-quiet", "--constructor"], { ...settings, strict: false })).toMatchObject({
			value: { flags: { quiet: false, constructor: true } },
		});
	});
});
