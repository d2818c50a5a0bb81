import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { start_subject } from "../../host/cli/compare/subjects.ts";
import { not_installed } from "../needs.ts";
import { common_names, newer_only, play_on, tag_of } from "../scripts.ts";

// Prosody's own mod_muc and mod_muc_mam, in Lua, on this host: whoever runs them here should not notice.
// The folder of another Prosody's sources is named by PROSODY_SOURCE.
const source = process.env["PROSODY_SOURCE"];
const folder = source === undefined ? "/usr/lib/prosody/modules" : join(source, "plugins");
const is_old = !existsSync(join(folder, "mod_flags.lua"));
const no_modules = not_installed(existsSync(join(folder, "muc/mod_muc.lua")), "Prosody", "its Lua is not played here");

const config = `
plugin_paths = { "${folder}" }
prefer_lua_modules = { "muc", "muc_mam" }
modules_enabled = { "disco", "roster", "saslauth", "ping", "version", "uptime", "time" }
modules_disabled = { "s2s", "tls" }
authentication = "insecure"
insecure_open_authentication = "Yes please, I know what I'm doing!"
c2s_require_encryption = false
allow_unencrypted_plain_auth = true
storage = "memory"
admins = { "admin@localhost" }
VirtualHost "localhost"
Component "conference.localhost" "muc"
	modules_enabled = { "muc_mam" }
`;

describe.skipIf(no_modules)("our scansion scripts, on Prosody's own muc in Lua on this host", () => {
	it.for(common_names.filter((name) => name.startsWith("mu") || name.startsWith("mam")))("%s", async (name, { skip }) => {
		const newer = tag_of(name, newer_only);
		skip(is_old && newer !== undefined, `${newer_only}: ${newer}`);
		expect(await play_on(() => start_subject(config), name)).toBe("");
	});
});
