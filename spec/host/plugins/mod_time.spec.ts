import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as datetime from "../../../host/util/datetime.ts";
import { ns } from "../../../host/util/ns.ts";
import * as st from "../../../host/util/stanza.ts";
import { ask, start_test_server, type TestServer } from "../../helper.ts";

describe("mod_time", () => {
	let test: TestServer;
	beforeAll(async () => {
		test = await start_test_server({ config: { localhost: { modules_enabled: ["time"] } } });
	});
	afterAll(() => test.stop());

	/** How many seconds after the server said so it is now. */
	const age = (told: string | undefined): number => Date.now() / 1000 - (datetime.parse(told ?? "") ?? Number.NaN);

	it.each(["localhost", "guest@localhost", undefined])("tells %s the time of XEP-0202", async (to) => {
		const guest = await test.client("guest", "a");
		const reply = await ask(guest, st.iq({ type: "get", id: "t", to }).tag("time", { xmlns: ns.time }).reset());
		const time = reply.get_child("time", ns.time);
		expect(time?.get_child_text("tzo")).toBe("+00:00");
		expect(age(time?.get_child_text("utc"))).toBeGreaterThanOrEqual(0);
	});

	// Source: plugins/mod_time.lua of 0.12; 13 has it no more
	it.each(["localhost", "guest@localhost", undefined])("tells %s the time of XEP-0090", async (to) => {
		const guest = await test.client("guest", "a");
		const reply = await ask(guest, st.iq({ type: "get", id: "t", to }).tag("query", { xmlns: ns.legacy_time }).reset());
		const told = reply.get_child("query", ns.legacy_time)?.get_child_text("utc");
		expect(told).toMatch(/^\d{8}T\d\d:\d\d:\d\d$/);
		expect(age(`${told}Z`)).toBeGreaterThanOrEqual(0);
	});
});
