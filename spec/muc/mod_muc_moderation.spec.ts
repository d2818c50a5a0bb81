import { afterEach, describe, expect, it } from "vitest";
import type { ConfigValue } from "../../host/core/configmanager.ts";
import type { ArchiveStore } from "../../host/core/types.ts";
import { failed, stanza_error } from "../../host/util/error.ts";
import { ns } from "../../host/util/ns.ts";
import type { Stanza } from "../../host/util/stanza.ts";
import * as st from "../../host/util/stanza.ts";
import { xmlns } from "../../muc/moderation/stanzas.ts";
import type { Client } from "../../tools/scansion/client.ts";
import { ask, expect_stanza } from "../helper.ts";
import { configure, create, destroy, enter, live, outcome, room_of, type Service, say, start_service } from "./service.ts";

let service: Service | undefined;
afterEach(async () => {
	await service?.stop();
	service = undefined;
});

/** Starts a room service with archives and moderation. */
async function serve(options: Record<string, ConfigValue> = {}, global: Record<string, ConfigValue> = {}): Promise<Service> {
	await service?.stop();
	service = await start_service({ modules_enabled: ["spec_probe", "muc_mam", "muc_moderation"], ...options }, global);
	return service;
}

function archive(): ArchiveStore {
	if (!service) throw new Error("no service runs");
	return service.module.open_store("muc_log", "archive");
}

type Form = "older" | "newer";
const forms: readonly Form[] = ["older", "newer"];

/** A request to retract a message, in one of the two forms. */
function request(form: Form, room: string, id: string | undefined, reason?: string): Stanza {
	const iq = st.iq({ type: "set", id: "retract", to: room_of(room) });
	if (form === "older") iq.tag("apply-to", { xmlns: xmlns.fasten, id }).tag("moderate", { xmlns: xmlns.moderate_0 });
	else iq.tag("moderate", { xmlns: xmlns.moderate_1, id });
	iq.tag("retract", { xmlns: form === "older" ? xmlns.retract_0 : xmlns.retract_1 }).up();
	if (reason !== undefined) iq.text_tag("reason", reason);
	return iq.reset();
}

async function retract(client: Client, form: Form, room: string, id: string | undefined, reason?: string): Promise<string> {
	return outcome(await ask(client, request(form, room, id, reason)));
}

function id_of(message: Stanza): string {
	return message.get_child_attr("stanza-id", ns.stanza_id, "id") ?? "";
}

function is_retraction(message: Stanza): boolean {
	return message.get_child("retract", xmlns.retract_1) !== undefined;
}

/** A child of a child, and so on, by names and namespaces; fails the test where there is none. */
function descend(stanza: Stanza, ...path: readonly [name: string, xmlns?: string][]): Stanza {
	let found = stanza;
	for (const [name, namespace] of path) {
		const child = found.get_child(name, namespace);
		if (!child) throw new Error(`no <${name} xmlns='${namespace}'> in ${found.toString()}`);
		found = child;
	}
	return found;
}

/** What an announcement says, as clients of each form read it. */
function read_announcement(message: Stanza) {
	const older = descend(message, ["apply-to", xmlns.fasten]);
	const older_moderated = descend(older, ["moderated", xmlns.moderate_0]);
	const newer = descend(message, ["retract", xmlns.retract_1]);
	const newer_moderated = descend(newer, ["moderated", xmlns.moderate_1]);
	descend(older_moderated, ["retract", xmlns.retract_0]);
	return {
		from: message.attr["from"],
		type: message.attr["type"],
		ids: [older.attr["id"], newer.attr["id"]],
		by: [older_moderated.attr["by"], newer_moderated.attr["by"]],
		reasons: [older_moderated.get_child_text("reason"), newer.child_with_name("reason")?.get_text()],
		moderator: newer_moderated.get_child_attr("occupant-id", ns.occupant_id, "id"),
	};
}

/** What a tombstone says. */
function read_tombstone(message: Stanza) {
	const older_moderated = descend(message, ["moderated", xmlns.moderate_0]);
	const newer = descend(message, ["retracted", xmlns.retract_1]);
	const newer_moderated = descend(newer, ["moderated", xmlns.moderate_1]);
	const stamps = [descend(older_moderated, ["retracted", xmlns.retract_0]).attr["stamp"], newer.attr["stamp"]];
	expect(stamps[0]).toMatch(/^\d{4}-\d\d-\d\dT.*Z$/);
	expect(stamps[1]).toBe(stamps[0]);
	return {
		from: message.attr["from"],
		type: message.attr["type"],
		id: message.attr["id"],
		announced_by: newer.attr["id"],
		by: [older_moderated.attr["by"], newer_moderated.attr["by"]],
		reasons: [older_moderated.get_child_text("reason"), newer.child_with_name("reason")?.get_text()],
		author: message.get_child_attr("occupant-id", ns.occupant_id, "id"),
		moderator: newer_moderated.get_child_attr("occupant-id", ns.occupant_id, "id"),
	};
}

/** What a client reads in a room's archive, oldest first. */
async function read_archive(client: Client, room: string): Promise<{ id: string | undefined; message: Stanza }[]> {
	await ask(
		client,
		st
			.iq({ type: "set", id: "query", to: room_of(room) })
			.query(ns.mam)
			.reset(),
	);
	const found: { id: string | undefined; message: Stanza }[] = [];
	const is_result = (stanza: Stanza): boolean => stanza.get_child("result", ns.mam) !== undefined;
	while (client.queue.some(is_result)) {
		const result = descend(await expect_stanza(client, is_result), ["result", ns.mam]);
		found.push({ id: result.attr["id"], message: descend(result, ["forwarded", ns.forward], ["message", ns.client]) });
	}
	return found;
}

/**
 * What a client gets to see of what was said before it came, up to the subject. Who asks for no more than the room remembers gets
 * it from there, and everybody else from the archive.
 */
async function join_late(client: Client, room: string, nick: string, maxstanzas?: number): Promise<Stanza[]> {
	const join = st.presence({ to: `${room_of(room)}/${nick}` }).tag("x", { xmlns: ns.muc });
	if (maxstanzas !== undefined) join.tag("history", { maxstanzas: `${maxstanzas}` });
	client.send(join.reset());
	const messages: Stanza[] = [];
	for (;;) {
		const message = await expect_stanza(client, ({ name }) => name === "message");
		if (message.get_child("subject")) return messages;
		messages.push(message);
	}
}

async function features(client: Client, room: string): Promise<(string | undefined)[]> {
	const iq = st
		.iq({ to: room_of(room), type: "get", id: "info" })
		.query(ns.disco_info)
		.reset();
	const query = (await ask(client, iq)).get_child("query", ns.disco_info);
	return [...(query?.childtags("feature") ?? [])].map(({ attr }) => attr["var"]);
}

/** A room where romeo is moderator, and tybalt has said something; answers with the message as romeo got it. */
async function scene(started: Service): Promise<{ romeo: Client; tybalt: Client; said: Stanza; id: string }> {
	const [romeo, tybalt] = [await started.test.client("romeo"), await started.test.client("tybalt")];
	await create(romeo, "square");
	await enter(tybalt, "square", "tybalt");
	await say(romeo, "square", "peace");
	tybalt.send(st.message({ to: room_of("square"), type: "groupchat", id: "insult" }, "thou art a villain"));
	const is_insult = ({ name, attr }: Stanza): boolean => name === "message" && attr["id"] === "insult";
	const said = await expect_stanza(romeo, is_insult);
	await expect_stanza(tybalt, is_insult);
	return { romeo, tybalt, said, id: id_of(said) };
}

describe.each(["memory", "sql"])("a retraction in storage %s", (storage) => {
	it.each(forms)("that is asked for in the %s form is told to everybody in both, and takes the text away", async (form) => {
		const started = await serve({}, { storage });
		const { romeo, tybalt, said, id } = await scene(started);
		const [, before] = await read_archive(romeo, "square");
		expect(before?.message.get_child_text("body")).toBe("thou art a villain");
		expect(await retract(romeo, form, "square", id, "the prince's <peace>")).toBe("ok");

		const announced = [await expect_stanza(romeo, is_retraction), await expect_stanza(tybalt, is_retraction)];
		const moderator = live(started.muc, "square").get_occupant_id(
			live(started.muc, "square").get_occupant_by_nick(`${room_of("square")}/creator`) ?? expect.fail("no moderator"),
		);
		for (const announcement of announced) {
			expect(read_announcement(announcement)).toEqual({
				from: room_of("square"),
				type: "groupchat",
				ids: [id, id],
				by: [`${room_of("square")}/creator`, `${room_of("square")}/creator`],
				reasons: ["the prince's <peace>", "the prince's <peace>"],
				moderator,
			});
		}
		const [announcement] = announced;
		expect(announcement?.attr["id"]).toMatch(/^.{16,}$/);

		const tombstone = {
			from: `${room_of("square")}/tybalt`,
			type: "groupchat",
			id: "insult",
			announced_by: announcement?.attr["id"],
			by: [`${room_of("square")}/creator`, `${room_of("square")}/creator`],
			reasons: ["the prince's <peace>", "the prince's <peace>"],
			author: said.get_child_attr("occupant-id", ns.occupant_id, "id"),
			moderator,
		};
		const juliet = await started.test.client("juliet");
		const kept = await read_archive(juliet, "square");
		expect(kept.map((item) => item.id)).toEqual([before && expect.any(String), id, announcement && id_of(announcement)]);
		expect(kept[1] && read_tombstone(kept[1].message)).toEqual(tombstone);
		expect(kept[2] && read_announcement(kept[2].message).ids).toEqual([id, id]);
		expect(kept.map(({ message }) => message.toString()).join()).not.toContain("villain");

		for (const maxstanzas of [undefined, 3]) {
			const reader = await started.test.client("reader");
			const history = await join_late(reader, "square", `reader ${maxstanzas}`, maxstanzas);
			expect(history.map((message) => message.get_child_text("body"))).toEqual(["peace", undefined, undefined]);
			expect(history[1] && read_tombstone(history[1])).toEqual(tombstone);
			expect(history[1] && id_of(history[1])).toBe(id);
			expect(history[1]?.get_child_attr("delay", ns.delay, "from")).toBe(room_of("square"));
			expect(history[1]?.attr["to"]).toBe(reader.full_jid);
			expect(history[2] && is_retraction(history[2])).toBe(true);
			expect(history.map(String).join()).not.toContain("villain");
			await reader.disconnect();
		}
		expect(live(started.muc, "square")._history).toHaveLength(3);
	});

	it("reaches what is stored with the room, so that nothing comes back after a crash", async () => {
		const started = await serve({}, { storage });
		const { romeo, id } = await scene(started);
		const state = started.module.open_store("state", "map");
		const stored = (): Stanza | undefined => {
			const last = state.get("square", "_last_message");
			return last.ok ? st.deserialize(last.value) : undefined;
		};
		live(started.muc, "square").set_persistent(true);
		live(started.muc, "square").save(true, true);
		expect(stored()?.get_child_text("body")).toBe("thou art a villain");
		expect(await retract(romeo, "newer", "square", id)).toBe("ok");
		const last = stored() ?? expect.fail("nothing is stored any more");
		expect(read_tombstone(last)).toMatchObject({ id: "insult", from: `${room_of("square")}/tybalt` });
		expect(id_of(last)).toBe(id);
		expect(last.toString()).not.toContain("villain");
		// What is stored may be an older message than the one that goes
		const next = id_of(await say(romeo, "square", "peace again"));
		expect(await retract(romeo, "newer", "square", next)).toBe("ok");
		expect(stored()?.toString()).toBe(last.toString());
	});

	it("leaves when it was said as it was", async () => {
		const { romeo, id } = await scene(await serve({}, { storage }));
		const before = archive().get("square", id);
		expect(await retract(romeo, "newer", "square", id)).toBe("ok");
		const after = archive().get("square", id);
		if (!before.ok || !after.ok) throw new Error("the archive cannot be read");
		expect([after.value?.when, after.value?.with]).toEqual([before.value?.when, "message<groupchat"]);
		expect(after.value && read_tombstone(after.value.stanza).reasons).toEqual([undefined, undefined]);
	});

	it("of what was never said changes nothing", async () => {
		const { romeo, tybalt, id } = await scene(await serve({ muc_log_presences: true }, { storage }));
		const logged = archive().find("square", { with: "presence" });
		const join = (logged.ok && logged.value.items[0]?.id) || "none";
		for (const form of forms) {
			for (const unknown of ["unheard", "insult", join, id.toUpperCase().concat("x")]) {
				expect(await retract(romeo, form, "square", unknown)).toBe("modify/item-not-found");
			}
		}
		expect(tybalt.queue.filter(is_retraction)).toEqual([]);
		expect(archive().find("square", { with: "presence" })).toEqual(logged);
	});

	it("does not reach into other rooms", async () => {
		const { romeo, id } = await scene(await serve({}, { storage }));
		await create(romeo, "garden");
		expect(await retract(romeo, "newer", "garden", id)).toBe("modify/item-not-found");
		const untouched = archive().get("square", id);
		expect(untouched.ok && untouched.value?.stanza.get_child_text("body")).toBe("thou art a villain");
	});
});

describe.each(forms)("a request in the %s form", (form) => {
	it("is for moderators only", async () => {
		const started = await serve();
		const { romeo, tybalt, id } = await scene(started);
		const stranger = await started.test.client("stranger");
		for (const client of [tybalt, stranger]) expect(await retract(client, form, "square", id)).toBe("auth/forbidden");
		expect(romeo.queue.filter(is_retraction)).toEqual([]);
		const room = live(started.muc, "square");
		room.set_role(true, `${room.jid}/tybalt`, "moderator");
		expect(await retract(tybalt, form, "square", id)).toBe("ok");
		expect(read_announcement(await expect_stanza(romeo, is_retraction)).by[1]).toBe(`${room.jid}/tybalt`);
	});

	it("may come from owners and admins that are not in the room, but from nobody by somebody else's nick", async () => {
		const started = await serve();
		const { romeo, tybalt, id } = await scene(started);
		const room = live(started.muc, "square");
		room.set_affiliation(true, "prince@localhost", "admin");
		room.set_affiliation(true, "friar@localhost", "member", undefined, { reserved_nickname: "creator" });
		const [prince, friar] = [await started.test.client("prince"), await started.test.client("friar")];
		expect(await retract(friar, form, "square", id)).toBe("auth/forbidden");
		expect(await retract(prince, form, "square", id)).toBe("ok");
		const announced = read_announcement(await expect_stanza(tybalt, is_retraction));
		expect(announced.by).toEqual([undefined, undefined]);
		expect(announced.moderator).toMatch(/./);
		room.set_affiliation(true, "prince@localhost", "owner", undefined, { reserved_nickname: "Escalus" });
		expect(await retract(prince, form, "square", id)).toBe("ok");
		expect(read_announcement(await expect_stanza(tybalt, is_retraction)).by[0]).toBe(`${room.jid}/Escalus`);
		romeo.queue.splice(0);
	});

	it("has to name a message, and to ask for its retraction", async () => {
		const { romeo, tybalt, id } = await scene(await serve());
		const reversed = form === "older" ? xmlns.retract_1 : xmlns.retract_0;
		for (const broken of [undefined, ""]) expect(await retract(romeo, form, "square", broken)).toBe("modify/bad-request");
		const wrong = request(form, "square", id);
		const holder =
			form === "older" ? descend(wrong, ["apply-to", xmlns.fasten], ["moderate", xmlns.moderate_0]) : wrong.first_tag;
		const asked = holder?.first_tag;
		if (!holder || !asked) throw new Error("the request is empty");
		asked.attr["xmlns"] = reversed;
		expect(outcome(await ask(romeo, wrong))).toBe("modify/bad-request");
		holder.children = [];
		expect(outcome(await ask(romeo, wrong))).toBe("modify/bad-request");
		expect(tybalt.queue.filter(is_retraction)).toEqual([]);
	});

	it("is refused for rooms that there are not, any more, or that cannot be read", async () => {
		const started = await serve({ muc_tombstones: true });
		const { romeo, id } = await scene(started);
		expect(await retract(romeo, form, "nowhere", id)).toBe("cancel/item-not-found");
		live(started.muc, "square").broken = true;
		expect(await retract(romeo, form, "square", id)).toBe("wait/internal-server-error");
		live(started.muc, "square").broken = false;
		await create(romeo, "ruin", { "muc#roomconfig_persistentroom": "1" });
		const last = id_of(await say(romeo, "ruin", "it stood here"));
		await destroy(romeo, "ruin");
		expect(await retract(romeo, form, "ruin", last)).toBe("cancel/gone");
	});

	it("is refused where there is no archive, or one that cannot be changed", async () => {
		for (const [storage, answer] of [
			["null", "cancel/not-allowed"],
			["none", "modify/item-not-found"],
		] as const) {
			const { romeo } = await scene(await serve({ storage: new Map([["muc_log", storage]]) }));
			expect(await retract(romeo, form, "square", "anything")).toBe(answer);
		}

		const started = await serve();
		const { romeo: moderator, tybalt, id } = await scene(started);
		const full: ArchiveStore = Object.assign(Object.create(archive()), { set: () => failed({ text: "the disk is full" }) });
		const unreadable: ArchiveStore = Object.assign(Object.create(archive()), {
			get: () => failed({ text: "the disk is on fire" }),
		});
		for (const broken of [full, unreadable]) {
			started.module.hook("store-opened", (event) => {
				if (event.store_name === "muc_log") event.store = broken;
			});
			expect(started.test.server.modulemanager.reload(started.module.host, "muc_moderation").ok).toBe(true);
			expect(await retract(moderator, form, "square", id)).toBe("wait/internal-server-error");
		}
		expect(tybalt.queue.filter(is_retraction)).toEqual([]);
		const juliet = await started.test.client("juliet");
		const bodies = (await join_late(juliet, "square", "juliet")).map((message) => message.get_child_text("body"));
		expect(bodies).toEqual(["peace", "thou art a villain"]);
	});

	it("is shown to modules, which may refuse it or change what is said and kept", async () => {
		const started = await serve();
		const { romeo, tybalt, id } = await scene(started);
		let error = stanza_error("wait", "policy-violation");
		let seen = 0;
		started.module.hook("muc-moderate-message", (event) => {
			seen++;
			expect([event.stanza_id, event.actor, event.actor_nick, event.reason]).toEqual([
				id,
				romeo.full_jid,
				`${room_of("square")}/creator`,
				"manners",
			]);
			if (seen === 1) return true;
			if (seen === 2) {
				event.error = error;
				return false;
			}
			for (const { attr } of [
				descend(event.announcement, ["retract", xmlns.retract_1], ["moderated", xmlns.moderate_1]),
				descend(event.tombstone, ["retracted", xmlns.retract_1], ["moderated", xmlns.moderate_1]),
			]) {
				delete attr["by"];
			}
			return undefined;
		});
		expect(await retract(romeo, form, "square", id, "manners")).toBe("cancel/not-allowed");
		expect(await retract(romeo, form, "square", id, "manners")).toBe("wait/policy-violation");
		expect(tybalt.queue.filter(is_retraction)).toEqual([]);
		error = stanza_error("cancel", "conflict");
		expect(await retract(romeo, form, "square", id, "manners")).toBe("ok");
		expect(read_announcement(await expect_stanza(tybalt, is_retraction)).by[1]).toBeUndefined();
		const [, tombstone] = await read_archive(romeo, "square");
		expect(tombstone && read_tombstone(tombstone.message).by[1]).toBeUndefined();
	});
});

describe("moderation", () => {
	it("is announced by rooms that have an archive", async () => {
		const { test } = await serve();
		const romeo = await test.client("romeo");
		await create(romeo, "square");
		const both = [xmlns.moderate_0, xmlns.moderate_1];
		expect(await features(romeo, "square")).toEqual(expect.arrayContaining(both));
		await configure(romeo, "square", { "muc#roomconfig_enablearchiving": "0" });
		for (const feature of both) expect(await features(romeo, "square")).not.toContain(feature);
	});

	it("is there only where the configuration names it", async () => {
		const { romeo, id } = await scene(await serve({ modules_enabled: ["spec_probe", "muc_mam"] }));
		expect(await features(romeo, "square")).not.toContain(xmlns.moderate_1);
		for (const form of forms) expect(await retract(romeo, form, "square", id)).toBe("cancel/service-unavailable");
	});

	it("keeps what may name people to itself where rooms give no ids, whatever a message claims", async () => {
		const { test } = await serve({ muc_occupant_id: false, muc_room_default_public_jids: true });
		const romeo = await test.client("romeo");
		await create(romeo, "square");
		romeo.send(
			st
				.message({ to: room_of("square"), type: "groupchat", id: "claim" }, "it was somebody else")
				.tag("occupant-id", { xmlns: ns.occupant_id, id: "somebody-else" })
				.reset(),
		);
		const said = await expect_stanza(romeo, ({ attr }) => attr["id"] === "claim");
		expect(await retract(romeo, "newer", "square", id_of(said))).toBe("ok");
		expect(read_announcement(await expect_stanza(romeo, is_retraction)).moderator).toBeUndefined();
		const [tombstone] = await read_archive(romeo, "square");
		expect(tombstone?.message.toString()).not.toMatch(/somebody|romeo/);
		expect(tombstone && read_tombstone(tombstone.message)).toMatchObject({ author: undefined, moderator: undefined });
	});

	it("leaves alone what is fastened to messages otherwise, and what people retract themselves", async () => {
		const { romeo, tybalt, id } = await scene(await serve());
		const fastened = st.iq({ type: "set", id: "other", to: room_of("square") }).tag("apply-to", { xmlns: xmlns.fasten, id });
		expect(outcome(await ask(romeo, fastened.tag("reaction", { xmlns: "urn:example:other" }).reset()))).toBe(
			"cancel/service-unavailable",
		);
		tybalt.send(
			st
				.message({ to: room_of("square"), type: "groupchat", id: "own" }, "/me takes it back")
				.tag("retract", { xmlns: xmlns.retract_1, id })
				.reset(),
		);
		const own = await expect_stanza(romeo, is_retraction);
		expect([own.attr["from"], own.get_child_text("body")]).toEqual([`${room_of("square")}/tybalt`, "/me takes it back"]);
		const [, said] = await read_archive(romeo, "square");
		expect(said?.message.get_child_text("body")).toBe("thou art a villain");
		// Without a body or a hint it is not kept, as everything that an occupant says
		tybalt.send(
			st
				.message({ to: room_of("square"), type: "groupchat" })
				.tag("retract", { xmlns: xmlns.retract_1, id })
				.reset(),
		);
		await expect_stanza(romeo, is_retraction);
		expect(await read_archive(romeo, "square")).toHaveLength(3);
	});

	it("works on messages that came back from the archive, and more than once", async () => {
		const started = await serve();
		const { romeo, tybalt, id } = await scene(started);
		live(started.muc, "square")._history = undefined;
		for (const reason of ["first", "second"]) {
			expect(await retract(romeo, "newer", "square", id, reason)).toBe("ok");
			expect(read_announcement(await expect_stanza(tybalt, is_retraction)).reasons).toEqual([reason, reason]);
			const kept = archive().get("square", id);
			expect(kept.ok && kept.value && read_tombstone(kept.value.stanza)).toMatchObject({
				from: `${room_of("square")}/tybalt`,
				id: "insult",
				reasons: [reason, reason],
				author: expect.any(String),
			});
		}
	});

	it("is for room services only", async () => {
		const { test } = await serve();
		const loaded = test.server.modulemanager.load("localhost", "muc_moderation");
		expect(loaded.ok).toBe(true);
		const client = await test.client("romeo");
		const iq = request("newer", "square", "any");
		iq.attr["to"] = "romeo@localhost";
		expect(outcome(await ask(client, iq))).toBe("cancel/service-unavailable");
	});
});
