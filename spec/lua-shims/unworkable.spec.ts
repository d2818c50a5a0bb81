import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { create_lua_loader } from "../../lua-shims/loader.ts";
import { refused_modules } from "../../lua-shims/unworkable.ts";
import { create_lua } from "./lua.ts";

it("modules that would load and do nothing are refused, others by their names are not", async () => {
	const folder = await mkdtemp(join(tmpdir(), "enjamb-spec-"));
	await writeFile(join(folder, "mod_auth_cyrus.lua"), 'local cyrus = require "util.sasl_cyrus"');
	await writeFile(join(folder, "mod_s2s_auth_dane.lua"), 'module:log("info", "my own")');
	const loader = create_lua_loader([folder]);
	const refused = loader.find("auth_cyrus");
	expect(refused?.ok).toBe(false);
	if (refused !== undefined && !refused.ok) expect(refused.error).toContain("Cyrus SASL is a library in C");
	expect(loader.find("s2s_auth_dane")?.ok).toBe(true);
	const lua = await create_lua();
	const { syntax_error } = lua.host.surface();
	expect(syntax_error("-- sasl_cyrus", "/x/mod_auth_cyrus.lua")).toContain("is not loaded");
	expect(syntax_error("--% requires: time-travel\n", "/x/mod_x.lua")).toContain("time-travel");
	expect(syntax_error("return 1", "/x/mod_auth_cyrus.lua")).toBeUndefined();
	await lua.stop();
	await rm(folder, { recursive: true });
});

it("MODULES.md names each of them with its reason", async () => {
	const page = await readFile(join(import.meta.dirname, "../../lua-shims/MODULES.md"), "utf8");
	expect(refused_modules.filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
});

it("what is built in takes the place of its Lua, even where that is preferred", async () => {
	const folder = await mkdtemp(join(tmpdir(), "enjamb-spec-"));
	await writeFile(join(folder, "mod_admin_socket.lua"), 'local unix = require "socket.unix"');
	expect(create_lua_loader([folder]).find("admin_socket")).toBeUndefined();
	await rm(folder, { recursive: true });
});
