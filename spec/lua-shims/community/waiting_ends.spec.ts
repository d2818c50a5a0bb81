import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ns } from "../../../host/util/ns.ts";
import * as st from "../../../host/util/stanza.ts";
import type { Client } from "../../../tools/scansion/client.ts";
import { ask, expect_stanza } from "../../helper.ts";
import { RawWebSocket } from "../../host/raw_websocket.ts";
import { type Stage, start_ours, start_prosody, without_prosody } from "./community.ts";
import { type Service, start_service } from "./service.ts";
import { enter, room, say } from "./terrace.ts";

// Clients that go while a handler in Lua waits: the service answers late or never. The same here, on Prosody's own rooms in Lua, and on
// a real Prosody.

const leaves = (nick: string) => (stanza: st.Stanza) =>
	stanza.name === "presence" && stanza.attr["type"] === "unavailable" && stanza.attr["from"] === `${room}/${nick}`;
const comes = (nick: string) => (stanza: st.Stanza) =>
	stanza.name === "presence" && stanza.attr["type"] === undefined && stanza.attr["from"] === `${room}/${nick}`;

const servers = [
	{ name: "this server", start: start_ours, prefer_lua: [] },
	{ name: "Prosody's own rooms here", start: start_ours, prefer_lua: ["muc"] },
	{ name: "a real Prosody", start: start_prosody, prefer_lua: [] },
];
const no_prosody = without_prosody();

describe.each(servers)("clients that go while a handler waits on $name", ({ start, prefer_lua }) => {
	const is_left_out = start === start_prosody && no_prosody;
	let service: Service;
	let stage: Stage;
	let mira: Client;
	beforeAll(async () => {
		if (is_left_out) return;
		service = await start_service();
		const options = `asks_url = "${service.url}"\nmuc_room_locking = false\nconsider_websocket_secure = true`;
		stage = await start({ accounts: ["presence", "message", "iq", "asks", "websocket"], rooms: ["asks"], options, prefer_lua });
		mira = await stage.client("mira", "a");
		mira.send(enter("Mira"));
		await service.answer("create?mira");
		await service.answer("join?mira");
		await expect_stanza(mira, comes("Mira"));
	});
	afterAll(async () => {
		if (is_left_out) return;
		await stage.stop();
		service.stop();
	});

	async function newcomer(name: string, resource: string): Promise<Client> {
		const client = await stage.client(name, resource);
		client.send(enter(name));
		await service.answer(`join?${name}`);
		await expect_stanza(client, comes(name));
		await expect_stanza(mira, comes(name));
		return client;
	}

	/** Everything that the server did so far for Mira has come. */
	async function settle(): Promise<void> {
		const pong = await ask(mira, st.iq({ type: "get", id: "p", to: "localhost" }).tag("ping", { xmlns: ns.ping }).reset());
		expect(pong.attr["type"]).toBe("result");
	}

	it.skipIf(is_left_out)("leave at once, and what they sent behind it is dropped", async () => {
		const tomas = await newcomer("tomas", "b");
		tomas.send(say("first"));
		tomas.send(st.message({ to: "mira@localhost/a", type: "normal", id: "behind" }, "behind"));
		await service.asking("say?tomas");
		await tomas.vanish();
		await expect_stanza(mira, leaves("tomas"));
		await service.answer("say?tomas");
		await service.unasked("message?tomas");
		await settle();
		expect(mira.queue.filter((stanza) => stanza.get_child_text("body") === "behind")).toEqual([]);
	});

	it.skipIf(is_left_out)("leave at once where another client takes their resource", async () => {
		const jonas = await newcomer("jonas", "c");
		jonas.send(say("first"));
		jonas.send(say("behind"));
		await service.asking("say?jonas");
		const again = await stage.client("jonas", "c");
		await expect_stanza(mira, leaves("jonas"));
		await service.answer("say?jonas");
		await service.unasked("say?jonas");
		again.send(enter("jonas"));
		await service.answer("join?jonas");
		await expect_stanza(again, comes("jonas"));
		await settle();
	});

	it.skipIf(is_left_out)("leave at once where they came over WebSocket", async () => {
		const port = Number(new URL(stage.url).port);
		const nora = await RawWebSocket.login(port, "nora");
		nora.frame(enter("nora").toString().replace("<presence", "<presence xmlns='jabber:client'"));
		await service.answer("join?nora");
		await expect_stanza(mira, comes("nora"));
		nora.frame(say("first").toString().replace("<message", "<message xmlns='jabber:client'"));
		await service.asking("say?nora");
		nora.destroy();
		await expect_stanza(mira, leaves("nora"));
		await service.answer("say?nora");
		await settle();
	});

	// In Prosody's rooms the handler goes on, and the room has an occupant whose client is gone
	it.skipIf(is_left_out || start === start_prosody || prefer_lua.length > 0)("do not enter later", async () => {
		const paula = await stage.client("paula", "e");
		paula.send(enter("paula"));
		await service.asking("join?paula");
		await paula.vanish();
		await service.answer("join?paula");
		await settle();
		await settle();
		expect(mira.queue.filter(comes("paula"))).toEqual([]);
	});
});
