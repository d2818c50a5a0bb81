import { afterEach, describe, expect, it } from "vitest";
import { ClientSession } from "../../host/core/c2s_session.ts";
import * as st from "../../host/util/stanza.ts";
import { expect_stanza } from "../helper.ts";
import { RawClient } from "../host/raw_client.ts";
import { create, enter, room_of, type Service, start_service } from "./service.ts";

let service: Service | undefined;
let stuck: RawClient | undefined;
afterEach(async () => {
	stuck?.destroy();
	await service?.stop();
});

const body = "x".repeat(20_000);

/** A room with two who talk, and one who takes nothing any more. */
async function room_with_a_stuck_client(limit: number) {
	service = await start_service({}, { network_settings: { max_send_buffer_size: limit } });
	const [romeo, juliet] = [await service.test.client("romeo", "a"), await service.test.client("juliet", "b")];
	await create(romeo, "tearoom");
	await enter(juliet, "tearoom", "juliet");
	stuck = await RawClient.login(service.test.port, "nurse", "c");
	await stuck.ask(
		`<presence to='${room_of("tearoom")}/nurse'><x xmlns='http://jabber.org/protocol/muc'/></presence>`,
		"</message>",
	);
	stuck.pause();
	for (const client of [romeo, juliet]) {
		await client.settle(true);
		client.queue.length = 0;
	}
	return { service, romeo, juliet };
}

describe("a client that takes nothing", () => {
	it("does not keep others from talking, and is gone once too much waits for it", async () => {
		const limit = 300_000;
		const { service, romeo, juliet } = await room_with_a_stuck_client(limit);
		const nurse = service.test.server.full_sessions.get("nurse@localhost/c");
		const conn = nurse instanceof ClientSession ? nurse.conn : undefined;
		const gone = `${room_of("tearoom")}/nurse`;
		const left = (stanza: st.Stanza): boolean => stanza.attr["from"] === gone && stanza.attr["type"] === "unavailable";
		let sent = 0;
		// The system takes some megabytes before anything waits here
		while (!juliet.queue.some(left) && sent < 2000) {
			romeo.send(st.message({ to: room_of("tearoom"), type: "groupchat", id: `m${sent}` }, body));
			const message = await expect_stanza(juliet, ({ name }) => name === "message");
			expect(message.attr["id"]).toBe(`m${sent}`);
			expect(conn?.pending).toBeLessThanOrEqual(limit);
			await juliet.settle(true);
			sent++;
		}
		const farewell = await expect_stanza(juliet, left);
		expect(farewell.get_child_text("status")).toBe("Disconnected: no space left in buffer");
		expect(sent).toBeGreaterThan(10);
		expect(service.test.server.full_sessions.has("nurse@localhost/c")).toBe(false);
	});

	it("gets everything once it takes it", async () => {
		const { romeo } = await room_with_a_stuck_client(100_000_000);
		const count = 400;
		for (let sent = 0; sent < count; sent++) {
			romeo.send(st.message({ to: room_of("tearoom"), type: "groupchat", id: `m${sent}` }, body));
			await expect_stanza(romeo, ({ name, attr }) => name === "message" && attr["id"] === `m${sent}`);
		}
		stuck?.resume();
		await stuck?.until(() => stuck?.said.includes(`id='m${count - 1}'`) === true && stuck.said.endsWith("</message>"));
		const ids = [...(stuck?.said ?? "").matchAll(/ id='m([0-9]+)'/g)].map(([, id]) => Number(id));
		expect(ids).toEqual(Array.from({ length: count }, (_, id) => id));
	});
});
