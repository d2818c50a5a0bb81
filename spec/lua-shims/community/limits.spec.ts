// Prosody's mod_limits in Lua, what is built in, and a real Prosody: who sends too fast is slowed down, and nobody else.

import { describe, expect, it } from "vitest";
import { ns } from "../../../host/util/ns.ts";
import * as st from "../../../host/util/stanza.ts";
import { ask, expect_stanza } from "../../helper.ts";
import { missing, start_ours, start_prosody, type Troupe, without_prosody } from "./community.ts";
import { chat } from "./talk.ts";

const no_prosody = without_prosody();
/** In bytes a second. */
const rate = 2000;
const count = 8;
const text = "x".repeat(1000);

const servers = [
	["built in", start_ours, []],
	["in Lua here", start_ours, ["limits"]],
	["on a real Prosody", start_prosody, []],
] as const;

describe.each(servers)("mod_limits %s", (_, start, prefer_lua) => {
	const is_left_out = missing("limits") || (start === start_prosody && no_prosody);
	it.skipIf(is_left_out)("slows down who sends too fast, and nobody else", async () => {
		const troupe: Troupe = {
			accounts: ["presence", "message", "iq", "limits"],
			options: `limits = { c2s = { rate = "${rate / 1000}kb/s", burst = "2s" } }`,
			prefer_lua,
		};
		const stage = await start(troupe);
		try {
			const [mira, tomas] = [await stage.client("mira", "a"), await stage.client("tomas", "b")];
			const since = Date.now();
			for (let index = 0; index < count; index++) tomas.send(chat("mira@localhost/a", `m${index}`, text));
			const pong = await ask(mira, st.iq({ type: "get", id: "p", to: "localhost" }).tag("ping", { xmlns: ns.ping }).reset());
			expect(pong.attr["type"]).toBe("result");
			for (let index = 0; index < count; index++) {
				expect((await expect_stanza(mira, ({ name }) => name === "message")).attr["id"]).toBe(`m${index}`);
			}
			// what comes beyond two seconds' worth has to wait, however slow the machine is
			expect(Date.now() - since).toBeGreaterThan(1000);
			mira.send(chat("tomas@localhost/b", "answer", "slowly!"));
			await expect_stanza(tomas, ({ attr }) => attr["id"] === "answer");
		} finally {
			await stage.stop();
		}
	});
});
