import { resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as st from "../../../host/util/stanza.ts";
import type { Client } from "../../../tools/scansion/client.ts";
import { expect_stanza, start_test_server, type TestServer } from "../../helper.ts";

let test: TestServer;
let juliet: Client;
let romeo: Client;

beforeAll(async () => {
	test = await start_test_server({
		config: {
			"*": { plugin_paths: [resolve(import.meta.dirname, "../../lua")] },
			localhost: { modules_enabled: ["disco", "roster", "saslauth", "message", "presence", "iq", "filtering"] },
		},
	});
	juliet = await test.client("juliet", "balcony");
	romeo = await test.client("romeo", "garden");
});
afterAll(() => test.stop());

const fire = (name: string, event: unknown = {}): unknown => test.server.hosts.get("localhost")?.events.fire_any(name, event);
const lines = (): string => String(fire("filtered-lines"));

/** Sends messages from Romeo to Juliet, and gives what came as far as the last, which passes all filters. */
async function say(...bodies: string[]): Promise<st.Stanza[]> {
	for (const body of [...bodies, "over"]) romeo.send(st.message({ to: juliet.full_jid, type: "chat" }, body));
	const came: st.Stanza[] = [];
	do came.push(await expect_stanza(juliet, (stanza) => stanza.name === "message"));
	while (came.at(-1)?.get_child_text("body") !== "over");
	return came;
}

describe("filters in Lua, on sessions of the host", () => {
	it("see, change, replace and swallow stanzas, by priority", async () => {
		const came = await say("hello", "swallow", "replace", "keep to yourself");
		expect(came.map((message) => message.get_child_text("body"))).toEqual(["hello", "replaced", "over"]);
		expect(came.map((message) => message.get_child("seen", "urn:example:seen")?.attr["by"])).toEqual([
			"juliet",
			undefined,
			"juliet",
		]);
		const seen = lines();
		expect(seen).toContain("in garden hello\nout balcony hello\nlast balcony hello\n");
		expect(seen).toContain(
			"in garden swallow\nout balcony swallow\nin garden replace\nout balcony replace\nlast balcony replaced\n",
		);
		expect(seen).toContain("in garden keep to yourself\nin garden over\n");
	});

	it("only harm the stanza that they fail on", async () => {
		const came = await say("fail", "fine");
		expect(came.map((message) => message.get_child_text("body"))).toEqual(["fine", "over"]);
	});

	it("are taken back", async () => {
		const session = test.server.full_sessions.get(juliet.full_jid);
		expect(session?.has_filter("stanzas/out")).toBe(true);
		fire("stop-filtering", { session });
		expect(lines()).toMatch(/stopped true\nstopped true\nstopped nil\nstopped true$/);
		expect(session?.has_filter("stanzas/out")).toBe(false);
		expect(session?.has_filter("stanzas/in")).toBe(false);
		const came = await say("swallow");
		expect(came.map((message) => message.get_child_text("body"))).toEqual(["swallow", "over"]);
	});
});
