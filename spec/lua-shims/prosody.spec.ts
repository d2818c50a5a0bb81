import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as st from "../../host/util/stanza.ts";
import { expect_stanza, start_test_server, type TestServer } from "../helper.ts";

const lua_modules = new URL("../lua", import.meta.url).pathname;

describe("the server as Lua modules see it", () => {
	let server: TestServer;
	/** The functions of the canary module. */
	let lua: { [name: string]: (...args: unknown[]) => unknown };

	beforeAll(async () => {
		server = await start_test_server({
			config: { "*": { plugin_paths: [lua_modules] }, localhost: { modules_enabled: ["host_view"] } },
		});
		lua = server.server.modulemanager.get_module("localhost", "host_view")?.exports as typeof lua;
	});
	afterAll(() => server.stop());

	const run = (...args: unknown[]): unknown => lua["run"]?.(...args);

	it.each(["prosody", "host", "events"])("%s", (name) => void run(name));

	it("shares events between the languages, on one bus", () => {
		const { events } = server.server.hosts.get("localhost") ?? server.server;
		const seen: unknown[] = [];
		const handler = (event: unknown): undefined => void seen.push((event as { text: string }).text);
		events.add_handler("canary" as "pre-stanza", handler, 5);
		run("events");
		expect(seen.slice(0, 3)).toEqual(["one", "two", "three"]);
		events.remove_handler("canary" as "pre-stanza", handler);
	});

	it("shows a client's session", async () => {
		const client = await server.client("seen", "here");
		run("session", client.full_jid);
		const by_id = (id: string) => expect_stanza(client, (stanza) => stanza.attr["id"] === id);
		expect((await by_id("stanza")).get_child_text("body")).toBe("as a stanza");
		expect((await by_id("text")).get_child_text("body")).toBe("as text");
		const session = server.server.full_sessions.get(client.full_jid);
		expect(session).toHaveProperty("canary");
		Object.defineProperty(session, "of_typescript", { value: "x", writable: true, enumerable: false, configurable: true });
		expect(Reflect.get(Object(lua["session"]?.(client.full_jid)), "of_typescript")).toBe("x");
		expect(lua["session"]?.(client.full_jid)).toBe(session);
	});

	it("sends what the host sends through a function that Lua put in place of send", async () => {
		const wrapped = await server.client("wrapped", "here");
		const sender = await server.client("sender", "here");
		const undo = lua["wrap"]?.(wrapped.full_jid) as () => void;
		const host = server.server.hosts.get("localhost");
		if (!host) throw new Error("no host");
		const broadcast = (recipients: string[], stanza: st.Stanza): void =>
			server.server.delivery.broadcast(recipients, stanza, (to) => {
				const copy = st.clone(stanza);
				copy.attr["to"] = to;
				server.server.router.post_stanza(host, copy);
			});
		sender.send(st.message({ to: wrapped.full_jid, id: "1" }, "Hi"));
		expect((await expect_stanza(wrapped)).get_child_text("wrapped")).toBe("yes");
		broadcast([wrapped.full_jid, sender.full_jid], st.message({ from: "localhost", id: "2" }, "all"));
		expect((await expect_stanza(wrapped)).get_child_text("wrapped")).toBe("yes");
		expect((await expect_stanza(sender)).get_child("wrapped")).toBeUndefined();
		undo();
		broadcast([wrapped.full_jid], st.message({ from: "localhost", id: "3" }, "again"));
		const plain = await expect_stanza(wrapped);
		expect([plain.attr["to"], plain.get_child("wrapped")]).toEqual([wrapped.full_jid, undefined]);
	});

	it("takes tables with a function send as origins", async () => {
		const client = await server.client("origin", "here");
		expect(lua["origins"]?.(client.full_jid)).toBe("plain iq error, plain iq error, wrapped iq, wrapped iq, true");
	});

	it("lets loops take away what they are at", async () => {
		const clients = [
			await server.client("several", "a"),
			await server.client("several", "b"),
			await server.client("several", "c"),
		];
		for (const session of server.server.bare_sessions.get("several@localhost")?.sessions.values() ?? []) {
			// as when nobody waits for the client to close its side
			Object.assign(session, { notopen: true });
		}
		expect(lua["close_all"]?.("several")).toBe("a:3 b:2 c:1");
		await Promise.all(clients.map((client) => client.disconnect()));
	});

	it("shows rosters in Prosody's shape, and takes what is put into them", async () => {
		const client = await server.client("rostered", "here");
		expect(lua["roster"]?.(client.full_jid)).toBe("friend@example.com=both Friends+Others");
		const roster = server.server.rostermanager.load_roster("rostered", "localhost");
		expect(roster.items.get("friend@example.com")).toMatchObject({ subscription: "both", name: "Friend" });
		expect([...(roster.items.get("friend@example.com")?.groups ?? [])].sort()).toEqual(["Friends", "Others"]);
		expect([...roster.pending.keys()]).toEqual(["asks@example.com"]);
	});
});
