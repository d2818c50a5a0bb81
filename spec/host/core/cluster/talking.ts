// What specs of nodes and of processes that share rooms say there.

import { expect } from "vitest";
import * as st from "../../../../host/util/stanza.ts";
import { type Client, expect_stanza } from "../../../helper.ts";

/** Says something until it is heard: while nobody serves the room, senders are told that it did not work, in an error of type wait. */
export async function say_until_heard(speaker: Client, room: string, text: string): Promise<void> {
	for (;;) {
		speaker.send(st.message({ to: room, type: "groupchat", id: text }, text));
		const back = await expect_stanza(speaker, ({ name, attr }) => name === "message" && attr["id"] === text);
		if (back.attr["type"] !== "error") return;
		expect(back.get_child("error")?.attr["type"]).toBe("wait");
		await new Promise((resolve) => setTimeout(resolve, 200));
	}
}
