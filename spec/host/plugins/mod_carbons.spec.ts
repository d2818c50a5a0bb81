// Copies of messages for all clients of an account (XEP-0280), here and on a real Prosody.

import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ns } from "../../../host/util/ns.ts";
import * as st from "../../../host/util/stanza.ts";
import { ask, expect_stanza, start_test_server } from "../../helper.ts";
import { play_on, start_ours, start_prosody, without_prosody } from "../../lua-shims/community/community.ts";

const no_prosody = without_prosody();
const troupe = { accounts: ["carbons"] };

describe("message carbons", () => {
	for (const [name, file] of [
		["of what is sent and received", join(import.meta.dirname, "../../lua-shims/modules/carbons.scs")],
		["by their rules", join(import.meta.dirname, "mod_carbons.scs")],
	] as const) {
		it(`are made ${name}`, async () => {
			expect(await play_on(start_ours, file, troupe)).toBe("");
		});
		it.skipIf(no_prosody)(`are made ${name} on a real Prosody, too`, async () => {
			expect(await play_on(start_prosody, file, troupe)).toBe("");
		});
	}

	it("are in the log where that shows what is sent", async () => {
		const lines: string[] = [];
		const server = await start_test_server({
			config: { "*": { modules_enabled: ["disco", "roster", "saslauth", "carbons"] } },
			log: [{ to: { write: (_name, _level, line) => void lines.push(line) }, level: "debug" }],
		});
		try {
			const [desk, phone] = [await server.client("ada", "desk"), await server.client("ada", "phone")];
			await ask(phone, st.iq({ type: "set", id: "on" }).tag("enable", { xmlns: ns.carbons }).reset());
			desk.send(st.message({ to: "grace@localhost/lab", type: "chat", id: "m1" }, "copied"));
			await expect_stanza(phone, (stanza) => stanza.get_child("sent", ns.carbons) !== undefined);
			expect(lines.filter((line) => /Sending\[c2s\]: <message[^>]* to='ada@localhost\/phone'/.test(line))).toHaveLength(1);
		} finally {
			await server.stop();
		}
	});

	it("cost nothing where a room speaks to many", async () => {
		const server = await start_test_server({
			config: { "*": { modules_enabled: ["disco", "roster", "saslauth", "carbons"] } },
		});
		try {
			const ada = await server.client("ada", "desk");
			ada.send(
				st.presence({ to: "room@conference.localhost/ada" }).tag("x", { xmlns: "http://jabber.org/protocol/muc" }).reset(),
			);
			await expect_stanza(ada, (stanza) => stanza.toString().includes("code='110'"));
			const session = server.server.full_sessions.get("ada@localhost/desk");
			if (session === undefined) throw new Error("nobody is there");
			let shared = 0;
			const { send_shared } = session;
			session.send_shared = (text, ...rest) => {
				shared++;
				return send_shared.call(session, text, ...rest);
			};
			ada.send(st.message({ to: "room@conference.localhost", type: "groupchat" }, "to all"));
			await expect_stanza(ada, (stanza) => stanza.get_child_text("body") === "to all");
			expect(shared).toBe(1);
		} finally {
			await server.stop();
		}
	});
});
