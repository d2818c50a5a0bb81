import { setImmediate as next_pass } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { ClientSession } from "../../../host/core/c2s_session.ts";
import type { ModuleApi } from "../../../host/core/types.ts";
import { start_test_server, type TestServer } from "../../helper.ts";
import { auth_plain, bind, features, header, RawClient } from "../raw_client.ts";

let running: TestServer | undefined;
const clients: RawClient[] = [];

afterEach(async () => {
	for (const client of clients.splice(0)) client.destroy();
	await running?.stop();
	running = undefined;
});

/** Longer than a session's share of a turn. */
function spin(): void {
	const end = performance.now() + 6;
	while (performance.now() < end);
}

/** A server on which stanzas to `slow` take long, and what was handled in which order. */
async function start(more: (module: ModuleApi) => void = () => {}): Promise<string[]> {
	const handled: string[] = [];
	running = await start_test_server({
		config: { "*": { modules_enabled: ["disco", "roster", "saslauth", "presence", "slow"] } },
		modules: [
			{
				name: "slow",
				load(module) {
					module.hook(
						"message/bare",
						({ stanza }) => {
							if (stanza.attr["to"] === "slow@localhost") spin();
							handled.push(stanza.attr["id"] ?? "");
							return true;
						},
						10,
					);
					more(module);
				},
			},
		],
	});
	return handled;
}

async function login(name: string): Promise<RawClient> {
	const client = await RawClient.login(running?.port ?? 0, name, "desk");
	clients.push(client);
	return client;
}

const slow = (id: string): string => `<message to='slow@localhost' id='${id}'/>`;
const quick = (id: string): string => `<message to='quick@localhost' id='${id}'/>`;
const ids = (name: string, count: number): string[] => Array.from({ length: count }, (_, index) => `${name}${index}`);

describe("a client that sends much at once", () => {
	it("has its stanzas handled in order, and others between them", async () => {
		const handled = await start();
		const [busy, other] = [await login("busy"), await login("other")];
		busy.send(ids("b", 20).map(slow).join(""));
		while (handled.length === 0) await next_pass();
		other.send(quick("o"));
		await busy.ask("<iq type='get' id='done'/>", "</iq>");
		expect(handled.filter((id) => id.startsWith("b"))).toEqual(ids("b", 20));
		expect(handled).toContain("o");
		expect(handled.indexOf("o")).toBeLessThan(10);
	});

	it("shares the time with others that do", async () => {
		const handled = await start();
		const busy = [await login("a"), await login("b"), await login("c")];
		for (const [index, client] of busy.entries()) client.send(ids("abc".charAt(index), 10).map(slow).join(""));
		await Promise.all(busy.map((client) => client.ask("<iq type='get' id='done'/>", "</iq>")));
		const last = ["a9", "b9", "c9"].map((id) => handled.indexOf(id));
		for (const name of ["a", "b", "c"]) expect(handled.filter((id) => id.startsWith(name))).toEqual(ids(name, 10));
		// Nobody is through before the others are well under way
		expect(Math.min(...last)).toBeGreaterThan(18);
	});

	it("gets no more read from it meanwhile", async () => {
		const handled = await start();
		const busy = await login("busy");
		busy.send(`${ids("b", 5).map(slow).join("")}${"<message to='quick@localhost' id='rest'/>".repeat(20_000)}`);
		while (handled.length < 2) await next_pass();
		expect(handled.length).toBeLessThan(5);
		await busy.ask("<iq type='get' id='done'/>", "</iq>");
		expect(handled.length).toBe(20_005);
	});

	it("may restart its stream among it", async () => {
		await start((module) => {
			module.hook_tag("urn:ietf:params:xml:ns:xmpp-sasl", "auth", () => spin(), 10);
		});
		const client = await RawClient.connect(running?.port ?? 0);
		clients.push(client);
		const all = header() + auth_plain("ada") + header() + bind("desk") + quick("x");
		expect(await client.ask(`${all}</stream:stream>`)).toContain("<jid>ada@localhost/desk</jid>");
		expect(client.said.split(features).length).toBe(3);
	});

	it("has it answered where it cannot be read further", async () => {
		const handled = await start();
		const busy = await login("busy");
		const said = await busy.ask(`${ids("b", 5).map(slow).join("")}<a></b>`);
		expect(handled).toEqual(ids("b", 5));
		expect(said).toContain("<not-well-formed");
	});
});

describe("a connection that breaks", () => {
	it.each(["is closed", "is cut"])("and %s while stanzas wait has them handled first, in order", async (how) => {
		const events: string[] = [];
		const handled = await start((module) => {
			module.hook("resource-unbind", () => void events.push("unbind"));
		});
		const busy = await login("busy");
		busy.send(ids("b", 6).map(slow).join(""));
		while (handled.length === 0) await next_pass();
		if (how === "is closed") busy.destroy();
		else {
			const session = running?.server.full_sessions.get("busy@localhost/desk");
			if (session instanceof ClientSession) session.conn?.destroy();
		}
		while (events.length === 0) await next_pass();
		expect(handled).toEqual(ids("b", 6));
		expect(running?.server.full_sessions.size).toBe(0);
	});

	it("leaves nothing to be handled for a session that was ended", async () => {
		const handled = await start();
		const busy = await login("busy");
		busy.send(ids("b", 20).map(slow).join(""));
		while (handled.length < 2) await next_pass();
		running?.server.full_sessions.get("busy@localhost/desk")?.close({ condition: "reset" });
		const count = handled.length;
		await busy.closed();
		for (let pass = 0; pass < 10; pass++) await next_pass();
		expect(handled.length).toBe(count);
	});
});
