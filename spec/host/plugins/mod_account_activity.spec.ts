// When accounts were last used, and what administrators can type about it.

import { afterEach, describe, expect, it } from "vitest";
import { ns } from "../../../host/util/ns.ts";
import * as st from "../../../host/util/stanza.ts";
import { ask, eventually, start_test_server, type TestServer } from "../../helper.ts";

let running: TestServer | undefined;
afterEach(async () => {
	await running?.stop();
	running = undefined;
});

const day = 24 * 60 * 60;

async function start(storage: string): Promise<TestServer> {
	running = await start_test_server({
		config: { "*": { storage }, localhost: { modules_enabled: ["account_activity"], authentication: "internal_plain" } },
	});
	for (const name of ["romeo", "juliet", "mercutio"]) running.server.usermanager.create_user(name, "localhost", "password");
	return running;
}

/** Types a command; gives what it printed and what it ended with. */
async function type({ server }: TestServer, section: string, name: string, ...args: string[]): Promise<string[]> {
	const item = server.modulemanager
		.get_items("localhost", "shell-command")
		.find((one) => one.section === section && one.name === name);
	if (item === undefined) throw new Error(`there is no ${section}:${name}`);
	const said: string[] = [];
	const print = (...values: readonly string[]): void => void said.push(values.join(" "));
	const outcome = await item.run(
		{
			width: 80,
			is_interactive: false,
			print,
			print_certainly: print,
			write: print,
			request_password: () => Promise.reject(new Error("nobody has one")),
			gone: new Promise(() => undefined),
			is_connected: () => true,
		},
		args,
		undefined,
	);
	return [...said, "message" in outcome ? `${outcome.kind}: ${outcome.message}` : outcome.kind];
}

function map_of({ server }: TestServer) {
	const store = server.open_store("localhost", "account_activity", "map");
	if (!store.ok) throw new Error(store.error.text);
	return store.value;
}

describe.each(["memory", "internal", "sql"])("account_activity, in %s", (storage) => {
	it("notes when somebody logs in, and when the last client goes", async () => {
		const server = await start(storage);
		expect(await type(server, "user", "activity", "romeo@localhost")).toEqual(["ok: No activity"]);
		const romeo = await server.client("romeo", "orchard");
		await ask(romeo, st.iq({ type: "get", id: "r" }).query(ns.roster));
		expect((await type(server, "user", "activity", "romeo@localhost"))[0]).toMatch(
			/^ok: \d{4}-\d\d-\d\d \d\d:\d\d:\d\d \(online\)$/,
		);
		map_of(server).set("romeo", "timestamp", 1000);
		await romeo.disconnect();
		await eventually(async () => {
			const [said] = await type(server, "user", "activity", "romeo@localhost");
			expect(said).toMatch(/^ok: 2\d{3}-.* \(offline\)$/);
		});
	});

	it("lists who has not been there for some time", async () => {
		const server = await start(storage);
		const now = Math.floor(Date.now() / 1000);
		map_of(server).set("romeo", "timestamp", now - 40 * day);
		map_of(server).set("juliet", "timestamp", now - 20 * day);
		const said = await type(server, "user", "list_inactive", "localhost", "30d");
		expect(said[0]).toMatch(/^romeo \d{4}-\d\d-\d\dT/);
		expect(said.at(-1)).toMatch(/^ok: 1 accounts inactive since \S+( \(1 unknown\))?$/);
		expect(await type(server, "user", "list_inactive", "localhost", "long")).toEqual([
			'error: Invalid duration "long" - try something like "30d"',
		]);
	});

	it("takes over what the community's mod_lastlog2 knows, where that is later", async () => {
		const server = await start(storage);
		const lastlog2 = server.server.open_store("localhost", "lastlog2", "keyval");
		if (!lastlog2.ok) throw new Error(lastlog2.error.text);
		lastlog2.value.set("romeo", { login: { timestamp: 500 }, logout: { timestamp: 700 }, registered: { timestamp: 900 } });
		lastlog2.value.set("juliet", { login: { timestamp: 500 } });
		lastlog2.value.set("mercutio", { registered: { timestamp: 900 } });
		map_of(server).set("juliet", "timestamp", 600);
		expect(await type(server, "migrate", "account_activity_lastlog2", "localhost")).toEqual([
			"ok: 1 accounts imported, 0 errors, 2 skipped",
		]);
		expect(map_of(server).get("romeo", "timestamp")).toEqual({ ok: true, value: 700 });
		expect(map_of(server).get("juliet", "timestamp")).toEqual({ ok: true, value: 600 });
	});
});
