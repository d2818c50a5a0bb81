import { createHash } from "node:crypto";
import { afterEach, describe, expect, it } from "vitest";
import { ns } from "../../host/util/ns.ts";
import * as st from "../../host/util/stanza.ts";
import type { Client } from "../../tools/scansion/client.ts";
import { ask, expect_stanza } from "../helper.ts";
import { codes, configure, create, enter, live, outcome, room_of, type Service, say, service, start_service } from "./service.ts";

const running: Service[] = [];

/** A service that ends with the test. */
async function start(...options: Parameters<typeof start_service>): Promise<Service> {
	const started = await start_service(...options);
	running.push(started);
	return started;
}

afterEach(async () => {
	for (const one of running.splice(0)) await one.stop();
});

function hash_of(picture: string): string {
	return createHash("sha1").update(picture).digest("hex");
}

/** Hangs a picture in a room; answers with the reply. */
function hang(client: Client, to: string, picture: string | undefined): Promise<st.Stanza> {
	const iq = st.iq({ to, type: "set", id: `hang-${picture}` }).tag("vCard", { xmlns: ns.vcard_temp });
	if (picture !== undefined) iq.tag("PHOTO").text_tag("BINVAL", Buffer.from(picture).toString("base64")).up();
	return ask(client, iq.reset());
}

/** What a client is told of a room's avatar until a message of its own comes back: hashes, empty where there is none, and codes. */
async function news(client: Client, room: string): Promise<string[]> {
	await say(client, room, "anything new?");
	const told: string[] = [];
	for (const stanza of client.queue.splice(0)) {
		const photo = stanza.get_child("x", ns.vcard_update)?.get_child("photo");
		// Occupants have avatars of their own
		if (photo && stanza.attr["from"] === room_of(room)) told.push(photo.get_text() ?? "");
		if (stanza.name === "message") told.push(...codes(stanza).filter((code) => code !== undefined));
	}
	return told;
}

interface RoomInfo {
	features: (string | undefined)[];
	/** Undefined where the form has no such field. */
	avatarhash: string | undefined;
}

async function room_info(client: Client, room: string): Promise<RoomInfo> {
	const reply = await ask(
		client,
		st
			.iq({ to: room_of(room), type: "get", id: "info" })
			.query(ns.disco_info)
			.reset(),
	);
	const query = reply.get_child("query", ns.disco_info);
	const fields = [...(query?.get_child("x", ns.data)?.childtags("field") ?? [])];
	const field = fields.find(({ attr }) => attr["var"] === "muc#roominfo_avatarhash");
	return {
		features: [...(query?.childtags("feature") ?? [])].map(({ attr }) => attr["var"]),
		avatarhash: field && (field.get_child_text("value") ?? ""),
	};
}

describe("a room's avatar", () => {
	it("is its owners' to set", async () => {
		const { test, muc } = await start();
		const owner = await test.client("owner");
		const other = await test.client("other");
		await create(owner, "room");
		expect(outcome(await hang(other, room_of("room"), "graffito"))).toBe("auth/forbidden");
		live(muc, "room").set_affiliation(true, "other@localhost", "admin");
		expect(outcome(await hang(other, room_of("room"), "graffito"))).toBe("auth/forbidden");
		expect((await room_info(other, "room")).avatarhash).toBe("");
		expect(outcome(await hang(owner, room_of("room"), "painting"))).toBe("ok");
		expect(await room_info(other, "room")).toEqual({
			features: expect.arrayContaining(["vcard-temp"]),
			avatarhash: hash_of("painting"),
		});
	});

	it("is told to who enters, and to all when it changes or goes", async () => {
		const { test } = await start();
		const owner = await test.client("owner");
		const guest = await test.client("guest");
		await create(owner, "room");
		await enter(guest, "room", "guest");
		expect(await news(guest, "room")).toEqual([]);
		for (const picture of ["sketch", "painting", undefined]) {
			await hang(owner, room_of("room"), picture);
			const told = [picture === undefined ? "" : hash_of(picture), "104"];
			expect(await news(guest, "room")).toEqual(told);
			expect(await news(owner, "room")).toEqual(told);
		}
		await hang(owner, room_of("room"), "print");
		const late = await test.client("late");
		await enter(late, "room", "late");
		expect(await news(late, "room")).toEqual([hash_of("print")]);
	});

	it.each([
		["presence", [hash_of("painting")], [hash_of("painting")]],
		["message", ["104"], [hash_of("painting")]],
		["none", [], []],
		["shouting", [hash_of("painting"), "104"], [hash_of("painting")]],
	])("is told by muc_avatar_advertise_hashes = %j", async (muc_avatar_advertise_hashes, at_change, at_entry) => {
		const { test } = await start({ muc_avatar_advertise_hashes });
		const owner = await test.client("owner");
		const guest = await test.client("guest");
		await create(owner, "room");
		await hang(owner, room_of("room"), "painting");
		expect(await news(owner, "room")).toEqual(at_change);
		await enter(guest, "room", "guest");
		expect(await news(guest, "room")).toEqual(at_entry);
		await hang(owner, room_of("room"), "print");
		expect((await room_info(guest, "room")).avatarhash).toBe(hash_of("print"));
	});

	it("is in the store vcard_muc under the room's name", async () => {
		const { test, muc, module } = await start();
		const owner = await test.client("owner");
		await create(owner, "room");
		await configure(owner, "room", { "muc#roomconfig_persistentroom": "1" });
		await hang(owner, room_of("room"), "painting");
		const stored = module.open_store("vcard_muc").get_table("room");
		expect(stored.ok && st.deserialize(stored.value)?.name).toBe("vCard");
		const before = live(muc, "room");
		before.save(true);
		muc.forget_room(before);
		expect((await room_info(owner, "room")).avatarhash).toBe(hash_of("painting"));
		expect(live(muc, "room")).not.toBe(before);
	});

	it("is read from storage once", async () => {
		const { test, muc, module } = await start();
		const owner = await test.client("owner");
		await create(owner, "room");
		await hang(owner, room_of("room"), "painting");
		expect((await room_info(owner, "room")).avatarhash).toBe(hash_of("painting"));
		expect(live(muc, "room").avatar_hash).toBe(hash_of("painting"));
		module.open_store("vcard_muc").set_table("room", undefined);
		expect((await room_info(owner, "room")).avatarhash).toBe(hash_of("painting"));
	});

	it("is read again after a turn that was lost", async () => {
		const { test, muc } = await start();
		const owner = await test.client("owner");
		await create(owner, "room");
		live(muc, "room").avatar_hash = "of a picture that was never stored";
		test.server.events.fire_event("turn-failed", { error: "full", stanzas: [] });
		expect((await room_info(owner, "room")).avatarhash).toBe("");
	});

	it("is not there without muc_vcard", async () => {
		const { test } = await start({ muc_vcard: false });
		const owner = await test.client("owner");
		await create(owner, "room");
		expect(outcome(await hang(owner, room_of("room"), "painting"))).toBe("cancel/service-unavailable");
		expect(await room_info(owner, "room")).toMatchObject({
			features: expect.not.arrayContaining(["vcard-temp"]),
			avatarhash: undefined,
		});
	});
});

describe("what is no room", () => {
	it("has no avatar", async () => {
		const { test } = await start();
		const client = await test.client("a");
		for (const to of [room_of("nowhere"), service]) {
			expect(outcome(await hang(client, to, "painting"))).toBe("auth/forbidden");
		}
	});

	it("does no harm where a module lets somebody set one", async () => {
		const { test, module } = await start();
		module.hook("iq/bare/vcard-temp:vCard", (event) => void Object.assign(event, { allow_vcard_modification: true }), 1);
		const client = await test.client("a");
		expect(outcome(await hang(client, room_of("nowhere"), "painting"))).toBe("ok");
		const look = st.iq({ to: room_of("nowhere"), type: "get", id: "look" }).tag("vCard", { xmlns: ns.vcard_temp });
		expect((await ask(client, look.reset())).get_child("vCard", ns.vcard_temp)?.get_child("PHOTO")).toBeDefined();
		client.send(st.iq({ to: service, type: "get", id: "alive" }).query(ns.disco_info).reset());
		expect(outcome(await expect_stanza(client))).toBe("ok");
	});
});
