import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Role } from "../../host/util/roles.ts";
import * as st from "../../host/util/stanza.ts";
import { ask, start_test_server, type TestServer } from "../helper.ts";
import { missing } from "./community/community.ts";

const lua_modules = new URL("../lua", import.meta.url).pathname;

describe("what Lua modules offer, and what they get of the managers", () => {
	let server: TestServer;
	/** The functions of the canary module. */
	let lua: { [name: string]: (...args: unknown[]) => unknown };

	beforeAll(async () => {
		server = await start_test_server({
			config: {
				"*": { plugin_paths: [lua_modules], authentication: "internal_hashed", capitals_ports: [0] },
				localhost: {
					authentication: "internal_hashed",
					modules_enabled: ["adhoc", "capitals", "offering"],
					canary_option: "here",
					canary_table: new Map([["inner", ["a", "b"]]]),
				},
			},
		});
		lua = server.server.modulemanager.get_module("localhost", "offering")?.exports as typeof lua;
		for (const name of ["mirka", "admin"]) server.server.usermanager.create_user(name, "localhost", "password");
	});
	afterAll(() => server.stop());

	const run = (...args: unknown[]): unknown => lua["run"]?.(...args);

	it.each(["accounts", "modules", "config", "hosts", "rosters"])("the managers: %s", (name) => void run(name));

	it("hands roles over in both directions", () => {
		const role = run("roles");
		expect(role).toBeInstanceOf(Role);
		if (!(role instanceof Role)) return;
		expect([role.name, role.may("canary:sing"), role.may("canary:bite"), role.may("canary:perch")]).toEqual([
			"canary:role",
			true,
			false,
			true,
		]);
		expect(run("roles")).not.toBe(role);
	});

	it("asks for permissions with events, JIDs, and nothing else", async () => {
		const client = await server.client("mirka");
		const query = st.iq({ type: "get", id: "1", to: "localhost" }).tag("sing", { xmlns: "urn:example:sing" }).reset();
		const answer = (await ask(client, query)).get_child("sing", "urn:example:sing");
		expect(answer?.attr).toMatchObject({ may: "true", bite: "false", role: "prosody:registered" });
		expect(lua["may"]?.(":sing", "mirka@localhost")).toBe(true);
		expect(lua["may"]?.(":sing", "stranger@example.com")).toBe(false);
		expect(() => lua["may"]?.(":sing", { nothing: true })).toThrow(/expected a JID, or an event with its origin/);
	});

	it("has commands in Lua executed by the host's mod_adhoc", async () => {
		const client = await server.client("mirka");
		const command = (attrs: Record<string, string>, form?: st.Stanza): st.Stanza => {
			const iq = st.iq({ type: "set", id: "command", to: "localhost" });
			iq.tag("command", { xmlns: "http://jabber.org/protocol/commands", node: "urn:example:colours", ...attrs });
			if (form) iq.add_child(form);
			return iq.reset();
		};
		const chosen = (colour: string): st.Stanza =>
			st
				.stanza("x", { xmlns: "jabber:x:data", type: "submit" })
				.tag("field", { var: "colour" })
				.text_tag("value", colour)
				.reset();
		const first = (await ask(client, command({}))).first_tag;
		const form = first?.get_child("x", "jabber:x:data");
		expect(first?.attr["status"]).toBe("executing");
		expect(first?.get_child("actions")?.tags.map(({ name }) => name)).toEqual(["next", "complete"]);
		expect(form?.get_child_text("title")).toBe("Colours");
		expect(form?.get_child_with_attr("field", undefined, "var", "colour")?.get_child_text("value")).toBe("red");
		const sessionid = first?.attr["sessionid"] ?? "";
		const second = (await ask(client, command({ sessionid, action: "complete" }, chosen("blue")))).first_tag;
		expect(second?.attr["status"]).toBe("completed");
		expect(second?.get_child_text("note")).toBe("You chose blue, asked");
		const again = (await ask(client, command({}))).first_tag?.attr["sessionid"] ?? "";
		const refused = await ask(client, command({ sessionid: again }, chosen("grey")));
		expect(refused.get_error()).toMatchObject({ type: "modify", condition: "not-acceptable", text: "Not grey" });
	});

	it("listens on ports for Lua", async () => {
		const port = server.server.addresses().find(({ service }) => service === "capitals")?.port ?? 0;
		const said = await new Promise<string>((resolve, reject) => {
			let text = "";
			const socket = connect(port, "127.0.0.1", () => socket.write("quiet\n"));
			socket.on("data", (chunk) => {
				text += chunk.toString();
				if (text.includes("QUIET")) socket.write("bye");
			});
			socket.on("error", reject);
			socket.on("close", () => resolve(text));
		});
		expect(said).toBe("hello 127.0.0.1\nQUIET\nbye\n");
	});

	it("lets promises of one language be those of the other", async () => {
		await expect(lua["later"]?.("value")).resolves.toBe("value");
		await expect(lua["later"]?.("fail")).rejects.toMatchObject({ type: "wait", condition: "conflict" });
		const told = (promise: Promise<unknown>): Promise<unknown[]> =>
			new Promise((resolve) => lua["wait"]?.(promise, (...args: unknown[]) => resolve(args)));
		expect(await told(Promise.resolve(7))).toEqual(["got", 7]);
		expect(await told(Promise.reject(new Error("no")))).toEqual(["failed", "undefined-condition"]);
	});

	it("gives handlers of the host what Lua fires, and the answer back", () => {
		const host = server.server.hosts.get("localhost");
		const event = "canary-event" as "pre-stanza";
		const seen: unknown[] = [];
		const handler = (payload: unknown): unknown => {
			seen.push(Reflect.get(Object(payload), "list"));
			Reflect.set(Object(payload), "answer", st.message({}, "from the host"));
			return "stopped";
		};
		host?.events.add_handler(event, handler);
		const payload = { list: ["a"] };
		expect(lua["fire"]?.("canary-event", payload)).toBe("stopped");
		expect(seen).toEqual([["a"]]);
		expect(payload).toHaveProperty("answer");
		host?.events.remove_handler(event, handler);
	});
});

describe.each(["storage_memory", "storage_internal", "auth_internal_plain", "auth_internal_hashed", "authz_internal"])(
	"Prosody's own mod_%s, in Lua",
	(name) => {
		it.skipIf(missing(name))("keeps accounts for this server, and lets them in", async () => {
			const storage = name.startsWith("storage_") ? name.slice(8) : "memory";
			const authentication = name.startsWith("auth_") ? name.slice(5) : "internal_hashed";
			const server = await start_test_server({
				config: {
					"*": { plugin_paths: ["/usr/lib/prosody/modules"], prefer_lua_modules: [name], storage, authentication },
					localhost: { authentication },
				},
			});
			try {
				const { usermanager, modulemanager } = server.server;
				expect(usermanager.create_user("juliet", "localhost", "password")).toEqual({ ok: true, value: true });
				expect(modulemanager.get_module("localhost", name)?.definition.path).toContain(`mod_${name}.lua`);
				expect(usermanager.user_exists("juliet", "localhost")).toBe(true);
				expect(usermanager.user_exists("romeo", "localhost")).toBe(false);
				expect(usermanager.test_password("juliet", "localhost", "password").ok).toBe(true);
				expect(usermanager.test_password("juliet", "localhost", "wrong").ok).toBe(false);
				expect(usermanager.users("localhost")).toEqual(["juliet"]);
				const client = await server.client("juliet", "balcony");
				expect(client.full_jid).toBe("juliet@localhost/balcony");
			} finally {
				await server.stop();
			}
		});
	},
);
