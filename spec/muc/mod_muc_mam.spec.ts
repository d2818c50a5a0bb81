import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import type { ConfigValue } from "../../host/core/configmanager.ts";
import type { ArchiveStore } from "../../host/core/types.ts";
import { datetime } from "../../host/util/datetime.ts";
import { failed } from "../../host/util/error.ts";
import { ns } from "../../host/util/ns.ts";
import * as rsm from "../../host/util/rsm.ts";
import type { Stanza } from "../../host/util/stanza.ts";
import * as st from "../../host/util/stanza.ts";
import { groupchat } from "../../muc/mam/archive.ts";
import type { Client } from "../../tools/scansion/client.ts";
import { ask, expect_stanza } from "../helper.ts";
import { codes, configure, create, destroy, enter, live, outcome, room_of, type Service, say, start_service } from "./service.ts";

let service: Service | undefined;
const folders: string[] = [];
afterEach(async () => {
	await service?.stop();
	service = undefined;
	for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** Starts a room service with archives. */
async function serve(
	options: Record<string, ConfigValue> = {},
	global: Record<string, ConfigValue> = {},
	data_path?: string,
): Promise<Service> {
	await service?.stop();
	// Most of what is filed here has expired long ago, and nobody shall look for that while a test takes its time.
	const quiet = { cron_initial_delay: 86_400, ...global };
	service = await start_service({ modules_enabled: ["spec_probe", "muc_mam"], ...options }, quiet, data_path);
	return service;
}

function archive(): ArchiveStore {
	if (!service) throw new Error("no service runs");
	return service.module.open_store("muc_log", "archive");
}

/** Ids of all that is archived of a room, oldest first. */
function archived(room: string, with_whom?: string): string[] {
	const found = archive().find(room, with_whom === undefined ? {} : { with: with_whom });
	if (!found.ok) throw new Error(found.error.text);
	return found.value.items.map(({ id }) => id);
}

/** Files a message as if it had been said then. */
function file(room: string, body: string, when: number, with_whom = groupchat): string {
	const message = st.message({ type: "groupchat", from: `${room_of(room)}/somebody`, to: room_of(room) }, body);
	const appended = archive().append(room, undefined, message, when, with_whom);
	if (!appended.ok) throw new Error(appended.error.text);
	return appended.value;
}

interface Query {
	readonly set?: rsm.ResultSet;
	readonly form?: Readonly<Record<string, string | readonly string[]>>;
	readonly flip?: boolean;
}

/** What came back: ids of the results in the order in which they came. */
interface Page {
	readonly outcome: string;
	readonly ids: (string | undefined)[];
	readonly results: Stanza[];
	readonly complete: boolean;
	readonly set: rsm.ResultSet;
}

async function ask_archive(client: Client, room: string, { set, form, flip }: Query = {}): Promise<Page> {
	const iq = st.iq({ to: room_of(room), type: "set", id: "query" }).tag("query", { xmlns: ns.mam, queryid: "q" });
	if (form) {
		iq.tag("x", { xmlns: ns.data, type: "submit" });
		for (const [name, values] of Object.entries({ FORM_TYPE: ns.mam, ...form })) {
			iq.tag("field", { var: name });
			for (const value of typeof values === "string" ? [values] : values) iq.text_tag("value", value);
			iq.up();
		}
		iq.up();
	}
	if (set) iq.add_child(rsm.generate(set));
	if (flip) iq.tag("flip-page").up();
	const reply = await ask(client, iq.reset());
	const is_result = (stanza: Stanza): boolean => stanza.get_child("result", ns.mam) !== undefined;
	const results: Stanza[] = [];
	while (client.queue.some(is_result)) {
		const result = (await expect_stanza(client, is_result)).get_child("result", ns.mam);
		if (result) results.push(result);
	}
	const fin = reply.get_child("fin", ns.mam);
	return {
		outcome: outcome(reply),
		ids: results.map(({ attr }) => attr["id"]),
		results,
		complete: fin?.attr["complete"] === "true",
		set: (fin && rsm.get(fin)) ?? {},
	};
}

/** The first id of a page as its answer says. */
function first_of({ set: { first } }: Page): string | undefined {
	return typeof first === "string" ? first : first?.id;
}

function forwarded(result: Stanza | undefined): Stanza | undefined {
	return result?.get_child("forwarded", ns.forward)?.get_child("message", ns.client);
}

function stanza_id(message: Stanza): string | undefined {
	return message.get_child_attr("stanza-id", ns.stanza_id, "id");
}

async function features(client: Client, room: string): Promise<(string | undefined)[]> {
	const reply = await ask(
		client,
		st
			.iq({ to: room_of(room), type: "get", id: "info" })
			.query(ns.disco_info)
			.reset(),
	);
	const query = reply.get_child("query", ns.disco_info);
	return [...(query?.childtags("feature") ?? [])].map(({ attr }) => attr["var"]);
}

const drivers = ["memory", "sql"];
/** Half seconds, so that fractions count. */
const times = fc.integer({ min: 3_000_000_000, max: 3_000_000_060 }).map((half_seconds) => half_seconds / 2);

describe.each(drivers)("an archive in storage %s", (storage) => {
	it("is read completely, once and in order, whatever the size of pages and the direction", async () => {
		const { test, muc } = await serve(
			{ max_archive_query_results: 7, muc_log_expires_after: "never", mam_include_total: true },
			{ storage },
		);
		const client = await test.client("romeo");
		let number = 0;
		await fc.assert(
			fc.asyncProperty(
				fc.array(fc.constantFrom(groupchat, groupchat, groupchat, "presence"), { maxLength: 16 }),
				fc.integer({ min: 1, max: 9 }),
				fc.boolean(),
				fc.boolean(),
				async (kinds, max, backward, flip) => {
					const room = `room${number++}`;
					muc.create_room(room_of(room));
					for (const [index, kind] of kinds.entries()) file(room, `message ${index}`, 1_000_000 + index, kind);
					const wanted = archived(room, groupchat);
					const read: (string | undefined)[] = [];
					let place: rsm.ResultSet = backward ? { before: true } : {};
					for (let pages = 0; pages <= wanted.length; pages++) {
						const page = await ask_archive(client, room, { set: { max, ...place }, flip });
						const in_order = flip ? page.ids.toReversed() : page.ids;
						expect(page.ids.length).toBeLessThanOrEqual(Math.min(max, 7));
						expect(page.set.count).toBe(wanted.length);
						expect([first_of(page), page.set.last]).toEqual([in_order[0], in_order.at(-1)]);
						if (backward) read.unshift(...in_order);
						else read.push(...in_order);
						if (page.complete) break;
						place = backward ? { before: first_of(page) } : { after: page.set.last };
					}
					expect(read).toEqual(wanted);
				},
			),
			{ numRuns: 40 },
		);
	});

	it("answers with exactly what is from a range of time, and between two messages", async () => {
		const { test, muc } = await serve({}, { storage });
		const client = await test.client("romeo");
		let number = 0;
		await fc.assert(
			fc.asyncProperty(
				fc.array(times, { minLength: 1, maxLength: 12 }),
				fc.option(times, { nil: undefined }),
				fc.option(times, { nil: undefined }),
				fc.option(fc.nat(), { nil: undefined }),
				fc.option(fc.nat(), { nil: undefined }),
				async (whens, start, end, after, before) => {
					const room = `range${number++}`;
					muc.create_room(room_of(room));
					const sorted = whens.toSorted((a, b) => a - b);
					const ids = sorted.map((when, index) => file(room, `message ${index}`, when));
					const low = after === undefined ? -1 : after % ids.length;
					const high = before === undefined ? ids.length : before % ids.length;
					const wanted = ids.filter((_id, index) => {
						const when = sorted[index] ?? 0;
						const since = Math.floor(start ?? 0);
						const is_late = Number.isInteger(when) ? when >= since : when >= (start ?? 0);
						return index > low && index < high && is_late && when <= (end ?? Number.POSITIVE_INFINITY);
					});
					const form = {
						...(start === undefined ? {} : { start: datetime(start) }),
						...(end === undefined ? {} : { end: datetime(end) }),
						...(after === undefined ? {} : { "after-id": ids[low] ?? "" }),
						...(before === undefined ? {} : { "before-id": ids[high] ?? "" }),
					};
					expect(await ask_archive(client, room, { form })).toMatchObject({ outcome: "ok", ids: wanted, complete: true });
				},
			),
			{ numRuns: 40 },
		);
	});

	it("answers with what was said, by the ids that everybody was told", async () => {
		const { test } = await serve({}, { storage });
		const [romeo, juliet] = [await test.client("romeo"), await test.client("juliet")];
		await create(romeo, "balcony");
		const said = [];
		for (const body of ["one", "two & <three>"]) said.push(stanza_id(await say(romeo, "balcony", body)));
		const page = await ask_archive(juliet, "balcony");
		expect(page.ids).toEqual(said);
		const messages = page.results.map(forwarded);
		expect(messages.map((message) => message?.get_child_text("body"))).toEqual(["one", "two & <three>"]);
		for (const message of messages) {
			expect(message?.attr).toMatchObject({ from: `${room_of("balcony")}/creator`, type: "groupchat" });
			expect(message?.attr["to"]).toBeUndefined();
			expect(message && stanza_id(message)).toBeUndefined();
		}
	});

	it("has all that was said from a time within a second, which it has in whole seconds itself", async () => {
		const { test } = await serve({}, { storage });
		const romeo = await test.client("romeo");
		await create(romeo, "balcony");
		const said = [];
		for (const body of ["one", "two", "three"])
			said.push([Date.now() / 1000, stanza_id(await say(romeo, "balcony", body))] as const);
		for (const [index, [from]] of said.entries()) {
			const { ids } = await ask_archive(romeo, "balcony", { form: { start: datetime(Math.floor(from) + 0.999) } });
			expect(ids).toEqual(expect.arrayContaining(said.slice(index).map(([, id]) => id)));
		}
	});

	it("is asked for single messages", async () => {
		const { test, muc } = await serve({}, { storage });
		const client = await test.client("romeo");
		muc.create_room(room_of("index"));
		const ids = [1, 2, 3, 4].map((when) => file("index", `card ${when}`, when));
		const [one, , three] = ids;
		const page = await ask_archive(client, "index", { form: { ids: [three ?? "", one ?? "", three ?? ""] } });
		expect(page).toMatchObject({ ids: [one, three], complete: true });
		const lacking = await ask_archive(client, "index", { form: { ids: [three ?? "", "nobody's", one ?? ""] } });
		expect(lacking).toMatchObject({ ids: [], outcome: "modify/item-not-found" });
	});

	it("is deleted with its room", async () => {
		const { test } = await serve({}, { storage });
		const romeo = await test.client("romeo");
		await create(romeo, "balcony", { "muc#roomconfig_persistentroom": "1" });
		await create(romeo, "tomb");
		await say(romeo, "balcony", "gone soon");
		await say(romeo, "tomb", "stays");
		await destroy(romeo, "balcony");
		expect(archived("balcony")).toEqual([]);
		expect(archived("tomb")).toHaveLength(1);
	});

	it("makes room for new messages when it is full", async () => {
		const { test } = await serve({ storage_archive_item_limit: 10, muc_log_expires_after: "never" }, { storage });
		const romeo = await test.client("romeo");
		await create(romeo, "balcony");
		const said: (string | undefined)[] = [];
		for (let index = 0; index < 13; index++) said.push(stanza_id(await say(romeo, "balcony", `message ${index}`)));
		expect(said).not.toContain(undefined);
		expect(archived("balcony")).toEqual(said.slice(-10));
	});

	it("deletes what has expired first when it is full", async () => {
		const { test } = await serve({ storage_archive_item_limit: 10, muc_log_expires_after: "1 day" }, { storage });
		const romeo = await test.client("romeo");
		await create(romeo, "balcony");
		const now = Date.now() / 1000;
		const kept = [2, 1, 0.9, 0.5, 0.4, 0.3, 0.2, 0.1, 0.05, 0.04]
			.map((days) => file("balcony", "old", now - days * 86_400 - 60))
			.slice(2);
		kept.push(stanza_id(await say(romeo, "balcony", "new")) ?? "");
		expect(archived("balcony")).toEqual(kept);
	});
});

describe("queries", () => {
	it("get pages of 20 where they name no size, and of 50 at most", async () => {
		const { test, muc } = await serve();
		const client = await test.client("romeo");
		muc.create_room(room_of("hall"));
		for (let index = 0; index < 60; index++) file("hall", `${index}`, index);
		const sizes: Record<string, [number, boolean]> = {};
		for (const max of [undefined, 0, 50, 51, 1000]) {
			const page = await ask_archive(client, "hall", { set: { max, after: archived("hall")[0] } });
			sizes[String(max)] = [page.ids.length, page.complete];
		}
		expect(sizes).toEqual({ undefined: [20, false], 0: [0, false], 50: [50, false], 51: [50, false], 1000: [50, false] });
	});

	it("may name invalid sizes", async () => {
		const { test, muc } = await serve();
		const client = await test.client("romeo");
		muc.create_room(room_of("hall"));
		for (let index = 0; index < 30; index++) file("hall", `${index}`, index);
		const size_of = async (max: string): Promise<number> => {
			const iq = st.iq({ to: room_of("hall"), type: "set", id: "odd" }).tag("query", { xmlns: ns.mam });
			iq.tag("set", { xmlns: ns.rsm }).text_tag("max", max);
			expect(outcome(await ask(client, iq.reset()))).toBe("ok");
			return client.queue.splice(0).length;
		};
		const sizes = [];
		for (const max of ["-1", "-1000", "2.5", "lots", "1e300", ""]) sizes.push(await size_of(max));
		expect(sizes).toEqual([0, 0, 2, 20, 30, 20]);
	});

	it("are told how many messages there are, unless that is too many to count", async () => {
		const counts: unknown[] = [];
		const never = { muc_log_expires_after: "never" };
		const all: Record<string, ConfigValue>[] = [
			{},
			{ muc_log_include_total: false },
			never,
			{ ...never, mam_include_total: true },
		];
		for (const options of all) {
			const { test, muc } = await serve(options);
			const client = await test.client("romeo");
			muc.create_room(room_of("hall"));
			for (let index = 0; index < 3; index++) file("hall", `${index}`, index);
			const normal = await ask_archive(client, "hall");
			const only_count = await ask_archive(client, "hall", { set: { max: 0 } });
			counts.push([normal.set.count, only_count.set.count]);
		}
		expect(counts).toEqual([
			[3, 3],
			[undefined, 3],
			[undefined, 3],
			[3, 3],
		]);
	});

	it("are answered with an error where the archive cannot be read, and who joins gets what the room remembers", async () => {
		const { test, module } = await serve();
		const [romeo, juliet] = [await test.client("romeo"), await test.client("juliet")];
		await create(romeo, "hall");
		await say(romeo, "hall", "remembered");
		const unreadable: ArchiveStore = Object.assign(Object.create(archive()), {
			find: () => failed({ text: "the disk is on fire" }),
		});
		module.hook("store-opened", (event) => {
			if (event.store_name === "muc_log") event.store = unreadable;
		});
		expect(test.server.modulemanager.reload(module.host, "muc_mam").ok).toBe(true);
		expect(await ask_archive(juliet, "hall")).toMatchObject({ outcome: "cancel/internal-server-error", ids: [] });
		await enter(juliet, "hall", "juliet");
		expect((await expect_stanza(juliet, ({ name }) => name === "message")).get_child_text("body")).toBe("remembered");
	});

	it("are refused for rooms that cannot be read, since nobody knows who may", async () => {
		const { test, muc } = await serve();
		const client = await test.client("romeo");
		muc.create_room(room_of("ruin"));
		file("ruin", "secret", 1);
		live(muc, "ruin").broken = true;
		expect(await ask_archive(client, "ruin")).toMatchObject({ outcome: "wait/internal-server-error", ids: [] });
	});
});

describe("what is archived", () => {
	it("is for owners to decide, and announced", async () => {
		const { test } = await serve();
		const romeo = await test.client("romeo");
		await create(romeo, "balcony");
		expect(await features(romeo, "balcony")).toEqual(expect.arrayContaining([ns.mam, ns.mam_extended, ns.stanza_id]));
		for (const [value, code, kept] of [
			["0", "171", false],
			["1", "170", true],
			["1", "170", true],
		] as const) {
			romeo.queue.splice(0);
			await configure(romeo, "balcony", { "muc#roomconfig_enablearchiving": value });
			expect(codes(await expect_stanza(romeo, ({ name }) => name === "message"))).toEqual([code]);
			expect(stanza_id(await say(romeo, "balcony", `is it ${value}?`)) !== undefined).toBe(kept);
			expect((await features(romeo, "balcony")).includes(ns.mam)).toBe(kept);
		}
		expect(archived("balcony")).toHaveLength(2);
	});

	it("is remembered with the room", async () => {
		const data_path = mkdtempSync(join(tmpdir(), "enjamb-mam-"));
		folders.push(data_path);
		for (const round of [1, 2]) {
			const { test, muc } = await serve({}, { storage: "sql" }, data_path);
			const romeo = await test.client("romeo");
			if (round === 1) {
				await create(romeo, "balcony", { "muc#roomconfig_persistentroom": "1", "muc#roomconfig_enablearchiving": "0" });
			}
			expect(live(muc, "balcony")._data.archiving).toBe(false);
		}
	});

	it("is nothing by default where the configuration says so", async () => {
		const { test } = await serve({ muc_log_by_default: false });
		const romeo = await test.client("romeo");
		await create(romeo, "balcony");
		expect(stanza_id(await say(romeo, "balcony", "one"))).toBeUndefined();
		await configure(romeo, "balcony", { "muc#roomconfig_enablearchiving": "1" });
		expect(stanza_id(await say(romeo, "balcony", "two"))).toBeDefined();
	});

	it("is everything where the configuration says so, and owners are not asked", async () => {
		const { test, muc } = await serve({ muc_log_all_rooms: true, muc_log_by_default: false });
		const romeo = await test.client("romeo");
		await create(romeo, "balcony");
		await configure(romeo, "balcony", { "muc#roomconfig_enablearchiving": "0" });
		expect(stanza_id(await say(romeo, "balcony", "one"))).toBeDefined();
		const names = live(muc, "balcony")
			.get_form_layout("romeo@localhost")
			.fields.map(({ name }) => name);
		expect(names).not.toContain("muc#roomconfig_enablearchiving");
	});

	it("is nobody's presence, unless the configuration says so; then it is still no message", async () => {
		for (const [muc_log_presences, kept] of [
			[false, []],
			[true, ["presence", "presence", "presence<unavailable"]],
		] as const) {
			const { test } = await serve({ muc_log_presences });
			const [romeo, juliet] = [await test.client("romeo"), await test.client("juliet")];
			await create(romeo, "balcony");
			await enter(juliet, "balcony", "juliet");
			juliet.send(st.presence({ type: "unavailable", to: `${room_of("balcony")}/juliet` }));
			await expect_stanza(juliet, ({ attr }) => attr["type"] === "unavailable");
			const found = archive().find("balcony");
			expect(found.ok && found.value.items.map((item) => item.with)).toEqual(kept);
			expect((await ask_archive(juliet, "balcony")).ids).toEqual([]);
			expect((await enter(juliet, "balcony", "juliet")).attr["type"]).toBeUndefined();
		}
	});

	it("is nothing where there is no storage, and nobody is told otherwise", async () => {
		const { test } = await serve({ storage: new Map([["muc_log", "null"]]) });
		const romeo = await test.client("romeo");
		await create(romeo, "balcony");
		expect(stanza_id(await say(romeo, "balcony", "lost"))).toBeUndefined();
		expect(await features(romeo, "balcony")).not.toContain(ns.mam);
	});

	it("is delivered even if it cannot be archived", async () => {
		const { test } = await serve({ storage: new Map([["muc_log", "none"]]) });
		const romeo = await test.client("romeo");
		await create(romeo, "balcony");
		expect(stanza_id(await say(romeo, "balcony", "unheard"))).toBeUndefined();
	});
});

describe("history of who joins", () => {
	/** Bodies of the history that a joining client gets, up to the subject. */
	async function history(client: Client, room: string, asked: Record<string, string> = {}): Promise<Stanza[]> {
		const to = `${room_of(room)}/reader`;
		client.send(st.presence({ to }).tag("x", { xmlns: ns.muc }).tag("history", asked).reset());
		const messages: Stanza[] = [];
		for (;;) {
			const message = await expect_stanza(client, ({ name }) => name === "message");
			if (message.get_child("subject")) break;
			messages.push(message);
		}
		client.send(st.presence({ type: "unavailable", to }));
		await expect_stanza(client, ({ attr }) => attr["type"] === "unavailable");
		return messages;
	}

	const bodies = (messages: Stanza[]) => messages.map((message) => message.get_child_text("body"));

	it("comes from the archive after a restart", async () => {
		const data_path = mkdtempSync(join(tmpdir(), "enjamb-mam-"));
		folders.push(data_path);
		let service_now = await serve({}, { storage: "sql" }, data_path);
		const romeo = await service_now.test.client("romeo");
		await create(romeo, "balcony", { "muc#roomconfig_persistentroom": "1", "muc#roomconfig_whois": "anyone" });
		const said = [];
		for (const body of ["one", "two", "three"]) said.push(stanza_id(await say(romeo, "balcony", body)));

		service_now = await serve({}, { storage: "sql" }, data_path);
		const juliet = await service_now.test.client("juliet");
		const all = await history(juliet, "balcony");
		expect(bodies(all)).toEqual(["one", "two", "three"]);
		expect(all.map(stanza_id)).toEqual(said);
		expect(all.map((message) => message.get_child_attr("delay", ns.delay, "from"))).toEqual(
			[1, 2, 3].map(() => room_of("balcony")),
		);
		expect(all.map(({ attr }) => attr["to"])).toEqual([1, 2, 3].map(() => juliet.full_jid));
		const shown = all.map((message) => message.get_child("x", ns.muc_user)?.get_child("item")?.attr["jid"]);
		expect(shown).toEqual([1, 2, 3].map(() => "romeo@localhost"));

		live(service_now.muc, "balcony").set_whois("moderators");
		for (const message of await history(juliet, "balcony")) expect(message.get_child("x", ns.muc_user)).toBeUndefined();

		expect(bodies(await history(juliet, "balcony", { maxstanzas: "2" }))).toEqual(["two", "three"]);
		expect(bodies(await history(juliet, "balcony", { maxstanzas: "0" }))).toEqual([]);
		const length = Buffer.byteLength(all[2]?.toString() ?? "");
		expect(bodies(await history(juliet, "balcony", { maxchars: String(length + 100) }))).toEqual(["three"]);
		expect(bodies(await history(juliet, "balcony", { maxchars: "10" }))).toEqual([]);
		expect(bodies(await history(juliet, "balcony", { since: "2101-01-01T00:00:00Z" }))).toEqual([]);
		expect(bodies(await history(juliet, "balcony", { seconds: "3600" }))).toEqual(["one", "two", "three"]);
	});

	it("is no longer than the room allows, whatever is asked for", async () => {
		const { test, muc } = await serve();
		const juliet = await test.client("juliet");
		muc.create_room(room_of("hall"));
		for (let index = 0; index < 30; index++) file("hall", `${index}`, Date.now() / 1000);
		live(muc, "hall").set_historylength(5);
		live(muc, "hall").set_persistent(true);
		const lengths = [];
		for (const maxstanzas of ["3", "3.5", "5", "100", "1e300", "-1", "-1000"]) {
			lengths.push((await history(juliet, "hall", { maxstanzas })).length);
		}
		expect(lengths).toEqual([3, 3, 5, 5, 5, 0, 0]);
	});

	it("ends before the first message that is too long, counted from the newest", async () => {
		const { test, muc } = await serve();
		const juliet = await test.client("juliet");
		muc.create_room(room_of("hall"));
		live(muc, "hall").set_persistent(true);
		for (const body of ["short", "x".repeat(2000), "new", "newest"]) file("hall", body, Date.now() / 1000);
		expect(bodies(await history(juliet, "hall", { maxchars: "1500" }))).toEqual(["new", "newest"]);
	});

	it("comes from what the room remembers, as long as that is enough", async () => {
		const { test, muc } = await serve();
		const [romeo, juliet] = [await test.client("romeo"), await test.client("juliet")];
		await create(romeo, "hall");
		for (const body of ["one", "two"]) await say(romeo, "hall", body);
		file("hall", "only archived", Date.now() / 1000);
		expect(bodies(await history(juliet, "hall", { maxstanzas: "2" }))).toEqual(["one", "two"]);
		expect(bodies(await history(juliet, "hall", { maxstanzas: "3" }))).toEqual(["one", "two", "only archived"]);
		live(muc, "hall").set_historylength(2);
		expect(bodies(await history(juliet, "hall"))).toEqual(["one", "two"]);
	});

	it("does not come from the archive of a room that keeps none", async () => {
		const { test, muc } = await serve();
		const juliet = await test.client("juliet");
		muc.create_room(room_of("hall"));
		file("hall", "from better times", Date.now() / 1000);
		live(muc, "hall")._data.archiving = false;
		expect(await history(juliet, "hall")).toEqual([]);
	});
});
