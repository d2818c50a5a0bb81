import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ns } from "../../../host/util/ns.ts";
import * as st from "../../../host/util/stanza.ts";
import type { Client } from "../../../tools/scansion/client.ts";
import { ask, expect_stanza } from "../../helper.ts";
import { type OurStage, type Stage, start_ours, start_prosody, without_prosody } from "./community.ts";
import { type Service, start_service } from "./service.ts";
import { enter, is_error, is_self, muc, room, say } from "./terrace.ts";

// Handlers in Lua that wait where rooms are configured, where people are invited, in commands, and around events: the same here, on
// Prosody's own rooms in Lua, and on a real Prosody.

const commands = "http://jabber.org/protocol/commands";
const owner = `${muc}#owner`;

const servers = [
	{ name: "this server", start: start_ours, prefer_lua: [] },
	{ name: "Prosody's own rooms here", start: start_ours, prefer_lua: ["muc"] },
	{ name: "a real Prosody", start: start_prosody, prefer_lua: [] },
];
const no_prosody = without_prosody();

describe.each(servers)("handlers that wait on $name", ({ start, prefer_lua }) => {
	const is_left_out = start === start_prosody && no_prosody;
	let service: Service;
	let stage: Stage;
	let mira: Client;
	let tomas: Client;
	beforeAll(async () => {
		if (is_left_out) return;
		service = await start_service();
		const options = `asks_url = "${service.url}"\nmuc_room_locking = false`;
		stage = await start({ accounts: ["presence", "message", "iq", "ponders"], rooms: ["ponders"], options, prefer_lua });
		mira = await stage.client("mira", "a");
		tomas = await stage.client("tomas", "b");
		mira.send(enter("Mira"));
		for (const what of ["before", "within", "after"]) await service.answer(`${what}?mira`);
		await expect_stanza(mira, is_self);
	});
	afterAll(async () => {
		if (is_left_out) return;
		await stage.stop();
		service.stop();
	});

	it.skipIf(is_left_out)("may wrap an event, and wait before and after its handlers", async () => {
		tomas.send(enter("Tomas"));
		await service.answer("before?tomas", 200, "not you");
		await service.answer("within?tomas");
		await service.answer("after?tomas", 200, "no");
		const refused = await expect_stanza(tomas, is_error);
		expect(refused.get_child("error")?.get_child_text("text", ns.stanzas)).toBe("not you");
	});

	it.skipIf(is_left_out)("may wait for a room's form and for what is filled in", async () => {
		mira.send(st.iq({ type: "get", id: "form", to: room }).query(owner).reset());
		await service.answer("form?mira", 200, "a word");
		const form = await expect_stanza(mira, ({ attr }) => attr["id"] === "form");
		const fields = [...(form.first_tag?.get_child("x", ns.data)?.childtags("field") ?? [])];
		expect(fields.find(({ attr }) => attr["var"] === "muc#pondered")?.attr["label"]).toBe("a word");
		const x = st.stanza("x", { xmlns: ns.data, type: "submit" });
		for (const [name, value] of [
			["FORM_TYPE", `${muc}#roomconfig`],
			["muc#roomconfig_roomname", "The"],
		]) {
			x.tag("field", { var: name })
				.text_tag("value", value ?? "")
				.up();
		}
		mira.send(st.iq({ type: "set", id: "filled", to: room }).query(owner).add_child(x).reset());
		await service.answer("form?mira");
		await service.answer("name?mira", 200, "terrace");
		const answer = await expect_stanza(mira, ({ attr }) => attr["id"] === "filled");
		expect(answer.attr["type"]).toBe("result");
		const info = await ask(
			tomas,
			st.iq({ type: "get", id: "info", to: room }).query("http://jabber.org/protocol/disco#info").reset(),
		);
		expect(info.first_tag?.get_child("identity")?.attr["name"]).toBe("The terrace");
	});

	it.skipIf(is_left_out)("may wait for invitations", async () => {
		const invite = (): st.Stanza =>
			st.message({ to: room, id: "invite" }).tag("x", { xmlns: ns.muc_user }).tag("invite", { to: "tomas@localhost" }).reset();
		mira.send(invite());
		mira.send(say("behind"));
		await service.answer("may-invite?mira", 200, "no");
		await expect_stanza(mira, ({ attr }) => attr["id"] === "behind");
		tomas.send(st.presence());
		await expect_stanza(tomas, ({ name, attr }) => name === "presence" && attr["from"] === "tomas@localhost/b");
		mira.send(invite());
		await service.answer("may-invite?mira");
		await service.answer("invite?somebody", 200, "come");
		const invited = await expect_stanza(tomas, ({ name }) => name === "message");
		expect(invited.get_child_text("pondered", "urn:example:ponders")).toBe("come");
	});

	it.skipIf(is_left_out)("may wait in each step of a command", async () => {
		const request = (id: string, sessionid?: string): st.Stanza =>
			st
				.iq({ type: "set", id, to: "localhost" })
				.tag("command", {
					xmlns: commands,
					node: "urn:example:ponder",
					action: sessionid === undefined ? "execute" : "next",
					sessionid,
				})
				.reset();
		mira.send(request("first"));
		await service.answer("command?mira", 200, "to be");
		const first = await expect_stanza(mira, ({ attr }) => attr["id"] === "first");
		expect(first.first_tag?.attr["status"]).toBe("executing");
		mira.send(request("second", first.first_tag?.attr["sessionid"]));
		await service.answer("command?mira", 200, "or not");
		const second = await expect_stanza(mira, ({ attr }) => attr["id"] === "second");
		expect(second.first_tag?.get_child_text("note")).toBe("to be or not");
	});
});

describe("a handler of somebody's leaving that never comes to an end", () => {
	it("is not waited for for ever", async () => {
		const service = await start_service();
		const options = `asks_url = "${service.url}"\nmuc_room_locking = false`;
		const stage: OurStage = await start_ours({ accounts: ["presence", "message", "iq", "ponders"], rooms: ["ponders"], options });
		const elapsed: (() => void)[] = [];
		const { module } = stage.server.modulemanager.get_module("conference.localhost", "muc") ?? {};
		if (module === undefined) throw new Error("there are no rooms");
		const { add_timer } = module;
		module.add_timer = (delay, callback) => {
			if (delay === 60) elapsed.push(() => callback(0));
			return add_timer.call(module, delay, callback);
		};
		try {
			const [mira, hamlet] = [await stage.client("mira", "a"), await stage.client("hamlet", "b")];
			for (const [client, name] of [
				[mira, "mira"],
				[hamlet, "Hamlet"],
			] as const) {
				client.send(enter(name));
				for (const what of ["before", "within", "after"]) await service.answer(`${what}?${name.toLowerCase()}`);
				await expect_stanza(client, is_self);
			}
			hamlet.send(st.presence({ to: `${room}/Hamlet`, type: "unavailable" }));
			await service.asking("leave?hamlet");
			expect(elapsed).toHaveLength(1);
			elapsed[0]?.();
			await expect_stanza(mira, ({ attr }) => attr["type"] === "unavailable" && attr["from"] === `${room}/Hamlet`);
		} finally {
			await stage.stop();
			service.stop();
		}
	});
});
