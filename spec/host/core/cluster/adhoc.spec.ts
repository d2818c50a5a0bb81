// Ad hoc commands and what accounts ask, wherever they are.

import { afterEach, describe, expect, it } from "vitest";
import type { Task } from "../../../../host/core/types.ts";
import { ns } from "../../../../host/util/ns.ts";
import * as st from "../../../../host/util/stanza.ts";
import { ask, type Client, eventually, expect_stanza } from "../../../helper.ts";
import { type Administered, start_administered } from "./administered.ts";
import { node_names } from "./nodes.ts";

let running: Administered | undefined;

async function start(...options: Parameters<typeof start_administered>): Promise<Administered> {
	running = await start_administered(...options);
	return running;
}

afterEach(async () => {
	await running?.stop();
	running = undefined;
});

/** Executes a command, with what is filled in; gives its answer as text. */
async function execute(client: Client, node: string, fields: Readonly<Record<string, string>> = {}): Promise<string> {
	const request = st.iq({ type: "set", id: "command", to: "localhost" }).tag("command", { xmlns: ns.commands, node });
	request.tag("x", { xmlns: ns.data, type: "submit" });
	for (const [name, value] of Object.entries(fields)) request.tag("field", { var: name }).text_tag("value", value).up();
	return String(await ask(client, request.reset())).replaceAll("&quot;", '"');
}

const of_admin = (name: string): string => `http://jabber.org/protocol/admin#${name}`;

describe("ad hoc commands", () => {
	it("list, describe and end the sessions of all nodes", async () => {
		const nodes = await start();
		const admin = await nodes.client("a", "admin", "desk");
		await nodes.client("b", "romeo", "garden");
		await nodes.client("c", "juliet", "balcony");
		const listed = await execute(admin, of_admin("get-online-users-list"), { max_items: "all", details: "1" });
		for (const text of ["admin@localhost", "romeo@localhost", " - garden: unavailable(", "juliet@localhost", " - balcony: "]) {
			expect(listed).toContain(text);
		}
		const described = await execute(admin, of_admin("user-stats"), { accountjid: "juliet@localhost" });
		expect(described).toContain("<value>balcony</value>");
		expect(await execute(admin, of_admin("end-user-session"), { accountjids: "romeo@localhost/garden" })).toContain(
			"were successfully disconnected:\nromeo@localhost/garden",
		);
		await eventually(async () => {
			expect((await nodes.call("c", "connected_users")).value).toEqual(["admin@localhost/desk", "juliet@localhost/balcony"]);
		});
		nodes.cut("c");
		expect(await execute(admin, of_admin("get-online-users-list"), { max_items: "all", details: "0" })).toContain(
			"Node c: it does not answer",
		);
	});

	it("load and unload modules on all nodes, and say where that fails", async () => {
		const nodes = await start();
		const admin = await nodes.client("a", "admin", "desk");
		const loaded = await execute(admin, "http://prosody.im/protocol/modules#load", { module: "uptime" });
		for (const node of node_names) {
			expect(loaded).toContain(`Node ${node}: Module "uptime" successfully loaded on host "localhost".`);
			expect(nodes.server(node).modulemanager.is_loaded("localhost", "uptime")).toBe(true);
		}
		nodes.server("b").modulemanager.unload("localhost", "uptime");
		const unloaded = await execute(admin, "http://prosody.im/protocol/modules#unload", { modules: "uptime" });
		expect(unloaded).toMatch(/Node a: The following modules were successfully unloaded.*Node b: Failed to unload/s);
		expect(nodes.server("c").modulemanager.is_loaded("localhost", "uptime")).toBe(false);
		expect(await execute(admin, "http://prosody.im/protocol/s2s#list")).toMatch(/Node a:.*Node b:.*Node c:/s);
	});

	it("announce to whoever is online, on any node", async () => {
		const nodes = await start({
			modules_enabled: ["disco", "roster", "saslauth", "adhoc", "announce", "http_api", "admin_shell"],
		});
		const admin = await nodes.client("a", "admin", "desk");
		const romeo = await nodes.client("b", "romeo", "garden");
		romeo.send(st.presence());
		await expect_stanza(romeo, ({ name }) => name === "presence");
		expect(await execute(admin, of_admin("announce"), { announcement: "Fire!" })).toContain("sent to 2 online users");
		await expect_stanza(romeo, (stanza) => stanza.get_child_text("body") === "Fire!");
	});
});

describe("what an account did last", () => {
	it("is known on all nodes", async () => {
		const nodes = await start({ modules_enabled: ["disco", "roster", "saslauth", "lastactivity", "http_api", "admin_shell"] });
		const romeo = await nodes.client("b", "romeo", "garden");
		romeo.send(st.presence());
		await expect_stanza(romeo, ({ name }) => name === "presence");
		romeo.send(st.presence({ type: "unavailable" }).text_tag("status", "asleep").reset());
		await romeo.disconnect();
		await eventually(async () =>
			expect(await nodes.server("c").cluster?.bring("romeo@localhost")).toEqual({ ok: true, value: true }),
		);
		const again = await nodes.client("c", "romeo", "garden");
		expect(await nodes.owner("romeo@localhost")).toBe("c");
		const answer = await ask(again, st.iq({ type: "get", id: "last", to: "romeo@localhost" }).query(ns.last).reset());
		expect(answer.get_child("query", ns.last)?.get_text()).toBe("asleep");
	});
});

describe("tasks", () => {
	it("are done by one node for all, and by each what is its own", async () => {
		const nodes = await start({
			cron_initial_delay: 0.05,
			cron_check_delay: 0.05,
			modules_enabled: ["disco", "saslauth", "cron", "http_api", "admin_shell"],
		});
		const done: string[] = [];
		for (const node of node_names) {
			const cron = nodes.server(node).modulemanager.get_module("localhost", "disco")?.module;
			const task = (name: string, more: Partial<Task>): void =>
				cron?.cron({ name, when: "hourly", run: () => void done.push(`${name} ${node}`), ...more });
			task("once", {});
			task("each", { on_each_node: true });
		}
		await eventually(() => expect(done.filter((line) => line.startsWith("each")).sort()).toEqual(["each a", "each b", "each c"]));
		await eventually(() => expect(done.filter((line) => line.startsWith("once"))).toHaveLength(1));
		const leaders: string[] = [];
		for (const node of node_names) if (await nodes.server(node).cluster?.leads("cron")) leaders.push(node);
		expect(leaders).toHaveLength(1);
		expect(done).toContain(`once ${leaders[0]}`);
	});

	it("and secrets are common to all nodes", async () => {
		const nodes = await start();
		const secrets = new Set(node_names.map((node) => nodes.server(node).cluster?.secret("dialback")));
		expect(secrets.size).toBe(1);
		expect([...secrets][0]).toMatch(/^[0-9a-f]{64}$/);
		expect(nodes.server("a").cluster?.secret("something else")).not.toBe([...secrets][0]);
	});
});
