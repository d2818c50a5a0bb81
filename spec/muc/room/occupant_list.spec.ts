import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ns } from "../../../host/util/ns.ts";
import * as st from "../../../host/util/stanza.ts";
import type { BuildPresenceEvent } from "../../../muc/events.ts";
import type { Client } from "../../../tools/scansion/client.ts";
import { create, enter, live, room_of, type Service, start_service } from "../service.ts";

let service: Service;
let guests: Client[];

beforeEach(async () => {
	service = await start_service();
	const owner = await service.test.client("owner", "o");
	await create(owner, "tearoom");
	guests = [owner];
	for (const [name, resource, nick] of [
		["ann", "1", "Ann"],
		["ann", "2", "Ann"],
		["bob", "1", "Bøb"],
		["eve", "1", "E & <v>"],
	] as const) {
		const guest = await service.test.client(name, resource);
		await enter(guest, "tearoom", nick);
		guests.push(guest);
	}
	await Promise.all(guests.map((guest) => guest.settle(true)));
});

afterEach(() => service.stop());

const seen = ({ stanza }: BuildPresenceEvent): void => {
	// Sees each stanza, and so has each made
	stanza.top_tag();
};

/** The text of a stanza with its `to` behind the other attributes: their order means nothing. */
function addressed_last(stanza: st.Stanza): string {
	const { to, ...others } = stanza.attr;
	stanza.attr = { ...others, to };
	return stanza.toString();
}

/** What somebody who enters is shown of the others, and leaves again. */
async function shown(newcomer: Client): Promise<string[]> {
	await newcomer.settle(true);
	newcomer.queue.length = 0;
	newcomer.send(
		st
			.presence({ to: `${room_of("tearoom")}/new` })
			.tag("x", { xmlns: ns.muc })
			.reset(),
	);
	await newcomer.settle(true);
	const list = newcomer.queue.filter(({ name, attr }) => name === "presence" && attr["from"] !== `${room_of("tearoom")}/new`);
	newcomer.send(st.presence({ to: `${room_of("tearoom")}/new`, type: "unavailable" }));
	await newcomer.settle(true);
	return list.map(addressed_last);
}

/** The list as it is kept for everybody, twice, and as it is made for one. */
async function both_ways(newcomer: Client): Promise<{ kept: string[]; again: string[]; made: string[] }> {
	const kept = await shown(newcomer);
	const again = await shown(newcomer);
	service.module.hook("muc-build-occupant-presence", seen);
	const made = await shown(newcomer);
	service.module.unhook("muc-build-occupant-presence", seen);
	return { kept, again, made };
}

describe("who is in a room", () => {
	it("is shown the same whether texts are kept for all who enter or made for each", async () => {
		const newcomer = await service.test.client("new", "n");
		const { kept, again, made } = await both_ways(newcomer);
		expect(kept).toHaveLength(4);
		expect(again).toEqual(kept);
		expect(made).toEqual(kept);
	});

	it("is shown with real JIDs to whom they may be shown, and then without again", async () => {
		const room = live(service.muc, "tearoom");
		const newcomer = await service.test.client("new", "n");
		const anonymous = await shown(newcomer);
		expect(anonymous.join("")).not.toContain("ann@localhost");
		room.set_affiliation(true, "new@localhost", "admin");
		const { kept, made } = await both_ways(newcomer);
		expect(kept.join("")).toContain("ann@localhost/2");
		expect(made).toEqual(kept);
		room.set_affiliation(true, "new@localhost", "none");
		expect(await shown(newcomer)).toEqual(anonymous);
	});

	it("is shown as it is now", async () => {
		const room = live(service.muc, "tearoom");
		const newcomer = await service.test.client("new", "n");
		await shown(newcomer);
		for (const change of [
			() => room.set_affiliation(true, "bob@localhost", "member"),
			() => room.set_role(true, `${room.jid}/Bøb`, "moderator"),
			() => void guests[3]?.send(st.presence({ to: `${room.jid}/Bøb` }).text_tag("show", "away")),
			() => void guests[2]?.send(st.presence({ to: `${room.jid}/Ann`, type: "unavailable" })),
			() => room.set_affiliation_data("bob@localhost", "hats", { "urn:x:chef": { active: true, title: "Chef" } }),
		]) {
			const before = await shown(newcomer);
			change();
			await Promise.all(guests.map((guest) => guest.settle(true)));
			const { kept, again, made } = await both_ways(newcomer);
			expect(made).toEqual(kept);
			expect(again).toEqual(kept);
			if (!String(change).includes("unavailable")) expect(kept).not.toEqual(before);
		}
		expect((await shown(newcomer)).join("")).toContain("Chef");
	});

	it("reaches modules that replaced what shows it", async () => {
		const newcomer = await service.test.client("new", "n");
		const before = await shown(newcomer);
		const { build_item_list } = service.muc.room_mt;
		service.muc.room_mt.build_item_list = function (occupant, x, ...rest) {
			return build_item_list.call(this, occupant, x.tag("status", { code: "999" }).up(), ...rest);
		};
		expect((await shown(newcomer)).every((presence) => presence.includes("999"))).toBe(true);
		service.muc.room_mt.build_item_list = build_item_list;
		expect(await shown(newcomer)).toEqual(before);
	});

	it("passes through the filters of a session", async () => {
		const newcomer = await service.test.client("new", "n");
		await shown(newcomer);
		const session = service.test.server.full_sessions.get(newcomer.full_jid);
		const names: string[] = [];
		session?.add_filter("stanzas/out", (stanza) => {
			names.push(stanza.name);
			return stanza;
		});
		const list = await shown(newcomer);
		expect(names.filter((name) => name === "presence").length).toBeGreaterThanOrEqual(list.length);
	});
});
