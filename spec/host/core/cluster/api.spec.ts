// The HTTP API of a node is that of the whole cluster.

import { afterEach, describe, expect, it } from "vitest";
import { ns } from "../../../../host/util/ns.ts";
import * as st from "../../../../host/util/stanza.ts";
import { type Client, eventually, expect_stanza } from "../../../helper.ts";
import { type Administered, admin, service, start_administered } from "./administered.ts";
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

async function enter(client: Client, room: string, nick: string): Promise<void> {
	client.send(
		st
			.presence({ to: `${room}@${service}/${nick}` })
			.tag("x", { xmlns: ns.muc })
			.reset(),
	);
	await expect_stanza(client, (stanza) => stanza.name === "message" && stanza.get_child("subject") !== undefined);
}

/** Waits until romeo has no session any more. */
async function ended(nodes: Administered): Promise<void> {
	await eventually(async () => {
		expect((await nodes.call("a", "connected_users")).value).toEqual([]);
	});
}

describe("the HTTP API of each node", () => {
	it("lists and counts the sessions of all of them", async () => {
		const nodes = await start();
		for (const node of node_names) await nodes.client(node, `user-${node}`, "home");
		const all = ["user-a@localhost/home", "user-b@localhost/home", "user-c@localhost/home"];
		for (const node of node_names) {
			expect((await nodes.call(node, "connected_users")).value).toEqual(all);
			expect((await nodes.call(node, "connected_users_vhost", { host: "localhost" })).value).toEqual(all);
			expect((await nodes.call(node, "connected_users_number")).value).toEqual({ num_sessions: 3 });
			const infos = (await nodes.call(node, "connected_users_info")).value as { jid: string; node: string }[];
			expect(infos.map(({ jid, node: at }) => [jid, at])).toEqual(all.map((jid, index) => [jid, node_names[index]]));
			const { value } = await nodes.call(node, "get_server_info");
			expect(value).toMatchObject({
				hosts: [
					{ host: "localhost", sessions: 3 },
					{ host: service, sessions: 0 },
				],
			});
			expect(
				(value as { nodes: { node: string; sessions: number }[] }).nodes.map((one) => [one.node, one.sessions]).sort(),
			).toEqual([
				["a", 1],
				["b", 1],
				["c", 1],
			]);
		}
		const metrics = (await nodes.call("b", "get_metrics", { search: "enjamb_turns_total" })).value as { node: string }[];
		expect(metrics.map(({ node }) => node).sort()).toEqual(["a", "b", "c"]);
	});

	it("looks at the sessions of an account where these are, and ends them there", async () => {
		const nodes = await start();
		await nodes.client("b", "romeo", "garden");
		const account = { user: "romeo", host: "localhost" };
		expect((await nodes.call("c", "user_resources", account)).value).toEqual(["garden"]);
		expect((await nodes.call("a", "user_sessions_info", account)).value).toMatchObject([
			{ jid: "romeo@localhost/garden", node: "b" },
		]);
		const kicked = await nodes.call("a", "kick_session", { ...account, resource: "garden", reason: "out" });
		expect(kicked).toMatchObject({ status: 200, value: 0 });
		await ended(nodes);
	});

	it("works with rooms where they are, and they stay there", async () => {
		const nodes = await start();
		const romeo = await nodes.client("a", "romeo");
		await enter(romeo, "hall", "Romeo");
		const juliet = await nodes.client("b", "juliet");
		await enter(juliet, "hall", "Juliet");
		const room = { room: "hall", service };
		for (const node of node_names) {
			const occupants = (await nodes.call(node, "get_room_occupants", room)).value as { nick: string }[];
			expect(occupants.map(({ nick }) => nick).sort()).toEqual(["Juliet", "Romeo"]);
			expect((await nodes.call(node, "get_rooms_info", { service })).value).toMatchObject([
				{ jid: `hall@${service}`, occupants: 2 },
			]);
			expect((await nodes.call(node, "get_user_rooms", { user: "juliet", host: "localhost" })).value).toEqual([
				`hall@${service}`,
			]);
			expect((await nodes.call(node, "send_message_to_rooms", { service: "global", body: `from ${node}` })).value).toEqual([
				`hall@${service}`,
			]);
			await expect_stanza(juliet, (stanza) => stanza.get_child_text("body") === `from ${node}`);
		}
		const page = (await nodes.call("c", "get_room_archive", room)).value as { messages: { body: string }[] };
		expect(page.messages.map(({ body }) => body)).toEqual(["from a", "from b", "from c"]);
		expect((await nodes.call("c", "set_room_subject", { ...room, subject: "love" })).status).toBe(200);
		await expect_stanza(juliet, (stanza) => stanza.get_child_text("subject") === "love");
		expect(await nodes.owner(`hall@${service}`)).toBe("a");
		expect((await nodes.call("c", "kick_room_occupant", { ...room, nick: "Juliet" })).status).toBe(200);
		await expect_stanza(juliet, ({ attr }) => attr["type"] === "unavailable");
		expect((await nodes.call("b", "get_room_occupants", { room: "nowhere", service })).status).toBe(404);
	});

	it("erases people from rooms of other nodes", async () => {
		const nodes = await start();
		const romeo = await nodes.client("a", "romeo");
		await enter(romeo, "hall", "Romeo");
		// The room lives as long as somebody is in it
		await enter(await nodes.client("c", "juliet"), "hall", "Juliet");
		romeo.send(st.message({ to: `hall@${service}`, type: "groupchat" }, "a secret"));
		await expect_stanza(romeo, (stanza) => stanza.get_child_text("body") === "a secret");
		const erased = await nodes.call("b", "erase_from_rooms", { service, user: "romeo", host: "localhost" });
		expect(erased).toMatchObject({ status: 200, value: { rooms: 1, messages: 1, occupants: 1, problems: {} } });
		await expect_stanza(romeo, ({ attr }) => attr["type"] === "unavailable");
	});

	it("changes accounts where their sessions are, so that these end", async () => {
		const nodes = await start({ authentication: "internal_hashed" });
		const account = { user: "romeo", host: "localhost" };
		expect((await nodes.call("a", "register", { ...account, password: "password" })).status).toBe(200);
		await nodes.client("b", "romeo", "garden");
		expect((await nodes.call("c", "change_password", { ...account, newpass: "password" })).status).toBe(200);
		await ended(nodes);
		await nodes.client("b", "romeo", "garden");
		expect((await nodes.call("c", "unregister", account)).status).toBe(200);
		await ended(nodes);
		expect((await nodes.call("a", "check_account", account)).value).toBe(1);
	});

	it("takes tokens that any node has made, until any node has ended them", async () => {
		const nodes = await start();
		const made = nodes.tokens("b").create(admin, ["users:read"], 60, "");
		const login = nodes.tokens("c").create_session(admin, 60);
		if (!made.ok) throw new Error(made.error);
		for (const node of ["b", "c"] as const) await nodes.server(node).turn.done();
		for (const node of node_names) {
			for (const { text } of [made.value, login]) expect((await nodes.call(node, "connected_users", {}, text)).status).toBe(200);
			expect(
				nodes
					.tokens(node)
					.list()
					.map(({ id }) => id),
			).toContain(made.value.token.id);
			expect(nodes.tokens(node).count_sessions()).toBe(1);
		}
		expect(nodes.tokens("c").revoke(made.value.token.id).ok).toBe(true);
		nodes.tokens("a").end_sessions(admin);
		for (const node of node_names) await nodes.server(node).turn.done();
		for (const node of node_names) {
			for (const { text } of [made.value, login]) expect((await nodes.call(node, "connected_users", {}, text)).status).toBe(401);
		}
	});

	it("says which node is missing, with what the others say", async () => {
		const nodes = await start();
		await nodes.client("a", "romeo", "garden");
		nodes.cut("c");
		const { status, value } = await nodes.call("a", "connected_users");
		expect(status).toBe(503);
		expect(value).toEqual({
			status: "error",
			code: 53,
			message: "node c: it does not answer",
			partial: ["romeo@localhost/garden"],
		});
	});

	it("refuses on other nodes, too, whoever may not do that", async () => {
		const nodes = await start({}, { config: { [service]: { admins: ["boss@localhost"] } } });
		const made = nodes.tokens("a").create("boss@localhost", ["users:read", "rooms:read"], 60, "");
		if (!made.ok) throw new Error(made.error);
		await nodes.server("a").turn.done();
		const { text } = made.value;
		expect((await nodes.call("b", "connected_users", {}, text)).value).toEqual([]);
		expect((await nodes.call("b", "user_resources", { user: "romeo", host: "localhost" }, text)).status).toBe(403);
	});
});
