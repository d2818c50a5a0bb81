import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ns } from "../../../host/util/ns.ts";
import * as st from "../../../host/util/stanza.ts";
import { ask, expect_stanza } from "../../helper.ts";
import {
	on_both,
	play_on,
	type Stage,
	start_ours,
	start_prosody,
	type Troupe,
	without_prosody,
} from "../../lua-shims/community/community.ts";
import { register } from "../../lua-shims/community/registering.ts";

// The small modules that most servers have: the same scripts, with the same options, here and on a real Prosody.

const no_prosody = without_prosody();
const of_lua = join(import.meta.dirname, "../../lua-shims/modules");
const own = join(import.meta.dirname, "everyday");

const external_services = `
external_service_host = "default.example"
external_service_port = 9876
external_service_secret = "shared"
external_services = {
	{ type = "stun", transport = "udp" },
	{ type = "turn", transport = "udp", secret = true },
	{ type = "turn", transport = "udp", secret = "foo", username = "romeo", ttl = 60 },
	{ type = "ftp", transport = "tcp", port = 2121, username = "john", password = "password" },
	{ type = "ftp", transport = "tcp", host = "ftp.example.com", port = 21, username = "john", restricted = true },
	{ type = "xmpp", secret = true, expires = 2000000000 },
	{ transport = "udp" },
	"nothing"
}`;

const turn = `
turn_external_host = "turn.localhost"
turn_external_port = 3479
turn_external_tcp = true
turn_external_tls_port = 5350
turn_external_secret = "shared"
turn_external_user = "romeo"
turn_external_ttl = 3600`;

const plays: readonly { name: string; script: string; troupe: Troupe }[] = [
	{
		name: "motd",
		script: join(of_lua, "motd.scs"),
		troupe: { accounts: ["motd", "presence"], options: 'motd_text = "  The loom rests on Sunday.  "' },
	},
	{ name: "announce by a message", script: join(of_lua, "announce.scs"), troupe: { accounts: ["announce", "message"] } },
	{
		name: "announce by a command",
		script: join(own, "announce_command.scs"),
		troupe: { accounts: ["announce", "adhoc", "presence", "message"] },
	},
	{
		name: "external_services (XEP-0215)",
		script: join(own, "external_services.scs"),
		troupe: { accounts: ["external_services"], options: external_services },
	},
	{
		name: "external_services for some",
		script: join(own, "external_access.scs"),
		troupe: {
			accounts: ["external_services"],
			options: `external_services = { { type = "stun", transport = "udp", port = 3478 } }
external_service_access = { "romeo@localhost", "verona.example" }`,
		},
	},
	{
		name: "turn_external",
		script: join(own, "turn_external.scs"),
		troupe: { accounts: ["turn_external"], options: turn },
	},
	{
		name: "external_services of a module in Lua",
		script: join(own, "relay.scs"),
		troupe: { accounts: ["external_services", "relay"], folders: [own] },
	},
];

describe.each(plays)("$name", ({ script, troupe }) => {
	it("does here", async () => {
		expect(await play_on(start_ours, script, troupe)).toBe("");
	});

	it.skipIf(no_prosody)("what it does on a real Prosody", async () => {
		expect(await play_on(start_prosody, script, troupe)).toBe("");
	});
});

/** The fields of what service discovery tells about the server, by `var`. */
async function server_info(stage: Stage): Promise<Record<string, string[]>> {
	const client = await stage.client("romeo");
	const answer = await ask(client, st.iq({ type: "get", id: "info", to: "localhost" }).query(ns.disco_info));
	const form = answer.get_child("query", ns.disco_info)?.get_child("x", ns.data);
	const fields: Record<string, string[]> = {};
	for (const field of form?.childtags("field") ?? []) {
		const values = [...field.childtags("value")].map((value) => value.get_text() ?? "");
		// Prosody 0.12 also shows fields without values, 13 does not.
		if (values.length > 0) fields[`${field.attr["var"]} ${field.attr["type"]}`] = values;
	}
	return fields;
}

describe("server_contact_info", () => {
	it("tells where to write to", async () => {
		const options = `contact_info = {
	abuse = { "mailto:abuse@localhost", "xmpp:abuse@localhost" },
	support = { "https://localhost/support" },
}`;
		const [ours, prosodys] = await on_both({ accounts: ["server_contact_info"], options }, no_prosody, server_info);
		expect(ours).toEqual(prosodys);
		expect(ours).toEqual({
			"FORM_TYPE hidden": ["http://jabber.org/network/serverinfo"],
			"abuse-addresses list-multi": ["mailto:abuse@localhost", "xmpp:abuse@localhost"],
			"support-addresses list-multi": ["https://localhost/support"],
		});
	});

	it("tells of nobody where a configuration has no addresses", async () => {
		const options = "contact_info = { abuse = nil }";
		const [ours, prosodys] = await on_both({ accounts: ["server_contact_info"], options }, no_prosody, server_info);
		expect(ours).toEqual(prosodys);
	});

	it("names the admins where nothing is configured", async () => {
		const [ours, prosodys] = await on_both({ accounts: ["server_contact_info"] }, no_prosody, server_info);
		expect(ours).toEqual(prosodys);
		expect(ours["admin-addresses list-multi"]).toEqual(["xmpp:admin@localhost"]);
	});
});

describe("server_info", () => {
	// Prosody 0.12 has none to compare with.
	it("tells what a module in Lua adds", async () => {
		const stage = await start_ours({ accounts: ["server_info", "relay"], folders: [own] });
		try {
			expect(await server_info(stage)).toMatchObject({
				"motto text-single": ["But soft!"],
				"spoken list-multi": ["en", "it"],
			});
		} finally {
			await stage.stop();
		}
	});
});

describe("welcome", () => {
	it("writes to who has just registered, who reads it when logging in", async () => {
		const troupe = {
			accounts: ["welcome", "register", "presence", "message", "offline"],
			options: `authentication = "internal_plain"
allow_registration = true
welcome_message = "Hello $username, this is $host, not $nothing"`,
		};
		const [ours, prosodys] = await on_both(troupe, no_prosody, async (stage) => {
			expect(await register(stage.port, "ada")).toEqual({ type: "result", condition: "" });
			const ada = await stage.client("ada");
			ada.send(st.presence());
			const message = await expect_stanza(ada, ({ name }) => name === "message");
			return [message.attr["from"], message.attr["to"], message.attr["type"], message.get_child_text("body")];
		});
		expect(ours).toEqual(prosodys);
		expect(ours).toEqual(["localhost", "ada@localhost", undefined, "Hello ada, this is localhost, not $nothing"]);
	});
});
