import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { start_subject } from "../../host/cli/compare/subjects.ts";
import { play } from "../../tools/scansion/play.ts";
import { create_reporter } from "../../tools/scansion/report.ts";
import { read_script } from "../../tools/scansion.ts";
import { patience } from "../helper.ts";

// Prosody's own scripts, played on Prosody's own modules in Lua on this host. PROSODY_SOURCE names the folder of its sources.
const source = process.env["PROSODY_SOURCE"] ?? "";
const folder = join(source, "spec/scansion");
const is_there = source !== "" && existsSync(folder);
if (!is_there) console.warn("PROSODY_SOURCE names no sources of Prosody: its scripts are not played on its Lua here");

/** What its scripts are about, apart from what makes it a server at all; all of it in Lua. */
const modules = [
	"blocklist",
	"carbons",
	"disco",
	"external_services",
	"http_file_share",
	"iq",
	"lastactivity",
	"mam",
	"message",
	"muc",
	"muc_mam",
	"offline",
	"pep",
	"ping",
	"presence",
	"private",
	"pubsub",
	"register",
	"register_ibr",
	"roster",
	"server_contact_info",
	"time",
	"tombstones",
	"uptime",
	"user_account_management",
	"vcard4",
	"vcard_legacy",
	"version",
];

const config = (in_lua: readonly string[]): string => `
plugin_paths = { "${join(source, "plugins")}" }
prefer_lua_modules = { ${in_lua.map((name) => `"${name}"`).join(", ")} }
admins = { "admin@localhost" }
modules_enabled = {
	"roster", "saslauth", "disco", "carbons", "pep", "private", "blocklist", "vcard4", "vcard_legacy", "version", "uptime", "time",
	"ping", "register", "mam", "server_contact_info", "lastactivity", "external_services", "tombstones", "user_account_management"
}
modules_disabled = { "s2s", "tls" }
contact_info = {
	abuse = { "mailto:abuse@localhost", "xmpp:abuse@localhost" };
	admin = { "mailto:admin@localhost", "xmpp:admin@localhost" };
	feedback = { "http://localhost/feedback.html", "mailto:feedback@localhost", "xmpp:feedback@localhost" };
	sales = { "xmpp:sales@localhost" };
	security = { "xmpp:security@localhost" };
	status = { "gopher://status.localhost" };
	support = { "https://localhost/support.html", "xmpp:support@localhost" };
}
external_service_host = "default.example"
external_service_port = 9876
external_service_secret = "<secret>"
external_services = {
	{ type = "stun"; transport = "udp" };
	{ type = "turn"; transport = "udp"; secret = true };
	{ type = "turn"; transport = "udp"; secret = "foo" };
	{ type = "ftp"; transport = "tcp"; port = 2121; username = "john"; password = "password" };
	{ type = "ftp"; transport = "tcp"; host = "ftp.example.com"; port = 21; username = "john"; password = "password" };
}
allow_registration = false
http_ports = { 0 }
https_ports = {}
c2s_require_encryption = false
allow_unencrypted_plain_auth = true
authentication = "insecure"
insecure_open_authentication = "Yes please, I know what I'm doing!"
storage = "memory"
mam_smart_enable = true
bounce_blocked_messages = true
VirtualHost "localhost"
	hide_os_type = true
Component "conference.localhost" "muc"
	admins = { "Admin@localhost" }
	modules_enabled = { "muc_mam" }
Component "pubsub.localhost" "pubsub"
	expose_publisher = true
Component "upload.localhost" "http_file_share"
	http_file_share_size_limit = 10000000
	http_file_share_allowed_file_types = { "text/plain", "image/*" }
`;

describe.skipIf(!is_there).each([
	{ what: "its own modules in Lua on this host", in_lua: modules },
	{ what: "the modules that are built in", in_lua: [] },
])("Prosody's scripts, on $what", ({ in_lua }) => {
	const names = is_there ? readdirSync(folder).filter((name) => name.endsWith(".scs")) : [];

	it.for(names.sort())("%s", async (name, { skip }) => {
		skip(in_lua.length === 0 && name === "version.scs", "the built-in module does not claim to be Prosody");
		const script = read_script(join(folder, name));
		if (!script.ok) throw new Error(`${name}:${script.error.line}: ${script.error.message}`);
		const server = await start_subject(config(in_lua));
		try {
			const outcome = await play(script.value, { host: "127.0.0.1", port: server.port, timeout: patience });
			let report = "";
			if (outcome.failure) create_reporter("text", (text) => (report += text), false).result({ kind: "played", outcome });
			expect(report).toBe("");
		} finally {
			await server.stop();
		}
	});
});
