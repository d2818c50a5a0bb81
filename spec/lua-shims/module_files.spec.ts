import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { find_library, find_lua_module, is_global, lua_folders, module_metadata, refusal } from "../../lua-shims/module_files.ts";

let folder: string;
beforeAll(() => {
	folder = mkdtempSync(join(tmpdir(), "enjamb-module-files-"));
	for (const file of [
		"one/mod_plain.lua",
		"one/mod_nested/mod_nested.lua",
		"one/mod_debian/debian/mod_debian.lua",
		"one/rooms/mod_rooms.lua",
		"one/rooms/locks.lib.lua",
		"one/mod_nested/parts.lib.lua",
		"one/parts.lib.lua",
		"two/mod_plain.lua",
		"two/util.lib.lua",
	]) {
		mkdirSync(dirname(join(folder, file)), { recursive: true });
		writeFileSync(join(folder, file), "");
	}
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const folders = (): string[] => [join(folder, "one"), join(folder, "two")];

describe("the files of modules", () => {
	it("are found under each of Prosody's names, in the first folder that has one", () => {
		const found = (name: string): string | undefined => find_lua_module(folders(), name)?.slice(folder.length + 1);
		expect(found("plain")).toBe("one/mod_plain.lua");
		expect(found("nested")).toBe("one/mod_nested/mod_nested.lua");
		expect(found("debian")).toBe("one/mod_debian/debian/mod_debian.lua");
		expect(found("rooms")).toBe("one/rooms/mod_rooms.lua");
		expect(found("nothing")).toBeUndefined();
	});

	it("have libraries beside them, those of the module before those of the folder", () => {
		const found = (module: string, name: string): string | undefined =>
			find_library(folders(), module, name)?.slice(folder.length + 1);
		expect(found("nested", "parts")).toBe("one/mod_nested/parts.lib.lua");
		expect(found("plain", "parts")).toBe("one/parts.lib.lua");
		expect(found("rooms", "locks")).toBe("one/rooms/locks.lib.lua");
		expect(found("plain", "rooms/locks")).toBe("one/rooms/locks.lib.lua");
		expect(found("plain", "util")).toBe("two/util.lib.lua");
		expect(found("plain", "nothing")).toBeUndefined();
	});

	it("are looked for in the administrator's folders first, and nowhere twice", () => {
		const [first, ...rest] = lua_folders([folder, folder]);
		expect(first).toBe(folder);
		expect(rest).not.toContain(folder);
	});
});

describe("what a module's first lines say", () => {
	it("is read until they end", () => {
		const metadata = module_metadata(
			"-- A module\n--% requires: permissions, loader \n--% lua: 5.2\nlocal x = 1\n--% late: yes\n",
		);
		expect([...metadata]).toEqual([
			["requires", "permissions, loader"],
			["lua", "5.2"],
		]);
	});

	it("keeps a module from running where it asks for what is not there, or refuses what is", () => {
		const why = (lines: string): string | undefined => refusal(module_metadata(lines));
		expect(why("--% requires: permissions")).toBeUndefined();
		expect(why("--% requires: permissions, time-travel")).toBe("it requires what is not offered here: time-travel");
		expect(why("--% conflicts: muc_vcard")).toBe("it conflicts with what is built in: muc_vcard");
		expect(why("--% lua: 5.0")).toBe("it is for Lua 5.0 only");
		expect(why("--% lua: 5.1, 5.4")).toBeUndefined();
	});
});

describe("whether a module is a global one", () => {
	it("is seen in its code, and not in what it only mentions", () => {
		expect(is_global("module:set_global();")).toBe(true);
		expect(is_global("local a = 1\n\tmodule : set_global ( )")).toBe(true);
		expect(is_global("-- module:set_global();")).toBe(false);
		expect(is_global("--[[\nmodule:set_global();\n]]\nlocal x")).toBe(false);
		expect(is_global("--[==[ ]]\nmodule:set_global();\n]==] module:set_global()")).toBe(true);
		expect(is_global("")).toBe(false);
	});
});
