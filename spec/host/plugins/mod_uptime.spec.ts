import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { uptime_text } from "../../../host/plugins/mod_uptime.ts";
import { ns } from "../../../host/util/ns.ts";
import * as st from "../../../host/util/stanza.ts";
import { ask, start_test_server, type TestServer } from "../../helper.ts";

const start = new Date(2026, 10, 3, 7, 5, 9).getTime() / 1000;

describe("the uptime", () => {
	// What Prosody 0.12 says. Source: plugins/mod_uptime.lua
	it.each([
		[0, "0 days, 0 hours and 0 minutes"],
		[119, "0 days, 0 hours and 1 minute"],
		[86400 + 3600 + 60, "1 day, 1 hour and 1 minute"],
		[3 * 86400 - 1, "2 days, 23 hours and 59 minutes"],
	])("after %d seconds is told in words", (seconds, words) => {
		const sentence = `This server has been running for ${words} (since Tue Nov  3 07:05:09 2026)`;
		expect(uptime_text(start, start + seconds)).toBe(sentence);
	});
});

describe("mod_uptime", () => {
	let test: TestServer;
	beforeAll(async () => {
		test = await start_test_server({ config: { localhost: { modules_enabled: ["uptime"] } } });
	});
	afterAll(() => test.stop());

	it("offers a command to everybody", async () => {
		const iq = st.iq({ type: "set", id: "u", to: "localhost" }).tag("command", { xmlns: ns.commands, node: "uptime" });
		const reply = await ask(await test.client("guest", "a"), iq.reset());
		expect(reply.get_child("command", ns.commands)?.get_child_text("note")).toMatch(/^This server has been running for 0 days/);
	});
});
