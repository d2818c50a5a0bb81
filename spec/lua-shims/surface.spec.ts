import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { missing_in_surface } from "../../host/cli/check/lua_scan.ts";
import { lua_surface } from "../../host/composition.ts";
import { find_lua_module } from "../../lua-shims/module_files.ts";
import { not_installed } from "../needs.ts";

const folder = "/usr/lib/prosody/modules";
const no_modules = not_installed(
	existsSync(join(folder, "muc/mod_muc.lua")),
	"Prosody",
	"what its modules ask for is not looked at",
);

const surface = lua_surface();

/** What a module and its libraries ask for when they are loaded, and do not find. */
function missing(path: string): string[] {
	return missing_in_surface(readFileSync(path, "utf8"), surface)
		.filter(({ optional }) => !optional)
		.map(({ name }) => name);
}

describe("what modules in Lua are offered", () => {
	it("has the libraries and methods that Prosody documents", () => {
		for (const name of ["util.stanza", "util.jid", "util.set", "util.dataforms", "core.usermanager", "net.http", "lfs"]) {
			expect(surface.libraries.has(name), name).toBe(true);
		}
		for (const name of ["hook", "depends", "open_store", "get_option_enum", "add_timer", "send_iq", "may", "http_url"]) {
			expect(surface.module_methods.has(name), name).toBe(true);
		}
		for (const name of ["prosody", "hosts", "require", "import", "string", "unpack"]) {
			expect(surface.globals.has(name), name).toBe(true);
		}
	});

	const rooms = [
		"muc",
		"muc_mam",
		"muc_unique",
		"muc_moderation",
		"muc_rtbl",
		"muc_restrict_media",
		"vcard_muc",
		"ping_muc",
		"track_muc_joins",
		"muc_log",
		"http_muc_log",
		"muc_log_http",
	];

	it.skipIf(no_modules).each(rooms)("has all that mod_%s asks for", (name) => {
		const path = find_lua_module([folder, join(folder, `mod_${name}`)], name);
		expect(path).toBeDefined();
		if (path !== undefined) expect(missing(path)).toEqual([]);
	});

	it.skipIf(no_modules)("has all that the libraries of Prosody's rooms ask for", () => {
		for (const file of readdirSync(join(folder, "muc"))) expect(missing(join(folder, "muc", file)), file).toEqual([]);
	});
});
