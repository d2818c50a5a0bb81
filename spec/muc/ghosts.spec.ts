// Occupants of other servers who are gone without a word.

import { afterEach, describe, expect, it } from "vitest";
import type { ModuleDefinition } from "../../host/core/types.ts";
import { ns } from "../../host/util/ns.ts";
import * as st from "../../host/util/stanza.ts";
import type { Client } from "../../tools/scansion/client.ts";
import { eventually, expect_stanza, start_test_server, type TestServer } from "../helper.ts";

const room = "hall@conference.localhost";
const service = "conference.localhost";
let test: TestServer;
let romeo: Client;
/** What went to other servers. */
let sent: st.Stanza[] = [];

type Answer = (stanza: st.Stanza) => st.Stanza | undefined;
let answer: Answer = () => undefined;

/** Stands for all other servers. */
const far_away: ModuleDefinition = {
	name: "far_away",
	load(module) {
		module.hook("route/remote", ({ stanza }) => {
			sent.push(st.clone(stanza));
			const reply = stanza.attr["type"] === "error" ? undefined : answer(stanza);
			if (reply !== undefined) module.add_timer(0, () => void module.send(reply));
			return true;
		});
	},
};

async function start(interval: number | string): Promise<void> {
	test = await start_test_server({
		config: {
			"*": { muc_occupant_ping_interval: interval, muc_room_locking: false },
			[service]: { modules_enabled: ["far_away"] },
		},
		modules: [far_away],
	});
	romeo = await test.client("romeo");
	romeo.send(
		st
			.presence({ to: `${room}/romeo` })
			.tag("x", { xmlns: ns.muc })
			.reset(),
	);
	await expect_stanza(romeo, ({ attr }) => attr["from"] === `${room}/romeo`);
	for (const name of ["juliet", "nurse"]) {
		const host = test.server.hosts.get(service);
		if (host === undefined) throw new Error("there are no rooms");
		const presence = st.presence({ from: `${name}@far.example/x`, to: `${room}/${name}` }).tag("x", { xmlns: ns.muc });
		test.server.router.route_stanza(host, presence.reset());
		await expect_stanza(romeo, ({ attr }) => attr["from"] === `${room}/${name}`);
	}
}

function pings(): string[] {
	return sent.filter(({ name, tags }) => name === "iq" && tags[0]?.name === "ping").map(({ attr }) => attr["to"] ?? "");
}

function refuse(stanza: st.Stanza, condition: string): st.Stanza {
	return st.error_reply(stanza, "cancel", condition);
}

afterEach(async () => {
	await test?.stop();
	sent = [];
	answer = () => undefined;
});

describe("occupants of other servers", () => {
	it("are asked now and then, and stay where they answer", async () => {
		answer = (stanza) => (stanza.name === "iq" ? st.reply(stanza) : undefined);
		await start(0.3);
		await eventually(() => expect(pings().length).toBeGreaterThanOrEqual(4));
		expect(new Set(pings())).toEqual(new Set(["juliet@far.example/x", "nurse@far.example/x"]));
		expect(romeo.queue.filter(({ attr }) => attr["type"] === "unavailable")).toEqual([]);
	});

	it.each([
		["their server is gone", (stanza) => refuse(stanza, "remote-server-not-found")],
		["they are gone", (stanza) => refuse(stanza, "item-not-found")],
		[
			"they are gone, and their server says no more than that it has no answer",
			(stanza) => refuse(stanza, stanza.name === "message" ? "recipient-unavailable" : "service-unavailable"),
		],
	] satisfies readonly (readonly [string, Answer])[])("leave with status 333 where %s", async (_, gone) => {
		answer = (stanza) =>
			stanza.attr["to"] === "nurse@far.example/x" && stanza.name !== "presence"
				? gone(stanza)
				: stanza.name === "iq"
					? st.reply(stanza)
					: undefined;
		await start(0.3);
		const left = await expect_stanza(romeo, ({ attr }) => attr["type"] === "unavailable");
		expect(left.attr["from"]).toBe(`${room}/nurse`);
		expect(left.get_child("x", ns.muc_user)?.tags.map(({ attr }) => attr["code"])).toContain("333");
		const before = pings().length;
		await eventually(() => expect(pings().length).toBeGreaterThanOrEqual(before + 2));
		expect(pings().slice(before + 1)).not.toContain("nurse@far.example/x");
	});

	it("are asked again soon where they cannot be reached just now", async () => {
		const states = ["wait", "wait", "gone"];
		answer = (stanza) => {
			if (stanza.name !== "iq") return undefined;
			if (stanza.attr["to"] !== "nurse@far.example/x") return st.reply(stanza);
			return states.shift() === "wait" ? st.error_reply(stanza, "wait", "resource-constraint") : refuse(stanza, "item-not-found");
		};
		await start("1 hour");
		test.server.hosts.get(service)?.events.fire_event("component-uplink-connected", { host: service });
		const left = await expect_stanza(romeo, ({ attr }) => attr["type"] === "unavailable");
		expect(left.attr["from"]).toBe(`${room}/nurse`);
		expect(pings().filter((to) => to === "nurse@far.example/x").length).toBe(3);
		// An empty message would only ask the same
		expect(sent.filter(({ name, tags }) => name === "message" && tags.length === 0)).toEqual([]);
	});

	it.each([0, "never"])("are not asked where the interval is %s", async (interval) => {
		await start(interval);
		await new Promise((resolve) => setTimeout(resolve, 500));
		expect(pings()).toEqual([]);
	});
});
