import { describe, expect, it } from "vitest";
import * as st from "../../../host/util/stanza.ts";
import { expect_stanza } from "../../helper.ts";
import { on_both, type Stage, without_prosody } from "./community.ts";

// How `module:send_iq` ends, for each kind of sender, recipient and origin, here and on a real Prosody.

const disco = "http://jabber.org/protocol/disco#info";
const room = "terrace@conference.localhost";
const muc = "http://jabber.org/protocol/muc";

const recipients = [
	"localhost",
	"conference.localhost",
	"mira@localhost",
	room,
	`${room}/Mira`,
	`${room}/Nobody`,
	"nowhere@conference.localhost",
];
const senders = ["-", "localhost", "mira@localhost", "mira@localhost/a"];

async function outcomes(stage: Stage): Promise<string[]> {
	const mira = await stage.client("mira", "a");
	mira.send(
		st
			.presence({ to: `${room}/Mira` })
			.tag("x", { xmlns: muc })
			.reset(),
	);
	await expect_stanza(mira, (stanza) => stanza.get_child("subject") !== undefined);
	const found: string[] = [];
	const ask = async (request: string): Promise<void> => {
		mira.send(st.message({ to: "localhost", type: "chat" }, request));
		const told = await expect_stanza(mira, ({ name, attr }) => name === "message" && attr["from"] === "localhost");
		found.push(`${request}: ${told.get_child_text("body")}`);
	};
	for (const to of recipients) {
		for (const from of senders) {
			for (const origin of ["origin", "table", "copy", "-"]) await ask(`${to} ${from} ${origin} ${disco} 0.5`);
		}
	}
	await ask(`localhost localhost origin urn:example:unknown 0.5`);
	await ask(`mira@localhost/a localhost origin urn:example:unknown 0.1`);
	// what is refused by its recipient
	mira.send(st.message({ to: "localhost", type: "chat" }, "mira@localhost/a localhost - urn:example:unknown 5"));
	const asked = await expect_stanza(mira, ({ name }) => name === "iq");
	mira.send(st.error_reply(asked, "modify", "not-acceptable", "Not me").reset());
	const told = await expect_stanza(mira, ({ name, attr }) => name === "message" && attr["from"] === "localhost");
	found.push(told.get_child_text("body") ?? "");
	return found;
}

describe("module:send_iq in Lua", () => {
	it("ends as on a real Prosody", async () => {
		const [ours, prosodys] = await on_both(
			{ accounts: ["presence", "message", "iq", "queries"], options: "muc_room_locking = false" },
			without_prosody(),
			outcomes,
		);
		expect(ours).toEqual(prosodys);
	}, 120_000);
});
