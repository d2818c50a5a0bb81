import { resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as st from "../../host/util/stanza.ts";
import { expect_stanza, start_test_server, type TestServer } from "../helper.ts";

let test: TestServer;
beforeAll(async () => {
	test = await start_test_server({
		config: {
			"*": { plugin_paths: [resolve(import.meta.dirname, "../lua")] },
			localhost: { modules_enabled: ["disco", "roster", "saslauth", "asking", "watching"] },
		},
	});
});
afterAll(() => test.stop());

const fire = (name: string, event: unknown = {}): unknown => test.server.hosts.get("localhost")?.events.fire_any(name, event);
const disco = "http://jabber.org/protocol/disco#info";

describe("module:send_iq", () => {
	const ask = (event: { [name: string]: unknown }): Promise<unknown[]> =>
		new Promise((done) => void fire("ask", { tell: (...told: unknown[]) => done(told), ...event }));

	it("gets the answer of a local host, and of an account, without saying from whom", async () => {
		expect(await ask({ id: "a", to: "localhost", xmlns: disco })).toEqual(["result", "nobody"]);
		expect(await ask({ id: "b", to: "conference.localhost", xmlns: disco })).toEqual(["result", "nobody"]);
		expect(await ask({ id: "c", to: "localhost", xmlns: "urn:example:unknown" })).toEqual(["error", "nobody"]);
	});

	it("gets the answer that comes by its event, with where it came from", async () => {
		const romeo = await test.client("romeo");
		const asked = ask({ id: "d", to: romeo.full_jid, from: "localhost", xmlns: "urn:example:x" });
		const question = await expect_stanza(romeo, (stanza) => stanza.attr["id"] === "d");
		romeo.send(st.reply(question));
		expect(await asked).toEqual(["result", "c2s"]);
		const refused = ask({ id: "e", to: romeo.full_jid, from: "localhost", xmlns: "urn:example:x" });
		const other = await expect_stanza(romeo, (stanza) => stanza.attr["id"] === "e");
		romeo.send(st.error_reply(other, "modify", "not-acceptable").reset());
		expect(await refused).toEqual(["not-acceptable", "modify"]);
	});

	it("gets it for a client's session, which sends it on", async () => {
		const romeo = await test.client("romeo", "again");
		const origin = test.server.full_sessions.get(romeo.full_jid);
		expect(await ask({ id: "f", to: "localhost", from: romeo.full_jid, xmlns: disco, origin })).toEqual(["result", "nobody"]);
		await expect_stanza(romeo, (stanza) => stanza.attr["id"] === "f");
	});
});

describe("util.filters.add_filter_hook", () => {
	it("is called back for each session that is new, from its first stanza on, until it is taken back", async () => {
		const before = Number(fire("watched-sessions"));
		const juliet = await test.client("juliet");
		const romeo = await test.client("romeo", "third");
		expect(fire("watched-sessions")).toBe(before + 2);
		romeo.send(st.message({ to: juliet.full_jid, type: "chat" }, "a bad word"));
		romeo.send(st.message({ to: juliet.full_jid, type: "chat" }, "a good word"));
		const heard = await expect_stanza(juliet, (stanza) => stanza.name === "message");
		expect(heard.get_child_text("body")).toBe("a good word");
		expect(fire("watched")).toContain("c2s_unauthed auth\n");
		// what goes to a session passes them too, also what a room makes once for all
		romeo.send(st.message({ to: juliet.full_jid, type: "chat" }, "a rose"));
		const changed = await expect_stanza(juliet, (stanza) => stanza.name === "message");
		expect(changed.get_child_text("body")).toBe("a lily");
		const room = "garden@conference.localhost";
		juliet.send(
			st
				.presence({ to: `${room}/Juliet` })
				.tag("x", { xmlns: "http://jabber.org/protocol/muc" })
				.reset(),
		);
		juliet.send(st.message({ to: room, type: "groupchat", id: "g" }, "that rose"));
		const said = await expect_stanza(juliet, (stanza) => stanza.attr["id"] === "g");
		expect(said.get_child_text("body")).toBe("that lily");
		test.server.modulemanager.unload("localhost", "watching");
		expect(test.server.events.get_handlers("stream-session-created")).toEqual([]);
	});
});

describe("module:fire_event", () => {
	it("fires on the server's own bus where the host is gone", () => {
		const { server } = test;
		const exported = server.modulemanager.get_module("localhost", "asking")?.exports;
		const run: unknown = Reflect.get(Object(exported), "fire");
		if (typeof run !== "function") throw new TypeError("mod_asking exports no function");
		const handlers = { host: () => "host", server: () => "server" };
		const name = "said-too-late" as "pre-stanza";
		server.events.add_handler(name, handlers.server);
		server.hosts.get("localhost")?.events.add_handler(name, handlers.host);
		expect(run()).toBe("host");
		server.hosts.delete("localhost");
		expect(run()).toBe("server");
	});
});
