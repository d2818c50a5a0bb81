import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { hooks_of, read_hooks } from "../../tools/hooktable.ts";

/** The hooks of a text, as `event priority`, with a star for global ones. */
function brief(text: string): string[] {
	return hooks_of(text, "x.lua").hooks.map(({ event, priority, global }) => `${event} ${priority}${global ? " *" : ""}`);
}

function problems(text: string): string[] {
	return hooks_of(text, "x.lua").problems.map(({ line, message }) => `${line}: ${message}`);
}

describe("hooks in Lua", () => {
	it.each([
		['module:hook("tea", pour)', ["tea 0"]],
		["module:hook('tea', pour, 7)", ["tea 7"]],
		["module:hook([[tea]], pour, -7)", ["tea -7"]],
		["module : hook ( 'tea' , pour , 90-2 )", ["tea 88"]],
		["module:hook('tea', pour, -(1))", []],
		["module:hook('tea', pour, 100 - 20 + 1.5)", ["tea 81.5"]],
		["module:hook_global('tea', pour, -300)", ["tea -300 *"]],
		["module:handle_items('cup', take, put, true)", ["item-added/cup 0", "item-removed/cup 0"]],
		["other:hook('tea', pour)", []],
		["module:log('hook', 'tea', 5)", []],
	])("%s", (text, hooks) => {
		expect(brief(text)).toEqual(hooks);
	});

	it("may have whole functions as handlers", () => {
		const text = `
			module:hook("tea", function (event)
				local a, b = event.a, { 1, 2 };
				if a then return b, 3 elseif b then return 4 end
				for i = 1, 2 do while i do repeat f(1, 2) until a, 5 end end
				return function () return 6, 7 end
			end, 8); -- before "module:hook('comment', f, 9)"
			--[==[ module:hook("comment", f) ]] ]==]
			local text = "module:hook('text', f)" .. 'it\\'s module:hook("text", f)';
			module:hook("cake", f)`;
		expect(brief(text)).toEqual(["tea 8", "cake 0"]);
	});

	it("may be named by a constant or by a loop over a table", () => {
		const text = `
			local event = "tea";
			module:hook(event, f, 1);
			module:hook(event .. "/green", f, 2);
			for name, method in pairs {
				["cup"] = "a";
				saucer = "b", -- by a name
			} do module:hook(name, f, -2) end
			for _, kind in ipairs({ "one", "two" }) do module:hook("biscuit/" .. kind, f) end`;
		expect(brief(text)).toEqual(["tea 1", "tea/green 2", "cup -2", "saucer -2", "biscuit/one 0", "biscuit/two 0"]);
	});

	it("tell where they stand", () => {
		const { hooks } = hooks_of('--[[ two\nlines ]] local a = [[\n]]\nmodule:hook("tea",\nf)', "tea.lua");
		expect(hooks).toEqual([{ event: "tea", priority: 0, global: false, file: "tea.lua", line: 4 }]);
	});

	it("are told of where they cannot be read", () => {
		const event = "expected the event's name as a text that stands in the file";
		expect(problems('\nmodule:hook("a" .. b, f)')).toEqual([`2: module:hook: ${event}`]);
		expect(problems("module:hook(name(), f)")).toEqual([`1: module:hook: ${event}`]);
		expect(problems("module:hook")).toEqual([`1: module:hook: ${event}`]);
		expect(problems('module:hook("a", f, high)')).toEqual(["1: module:hook: expected numbers as the priority"]);
		expect(problems('module:hook_tag("a", "b", f)')).toEqual(["1: module:hook_tag: expected hook, hook_global or handle_items"]);
	});
});

describe("a folder", () => {
	it("is read file by file", () => {
		const folder = mkdtempSync(join(tmpdir(), "enjamb-spec-"));
		try {
			expect(read_hooks(folder)).toEqual({ ok: false, error: expect.stringContaining("expected a folder with Lua sources") });
			writeFileSync(join(folder, "b.lib.lua"), 'module:hook("b", f)');
			writeFileSync(join(folder, "a.lua"), 'module:hook("a", f)\nmodule:hook(g(), f)');
			writeFileSync(join(folder, "c.txt"), 'module:hook("c", f)');
			const read = read_hooks(folder);
			expect(read.ok && read.value.hooks.map(({ event, file }) => [event, file])).toEqual([
				["a", "a.lua"],
				["b", "b.lib.lua"],
			]);
			expect(read.ok && read.value.problems).toMatchObject([{ file: "a.lua", line: 2 }]);
		} finally {
			rmSync(folder, { recursive: true });
		}
		expect(read_hooks(folder)).toMatchObject({ ok: false, error: expect.stringContaining("ENOENT") });
	});
});
