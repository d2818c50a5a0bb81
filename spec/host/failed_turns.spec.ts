// A turn that cannot be stored, over whatever carries a client's stream: nothing of it is seen, its sender is told, and all goes on.

import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ModuleDefinition } from "../../host/core/types.ts";
import { ns } from "../../host/util/ns.ts";
import * as st from "../../host/util/stanza.ts";
import { start_test_server, type TestServer } from "../helper.ts";
import { RawClient } from "./raw_client.ts";
import { RawHttp, request } from "./raw_http.ts";
import { auth, bind, RawWebSocket } from "./raw_websocket.ts";

/** Answers what its host is told; nothing can be stored for whoever says "fail". */
const doomed: ModuleDefinition = {
	name: "doomed",
	load(module) {
		module.hook("message/host", ({ origin, stanza }) => {
			const body = stanza.get_child_text("body") ?? "";
			origin.send(st.message({ to: stanza.attr["from"], from: module.host, id: `answer-${body}` }));
			if (body === "fail") module.server.turn.fail(new Error("the disk is full"));
			return true;
		});
	},
};

let running: TestServer;

beforeEach(async () => {
	running = await start_test_server({
		config: {
			"*": { modules_enabled: ["disco", "roster", "saslauth", "ping", "websocket", "bosh", "smacks", "doomed"], http_ports: [0] },
		},
		modules: [doomed],
	});
});

afterEach(() => running.stop());

const http_port = (): number => running.server.addresses().find(({ service }) => service === "http")?.port ?? 0;
const tell = (body: string): string => `<message xmlns='${ns.client}' to='localhost' id='${body}'><body>${body}</body></message>`;
const is_told = /<message[^>]* id='fail'[^>]*>\s*<error type='wait'><internal-server-error /;

describe("a turn that fails", () => {
	it("over WebSocket", async () => {
		const client = await RawWebSocket.login(http_port(), "ada");
		await client.ask(tell("before"), "answer-before");
		expect(await client.ask(tell("fail"), "<error")).toMatch(is_told);
		await client.ask(tell("after"), "answer-after");
		expect(client.said.join("\n")).not.toContain("answer-fail");
		client.destroy();
	});

	it("over BOSH", async () => {
		const http = await RawHttp.connect(http_port());
		let rid = 1000;
		const post = async (text: string): Promise<string> => {
			const answer = await http.ask(request("POST", "/http-bind", ["Content-Type: text/xml"], text));
			return answer?.body ?? "";
		};
		const first = await post(
			`<body xmlns='http://jabber.org/protocol/httpbind' rid='${rid}' to='localhost' wait='5' hold='1' ver='1.6' xmpp:version='1.0' xmlns:xmpp='urn:xmpp:xbosh'/>`,
		);
		const sid = / sid='([^']+)'/.exec(first)?.[1] ?? "";
		const say = (content: string, attributes = ""): Promise<string> =>
			post(`<body xmlns='http://jabber.org/protocol/httpbind' sid='${sid}' rid='${++rid}' ${attributes}>${content}</body>`);
		await say(auth("ada"));
		await say("", "xmpp:restart='true' xmlns:xmpp='urn:xmpp:xbosh' to='localhost'");
		await say(bind);
		let heard = await say(tell("before"));
		heard += await say(tell("fail"));
		heard += await say(tell("after"));
		while (!heard.includes("answer-after")) heard += await say("");
		expect(heard).toContain("answer-before");
		expect(heard).toMatch(is_told);
		expect(heard).not.toContain("answer-fail");
		http.destroy();
	});

	it("is not counted by stream management", async () => {
		const client = await RawClient.login(running.port, "ada", "desk");
		const hears = (text: string): Promise<void> => client.until(() => client.said.includes(text));
		client.said = "";
		client.send(`<enable xmlns='${ns.sm3}'/>`);
		await hears("<enabled");
		client.send(tell("before"));
		await hears("answer-before");
		client.send(tell("fail"));
		await hears("<error");
		expect(client.said).toMatch(is_told);
		expect(client.said).not.toContain("answer-fail");
		client.send(tell("after"));
		await hears("answer-after");
		// Three came: two answers and the error. Who has them all is not asked again
		await hears("<r ");
		client.said = "";
		client.send(`<a xmlns='${ns.sm3}' h='3'/><r xmlns='${ns.sm3}'/>`);
		await hears("<a ");
		expect(client.said).toBe(`<a xmlns='${ns.sm3}' h='3'/>`);
		client.send(`<a xmlns='${ns.sm3}' h='4'/>`);
		expect(await client.closed()).toContain("handled-count-too-high");
	});
});
