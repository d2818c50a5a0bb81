import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ns } from "../../../host/util/ns.ts";
import * as st from "../../../host/util/stanza.ts";
import type { Client } from "../../../tools/scansion/client.ts";
import { ask, eventually, expect_stanza } from "../../helper.ts";
import { type Stage, start_ours, start_prosody, without_prosody } from "./community.ts";
import { type Service, start_service } from "./service.ts";
import { enter, is_error, is_self, room, say, statuses } from "./terrace.ts";

// Handlers in Lua that wait for a service on the web (util.async): the same conversation here, on Prosody's own rooms in Lua, and on
// a real Prosody.

const says = (body: string) => (stanza: st.Stanza) => stanza.name === "message" && stanza.get_child_text("body") === body;

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
		stage = await start({ accounts: ["presence", "message", "iq", "asks"], rooms: ["asks"], options, prefer_lua });
		mira = await stage.client("mira", "a");
		tomas = await stage.client("tomas", "b");
	});
	afterAll(async () => {
		if (is_left_out) return;
		await stage.stop();
		service.stop();
	});

	it.skipIf(is_left_out)("keep what their sender sends next waiting, and nobody else", async () => {
		mira.send(enter("Mira"));
		mira.send(say("hello"));
		await service.answer("create?mira");
		// who has nothing to wait for does not
		const pong = await ask(tomas, st.iq({ type: "get", id: "p", to: "localhost" }).tag("ping", { xmlns: ns.ping }).reset());
		expect(pong.attr["type"]).toBe("result");
		await service.asking("join?mira");
		expect(service.asked()).not.toContain("say?mira");
		await service.answer("join?mira");
		await expect_stanza(mira, is_self);
		await service.answer("say?mira");
		await expect_stanza(mira, says("hello"));
	});

	it.skipIf(is_left_out)("refuse, and the next try is another matter", async () => {
		tomas.send(enter("Tomas"));
		await service.answer("join?tomas", 403);
		expect((await expect_stanza(tomas, is_error)).get_child("error")?.first_tag?.name).toBe("forbidden");
		tomas.send(enter("Tomas"));
		await service.answer("join?tomas");
		await expect_stanza(tomas, is_self);
		tomas.send(say("not heard"));
		await service.answer("say?tomas", 500);
		expect((await expect_stanza(tomas, is_error)).attr["id"]).toBe("not heard");
		tomas.send(enter("Thomas"));
		await service.answer("change?tomas");
		await expect_stanza(mira, (stanza) => statuses(stanza).includes("303"));
	});

	it.skipIf(is_left_out)("fail, and what comes next is handled", async () => {
		tomas.send(st.message({ to: "mira@localhost/a", type: "chat", id: "lost" }, "lost"));
		tomas.send(st.message({ to: "mira@localhost/a", type: "chat", id: "comes" }, "comes"));
		await service.answer("message?tomas", 500, "fail");
		await service.answer("message?tomas");
		await expect_stanza(mira, says("comes"));
	});

	it.skipIf(is_left_out)("wait for what handlers of their own events wait for", async () => {
		const whisper = (body: string): void => {
			mira.send(st.message({ to: `${room}/Thomas`, type: "chat" }, body));
		};
		whisper("refused");
		whisper("heard");
		await service.answer("message?mira");
		await service.answer("whisper?Thomas", 200, "no");
		await service.answer("message?mira");
		await service.answer("whisper?Thomas", 200, "well");
		const heard = await expect_stanza(tomas, (stanza) => stanza.get_child_text("body") === "heard" || says("refused")(stanza));
		expect(heard.get_child_text("heard", "urn:example:asks")).toBe("well");
	});

	it.skipIf(is_left_out)("wait for several things at once, and for queries", async () => {
		const answer = ask(mira, st.iq({ type: "set", id: "q" }).tag("query", { xmlns: "urn:example:asks" }).reset());
		await service.answer("second");
		await service.answer("first", 204);
		expect((await answer).get_child_text("query", "urn:example:asks")).toBe("204");
	});

	it.skipIf(is_left_out)("may not wait by the clock but in a runner", async () => {
		await service.answer("timer?localhost", 200, "noon");
		await eventually(async () => expect(await stage.log()).toContain("by the clock: noon"));
		expect(await stage.log()).toContain("by the clock ready: false");
	});
});
