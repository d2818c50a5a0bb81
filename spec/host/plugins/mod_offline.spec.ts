import { afterEach, describe, expect, it } from "vitest";
import { ns } from "../../../host/util/ns.ts";
import type { Stanza } from "../../../host/util/stanza.ts";
import * as st from "../../../host/util/stanza.ts";
import { start_test_server, type TestServer } from "../../helper.ts";

let server: TestServer | undefined;
afterEach(async () => {
	await server?.stop();
	server = undefined;
});

const composing = (): Stanza => st.stanza("composing", { xmlns: ns.chat_states });
const hint = (name: string): Stanza => st.stanza(name, { xmlns: ns.hints });
const text = (): Stanza => st.stanza("body").text("Supper?");

describe("messages for who is offline", () => {
	it.each<[string, boolean, Stanza[]]>([
		["a text", true, [text()]],
		["a text with a chat state", true, [text(), composing()]],
		["a chat state", false, [composing()]],
		["a chat state with what goes along", false, [composing(), hint("no-copy"), st.stanza("thread").text("t")]],
		["a chat state that is to be stored", true, [composing(), hint("store")]],
		["a text that is not to be stored", false, [text(), hint("no-store")]],
		["a text that is in no archive", true, [text(), hint("no-permanent-store")]],
		["a receipt", true, [st.stanza("received", { xmlns: "urn:xmpp:receipts", id: "1" })]],
		["something else with a chat state", true, [composing(), st.stanza("encrypted", { xmlns: "urn:example:secret" })]],
	])("%s is kept: %s", async (_, is_kept, content) => {
		server = await start_test_server();
		const juliet = await server.client("juliet");
		await juliet.disconnect();
		const romeo = await server.client("romeo");
		const message = st.message({ type: "chat", to: "juliet@localhost", id: "m" });
		for (const child of content) message.add_child(child);
		romeo.send(message);
		await romeo.settle(true);
		expect(romeo.queue, "the sender is not bothered").toEqual([]);
		const again = await server.client("juliet");
		again.send(st.presence());
		await again.settle(true);
		expect(again.queue.some((stanza) => stanza.name === "message")).toBe(is_kept);
	});
});
