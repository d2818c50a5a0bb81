import { afterEach, describe, expect, it } from "vitest";
import type { ModuleDefinition } from "../../../host/core/types.ts";
import { ns } from "../../../host/util/ns.ts";
import * as st from "../../../host/util/stanza.ts";
import { expect_stanza, start_test_server, type TestServer } from "../../helper.ts";

let running: TestServer | undefined;
afterEach(async () => {
	await running?.stop();
	running = undefined;
});

async function serve(load?: ModuleDefinition["load"]): Promise<TestServer> {
	running = await start_test_server(
		load ? { modules: [{ name: "spec", load }], config: { localhost: { modules_enabled: ["spec"] } } } : {},
	);
	return running;
}

const room = "tearoom@conference.localhost";

async function join(server: TestServer, name: string) {
	const client = await server.client(name, "spec");
	client.send(
		st
			.presence({ to: `${room}/${name}` })
			.tag("x", { xmlns: ns.muc })
			.reset(),
	);
	await expect_stanza(client, (stanza) => stanza.attr["from"] === `${room}/${name}`);
	return client;
}

async function open_room(server: TestServer, ...names: string[]) {
	const [first = "", ...others] = names;
	const owner = await join(server, first);
	const form = st.iq({ type: "set", id: "open", to: room }).tag("query", { xmlns: ns.muc_owner });
	owner.send(form.tag("x", { xmlns: ns.data, type: "submit" }).reset());
	await expect_stanza(owner, (stanza) => stanza.attr["id"] === "open");
	const clients = [owner];
	for (const name of others) clients.push(await join(server, name));
	for (const client of clients) {
		await client.settle(true);
		client.queue.length = 0;
	}
	return clients;
}

describe("stanzas of clients", () => {
	it("carry the client's own address, whatever it claims", async () => {
		const server = await serve();
		const [romeo, juliet] = [await server.client("romeo", "a"), await server.client("juliet", "b")];
		romeo.send(st.message({ from: "juliet@localhost/b", to: juliet.full_jid, id: "1" }, "it is me"));
		expect((await expect_stanza(juliet)).attr["from"]).toBe(romeo.full_jid);
	});

	it.each([
		["@localhost", "jid-malformed"],
		["romeo@local@host", "jid-malformed"],
		[`${"x".repeat(1024)}@localhost`, "jid-malformed"],
		["nobody@localhost", "service-unavailable"],
		["elsewhere.example", "not-allowed"],
	])("to %s are answered with %s", async (to, condition) => {
		const server = await serve();
		const romeo = await server.client("romeo");
		romeo.send(st.iq({ type: "get", id: "1", to }).tag("query", { xmlns: "urn:example:x" }).reset());
		expect((await expect_stanza(romeo)).get_error()?.condition).toBe(condition);
		romeo.send(st.message({ type: "error", to }).tag("error").reset());
		await romeo.settle(true);
		expect(romeo.queue).toEqual([]);
	});

	it.each(["room@conference.localhost", "conference.localhost", "localhost", "romeo@localhost"])(
		"to a resource of %s of which nothing is left are answered from there",
		async (address) => {
			const server = await serve();
			const romeo = await server.client("romeo");
			romeo.send(
				st
					.iq({ type: "get", id: "1", to: `${address}/\u00ad` })
					.tag("query", { xmlns: "urn:example:x" })
					.reset(),
			);
			const answer = await expect_stanza(romeo);
			expect([answer.attr["from"], answer.get_error()?.condition]).toEqual([address, "jid-malformed"]);
		},
	);

	it("to the same address again and again go where they went the first time, in whatever form it is written", async () => {
		const server = await serve();
		const romeo = await server.client("romeo");
		const forms = ["nobody@localhost/x", "NOBODY@localhost/x", "nobody@LOCALHOST/x", "nobody@localhost/X", "no@bo@dy"];
		const answered: unknown[][] = [];
		for (let round = 0; round < 3; round++) {
			for (const to of forms) {
				romeo.send(st.iq({ type: "get", id: to, to }).tag("query", { xmlns: "urn:example:x" }).reset());
				const answer = await expect_stanza(romeo);
				answered.push([answer.attr["id"], answer.attr["from"], answer.get_error()?.condition]);
			}
		}
		const once = [
			[forms[0], "nobody@localhost/x", "service-unavailable"],
			[forms[1], "nobody@localhost/x", "service-unavailable"],
			[forms[2], "nobody@localhost/x", "service-unavailable"],
			[forms[3], "nobody@localhost/X", "service-unavailable"],
			[forms[4], "no@bo@dy", "jid-malformed"],
		];
		expect(answered).toEqual([...once, ...once, ...once]);
	});

	it.each([
		["no type", st.stanza("iq", { id: "1", to: "localhost" }).tag("a", { xmlns: "urn:x" }).reset(), "Invalid IQ type"],
		[
			"no id",
			st.stanza("iq", { type: "get", to: "localhost" }).tag("a", { xmlns: "urn:x" }).reset(),
			"Missing required 'id' attribute",
		],
		["no payload", st.stanza("iq", { id: "1", type: "set", to: "localhost" }), "Incorrect number of children for IQ stanza"],
	])("that are IQs with %s are bad requests", async (_what, iq, text) => {
		const server = await serve();
		const romeo = await server.client("romeo");
		romeo.send(iq);
		expect((await expect_stanza(romeo)).get_error()).toMatchObject({ type: "modify", condition: "bad-request", text });
	});

	it("whose handler throws are answered with an internal error, and nobody else notices", async () => {
		const server = await serve((module) => {
			module.hook("message/full", ({ stanza }) => {
				if (stanza.get_child_text("body") === "boom") throw new Error("on purpose");
			});
		});
		const [romeo, juliet] = [await server.client("romeo"), await server.client("juliet")];
		romeo.send(st.message({ to: juliet.full_jid, id: "1" }, "boom"));
		const answer = await expect_stanza(romeo);
		expect(answer.get_error()).toMatchObject({ type: "cancel", condition: "internal-server-error" });
		romeo.send(st.message({ to: juliet.full_jid, id: "2" }, "still there?"));
		expect((await expect_stanza(juliet)).attr["id"]).toBe("2");
	});

	it("can be refused before anybody sees them", async () => {
		const server = await serve((module) => {
			module.hook("pre-stanza", (event) => {
				event.reason = "quiet hours";
				return event.stanza.name === "message" ? false : undefined;
			});
		});
		const [romeo, juliet] = [await server.client("romeo"), await server.client("juliet")];
		romeo.send(st.message({ to: juliet.full_jid }, "hush"));
		await romeo.settle(true);
		await juliet.settle(true);
		expect(juliet.queue).toEqual([]);
	});
});

describe("a broadcast", () => {
	it("reads the same for everybody, whether serialised once or made for each", async () => {
		const texts: unknown[][] = [];
		for (const hooked of [false, true]) {
			const server = await serve((module) => {
				if (hooked) module.hook("message/full", () => undefined, 10);
			});
			const clients = await open_room(server, "romeo", "juliet", "nurse");
			clients[0]?.send(st.message({ to: room, type: "groupchat", id: "<&'\">" }, "<b>&amp;'\"</b> 😀"));
			const received: unknown[] = [];
			for (const client of clients) {
				const message = await expect_stanza(client, (stanza) => stanza.name === "message");
				expect(message.attr["to"]).toBe(client.full_jid);
				message.remove_children("occupant-id", ns.occupant_id);
				message.remove_children("stanza-id", ns.stanza_id);
				received.push([{ ...message.attr }, ...message.children.map(String)]);
			}
			texts.push(received);
			await server.stop();
		}
		running = undefined;
		expect(texts[0]).toEqual(texts[1]);
	});

	it("lets a filter have its own copy, which changes nothing for others", async () => {
		const server = await serve();
		const clients = await open_room(server, "romeo", "juliet", "nurse");
		server.server.full_sessions.get("juliet@localhost/spec")?.add_filter("stanzas/out", (stanza) => {
			stanza.maptags((tag) => (tag.name === "body" ? st.stanza("body").text("censored") : tag));
			return stanza;
		});
		clients[0]?.send(st.message({ to: room, type: "groupchat", id: "1" }, "plain"));
		const bodies: (string | undefined)[] = [];
		for (const client of clients) bodies.push((await expect_stanza(client)).get_child_text("body"));
		expect(bodies).toEqual(["plain", "censored", "plain"]);
	});

	it("costs one write per session, however many messages a turn brings", async () => {
		const server = await serve();
		const clients = await open_room(server, "romeo", "juliet", "nurse");
		const { counts } = server.server.turn;
		const before = counts.flushes;
		const text = Array.from({ length: 20 }, (_, n) => st.message({ to: room, type: "groupchat", id: `m${n}` }, "again"));
		const session = server.server.full_sessions.get("romeo@localhost/spec");
		if (!session) throw new Error("romeo is not there");
		for (const message of text) server.server.router.process_stanza(session, message);
		server.server.turn.end();
		expect(counts.flushes - before).toBe(clients.length);
		for (const client of clients) await expect_stanza(client, (stanza) => stanza.attr["id"] === "m19");
	});
});

describe("a turn that cannot be stored", () => {
	it("is seen by nobody: its senders hear of it, rooms are as they were, and life goes on", async () => {
		const server = await serve();
		const [romeo, juliet] = await open_room(server, "romeo", "juliet");
		if (!romeo || !juliet) throw new Error("nobody came");
		const session = server.server.full_sessions.get("romeo@localhost/spec");
		if (!session) throw new Error("romeo is not there");
		server.server.turn.join({
			commit() {
				throw new Error("the disk is full");
			},
			rollback: () => undefined,
		});
		server.server.router.process_stanza(session, st.message({ to: room, type: "groupchat", id: "lost" }, "is this on?"));
		server.server.turn.end();
		expect((await expect_stanza(romeo)).get_error()).toMatchObject({ type: "wait", condition: "internal-server-error" });
		romeo.send(st.message({ to: room, type: "groupchat", id: "kept" }, "and now?"));
		for (const client of [romeo, juliet]) expect((await expect_stanza(client)).attr["id"]).toBe("kept");
	});
});

describe("stanzas that are much work", () => {
	/** Longer than a slice. */
	function spin(): void {
		const end = performance.now() + 10;
		while (performance.now() < end);
	}

	function slow_echo(module: Parameters<ModuleDefinition["load"]>[0]): void {
		module.hook(
			"message/host",
			(event) => {
				const echo = (): void => {
					event.origin.send(st.reply(event.stanza));
					if (event.stanza.attr["id"]?.startsWith("bad")) throw new Error("a mistake");
				};
				if (event.stanza.attr["id"] === "quick") echo();
				else
					module.in_slices(event, () => {
						spin();
						echo();
					});
				return true;
			},
			10,
		);
	}

	it("are answered in order with all that their sender sent behind them", async () => {
		const server = await serve(slow_echo);
		const romeo = await server.client("romeo", "a");
		const ids = ["slow1", "slow2", "quick", "slow3", "quick"];
		for (const id of ids) romeo.send(st.message({ to: "localhost", id }));
		for (const id of ids) expect((await expect_stanza(romeo)).attr["id"]).toBe(id);
	});

	it("are answered for where they fail later", async () => {
		const server = await serve(slow_echo);
		const romeo = await server.client("romeo", "a");
		for (const id of ["slow1", "bad2", "quick"]) romeo.send(st.message({ to: "localhost", id }));
		const answers: (string | undefined)[] = [];
		for (let count = 0; count < 4; count++) {
			const { attr } = await expect_stanza(romeo);
			answers.push(`${attr["id"]} ${attr["type"] ?? "normal"}`);
		}
		expect(answers).toEqual(["slow1 normal", "bad2 normal", "bad2 error", "quick normal"]);
	});

	it("are left where their sender is gone", async () => {
		const done: (string | undefined)[] = [];
		const server = await serve((module) => {
			module.hook(
				"message/host",
				(event) => {
					module.in_slices(event, () => {
						spin();
						done.push(event.stanza.attr["id"]);
						if (event.stanza.attr["id"] === "1" && event.origin.type === "c2s") event.origin.close({ condition: "reset" });
					});
					return true;
				},
				10,
			);
		});
		const romeo = await server.client("romeo", "a");
		const juliet = await server.client("juliet", "b");
		for (const id of ["1", "2", "3"]) romeo.send(st.message({ to: "localhost", id }));
		await romeo.settle(true);
		await juliet.settle(true);
		expect(done).toEqual(["1"]);
	});
});
