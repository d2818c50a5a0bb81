import { afterEach, describe, expect, it } from "vitest";
import { RawClient } from "../host/raw_client.ts";
import { missing, type Stage, start_ours, start_prosody, without_prosody } from "./community/community.ts";

// Prosody's own mod_csi_simple (XEP-0352), in Lua: what does not matter stays with the server while a client sleeps.

const troupe = {
	accounts: ["csi", "csi_simple"],
	prefer_lua: ["csi", "csi_simple"],
	options: "csi_resume_inactive_delay = 0.1",
};
const is_missing = missing("csi_simple");
const ping = (id: string): string => `<iq type='get' id='${id}' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>`;

describe.each([
	["this server", start_ours, is_missing],
	["a real Prosody", start_prosody, is_missing || without_prosody()],
] as const)("a client of %s that sleeps", (_, start, is_skipped) => {
	let stage: Stage | undefined;
	afterEach(async () => {
		await stage?.stop();
		stage = undefined;
	});

	it.skipIf(is_skipped)("gets what does not matter only with what does", async () => {
		stage = await start(troupe);
		const sleeper = await RawClient.login(stage.port, "katherine", "phone");
		const other = await RawClient.login(stage.port, "john", "desk");
		const write = (id: string, payload: string): void =>
			other.send(`<message to='katherine@localhost/phone' type='chat' id='${id}'>${payload}</message>`);
		const composing = "<composing xmlns='http://jabber.org/protocol/chatstates'/>";
		/** The server handled all that others sent before. */
		const settled = async (id: string): Promise<void> => {
			other.send(ping(id));
			await other.until(() => other.said.includes(id));
		};

		sleeper.send(`<inactive xmlns='urn:xmpp:csi:0'/>${ping("asleep")}`);
		await sleeper.until(() => sleeper.said.includes("asleep"));
		// The answer matters, and wakes the connection for a moment: some of this still comes through.
		let held = "";
		for (let attempt = 1; held === ""; attempt++) {
			write(`state-${attempt}-`, composing);
			await settled(`ping-${attempt}-`);
			if (!sleeper.said.includes(`state-${attempt}-`)) held = `state-${attempt}-`;
		}

		write("text", "<body>Check the numbers</body>");
		await sleeper.until(() => sleeper.said.includes("text"));
		expect(sleeper.said.indexOf(held)).toBeGreaterThan(0);
		expect(sleeper.said.indexOf(held)).toBeLessThan(sleeper.said.indexOf("text"));

		sleeper.send("<active xmlns='urn:xmpp:csi:0'/>");
		write("awake", composing);
		await sleeper.until(() => sleeper.said.includes("awake"));
		for (const client of [sleeper, other]) {
			client.send("</stream:stream>");
			await client.closed();
		}
	});
});
