import {
	cpSync,
	existsSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	statSync,
	truncateSync,
	utimesSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Sqlite from "better-sqlite3";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ArchiveQuery, ArchiveStore } from "../../../host/core/types.ts";
import { ok } from "../../../host/util/error.ts";
import { eventually } from "../../helper.ts";
import { type StorageServer, start_storage } from "../storage_server.ts";
import { message, value } from "./storage.common.ts";

const host = "chat.example";
const said = "message<groupchat";
let folder: string;
const running: StorageServer[] = [];

/** Large enough for each storage to treat them as large. */
const counts: { readonly [storage: string]: number } = { sql: 6500, internal: 21_500 };

beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "enjamb-large-"));
});
afterEach(() => {
	stop();
	rmSync(folder, { recursive: true, force: true });
});

function start(storage: string): ArchiveStore {
	const server = start_storage({ "*": { storage, storage_archive_item_limit: 1_000_000 }, [host]: {} }, { folder });
	running.push(server);
	return server.open("muc_log", "archive");
}

function end_turn(): void {
	for (const { server } of running) server.turn.end();
}

/** Ends the turn without anything of it being stored. */
function fail_turn(): void {
	const failing = {
		prepare: () => {
			throw new Error("a test");
		},
		commit: () => undefined,
		rollback: () => undefined,
	};
	for (const { server } of running) {
		server.turn.join(failing);
		server.turn.end();
	}
}

function stop(): void {
	for (const server of running.splice(0)) server.stop(true);
}

interface Item {
	id: string;
	when: number;
	with: string;
}

/** Numbers that look like chance, the same ones each time. */
function chance(seed: number): (below: number) => number {
	let state = seed;
	return (below) => {
		state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
		return Math.floor((state / 2 ** 32) * below);
	};
}

/** Items whose times mostly grow; a few come from elsewhere, as after an import. */
function make_items(count: number, random: (below: number) => number): Item[] {
	return Array.from({ length: count }, (_, index) => ({
		id: `id-${index}`,
		when: 1_700_000_000 + index * 3 + (random(200) === 0 ? random(60_000) - 30_000 : 0),
		with: random(50) === 0 ? "presence<unavailable" : said,
	}));
}

/** What archives are filled with, once for each storage, since that takes as long as most tests. */
const templates = new Map<string, { folder: string; items: Item[] }>();

function template(storage: string, count: number): { folder: string; items: Item[] } {
	const made = templates.get(storage);
	if (made !== undefined) return made;
	const store = start(storage);
	const items = make_items(count, chance(17));
	for (const [index, item] of items.entries()) {
		item.id = value(store.append("room", undefined, message(String(index)), item.when, item.with));
		if (index % 500 === 499) end_turn();
	}
	end_turn();
	stop();
	const filled = { folder: mkdtempSync(join(tmpdir(), "enjamb-filled-")), items };
	cpSync(folder, filled.folder, { recursive: true });
	templates.set(storage, filled);
	return filled;
}

/** A store that has a large archive, with what is in it. */
function start_filled(storage: string, count = counts[storage] ?? 0): { store: ArchiveStore; items: Item[] } {
	const filled = template(storage, count);
	cpSync(filled.folder, folder, { recursive: true });
	return { store: start(storage), items: filled.items.map((item) => ({ ...item })) };
}

/** What a query has to find, by looking at all items. */
function expected(items: readonly Item[], query: ArchiveQuery): { ids: string[]; total: number } | "item-not-found" {
	const all = [...items.entries()].filter(
		([, item]) =>
			(query.with === undefined || item.with === query.with) &&
			(query.start === undefined || item.when >= Math.floor(query.start)) &&
			(query.end === undefined || item.when <= query.end) &&
			(query.ids === undefined || query.ids.includes(item.id)) &&
			(query.key === undefined || item.id === query.key),
	);
	const place = (id: string | undefined, otherwise: number): number =>
		id === undefined ? otherwise : items.findIndex((item) => item.id === id);
	const after = place(query.after, -2);
	const before = place(query.before, items.length);
	if (query.limit !== 0 && (after === -1 || before === -1)) return "item-not-found";
	const ranged = all.filter(([index]) => index > after && index < before).map(([, item]) => item);
	if (query.reverse) ranged.reverse();
	return { ids: ranged.slice(0, query.limit).map(({ id }) => id), total: all.length };
}

function some_query(items: readonly Item[], random: (below: number) => number): ArchiveQuery {
	const time = (): number => 1_700_000_000 + random(items.length * 3) + (random(2) === 0 ? 0.5 : 0);
	const id = (): string => items[random(items.length)]?.id ?? "none";
	return {
		limit: random(10) === 0 ? 0 : 1 + random(60),
		total: random(2) === 0,
		reverse: random(2) === 0,
		...(random(2) === 0 ? { with: said } : random(3) === 0 ? { with: "presence<unavailable" } : {}),
		...(random(3) === 0 ? { start: time() } : {}),
		...(random(3) === 0 ? { end: time() } : {}),
		...(random(3) === 0 ? { after: id() } : {}),
		...(random(3) === 0 ? { before: random(5) === 0 ? "unknown" : id() } : {}),
		...(random(8) === 0 ? { ids: [id(), id(), "unknown"] } : {}),
	};
}

/** Asks in both ways, and compares with what has to be found. */
async function check(store: ArchiveStore, items: readonly Item[], query: ArchiveQuery): Promise<void> {
	const wanted = expected(items, query);
	for (const found of [await store.find_later("room", query), store.find("room", query)]) {
		const told = found.ok
			? { ids: found.value.items.map(({ id }) => id), ...(query.total ? { total: found.value.total } : {}) }
			: found.error.condition;
		const expectation =
			typeof wanted === "string" ? wanted : { ids: wanted.ids, ...(query.total ? { total: wanted.total } : {}) };
		expect(told, JSON.stringify(query)).toEqual(expectation);
	}
}

async function check_many(
	store: ArchiveStore,
	items: readonly Item[],
	count: number,
	random: (below: number) => number,
): Promise<void> {
	for (let turn = 0; turn < count; turn++) await check(store, items, some_query(items, random));
}

afterAll(() => {
	for (const filled of templates.values()) rmSync(filled.folder, { recursive: true });
});

describe.each(["sql", "internal"])("large archives in %s", (storage) => {
	it("are found and counted as if all items were looked at, whatever is deleted, changed and added meanwhile", async () => {
		const random = chance(7);
		const { store, items } = start_filled(storage);
		await check_many(store, items, 60, random);

		const doomed = items[random(items.length)];
		expect(value(store.delete("room", { key: doomed?.id ?? "" }))).toBe(1);
		items.splice(
			items.findIndex(({ id }) => id === doomed?.id),
			1,
		);
		await check_many(store, items, 20, random);

		const end = 1_700_000_000 + 5000;
		const left = items.filter(({ when }) => when > end);
		expect(value(store.delete("room", { end }))).toBe(items.length - left.length);
		end_turn();
		await check_many(store, left, 30, random);

		const moved = left[1500];
		value(store.set("room", moved?.id ?? "", message("other"), 1_700_050_000, "presence<unavailable"));
		left[1500] = { id: moved?.id ?? "", when: 1_700_050_000, with: "presence<unavailable" };
		end_turn();
		await check_many(store, left, 20, random);

		for (let index = 0; index < 1100; index++) {
			const item = { id: `new-${index}`, when: 1_700_200_000 + index, with: said };
			left.push({ ...item, id: value(store.append("room", undefined, message(item.id), item.when, said)) });
		}
		end_turn();
		await check_many(store, left, 20, random);

		expect(value(store.delete("room", { truncate: left.length - 3000 }))).toBe(3000);
		left.splice(0, 3000);
		end_turn();
		await check_many(store, left, 20, random);
	}, 120_000);

	it("are the same after a turn that failed, and after a restart", async () => {
		const random = chance(11);
		const filled = start_filled(storage);
		const { items } = filled;
		let { store } = filled;
		await check_many(store, items, 5, random);
		value(store.append("room", undefined, message("lost"), 1_800_000_000, said));
		expect(value(store.find("room", { start: 1_790_000_000, total: true })).total).toBe(1);
		fail_turn();
		await check_many(store, items, 10, random);
		stop();
		store = start(storage);
		await check_many(store, items, 20, random);
	}, 120_000);
});

describe("large archives in SQLite", () => {
	it("notice what another process does", async () => {
		const random = chance(3);
		const { store, items } = start_filled("sql");
		await check_many(store, items, 5, random);
		const other = new Sqlite(join(folder, "prosody.sqlite"));
		const [first, second, third] = [items[10], items[6000], items[3000]];
		other.prepare(`DELETE FROM "prosodyarchive" WHERE "key" IN (?, ?)`).run(first?.id, second?.id);
		other.prepare(`UPDATE "prosodyarchive" SET "when" = 1 WHERE "key" = ?`).run(third?.id);
		other.close();
		const now = items
			.filter((item) => item !== first && item !== second)
			.map((item) => (item === third ? { ...item, when: 1 } : item));
		await check_many(store, now, 20, random);
	}, 120_000);

	it("are asked between turns until it is known where everything is", async () => {
		const { store } = start_filled("sql");
		expect(store.takes_long?.("room")).toBe(true);
		value(await store.find_later("room", { limit: 1, total: true }));
		expect(store.takes_long?.("room")).toBe(false);
		expect(store.takes_long?.("nobody")).toBe(false);
	}, 60_000);
});

describe("large archives in files", () => {
	const path = (ext: string): string => join(folder, `chat%2eexample/muc_log/room.${ext}`);

	async function filled(): Promise<{ store: ArchiveStore; items: Item[]; random: (below: number) => number }> {
		const random = chance(13);
		const { store, items } = start_filled("internal");
		await check_many(store, items, 2, random);
		return { store, items, random };
	}

	it("have an index of Prosody's form, which is kept up", async () => {
		const { store } = await filled();
		for (let index = 0; index < 10; index++) value(store.append("room", undefined, message("x"), 1_800_000_000, said));
		end_turn();
		const list = readFileSync(path("list"), "latin1");
		const index = readFileSync(path("lidx"));
		expect(index.readBigUInt64LE(0)).toBe(7767640n);
		expect(index.length / 8 - 1).toBe(21_510);
		let end = 0;
		for (let entry = 1; entry < index.length / 8; entry++) {
			end = list.indexOf("\n});\n", end) + 5;
			if (Number(index.readBigUInt64LE(entry * 8)) !== end) expect(entry).toBe("an entry whose end is right");
		}
		expect(end).toBe(list.length);
	}, 60_000);

	it.each<[string, () => void]>([
		["lost", () => rmSync(path("lidx"))],
		["older than the list", () => truncateSync(path("lidx"), statSync(path("lidx")).size - 8 * 700)],
		["cut within a word", () => truncateSync(path("lidx"), statSync(path("lidx")).size - 5)],
		[
			"longer than the list",
			() => writeFileSync(path("lidx"), Buffer.concat([readFileSync(path("lidx")), Buffer.alloc(8, 0x11)])),
		],
		["of another list", () => writeFileSync(path("lidx"), shifted(readFileSync(path("lidx"))))],
		["not of the list that is there now", () => utimesSync(path("list"), new Date(), new Date(Date.now() + 60_000))],
		["beside a summary that is cut", () => truncateSync(path("lsum"), statSync(path("lsum")).size - 100)],
		["beside a summary of something else", () => writeFileSync(path("lsum"), "something else")],
	])(
		"are right with an index that is %s",
		async (_what, damage) => {
			const { items, random } = await filled();
			stop();
			expect(existsSync(path("lsum"))).toBe(true);
			damage();
			const store = start("internal");
			await check_many(store, items, 15, random);
			value(store.append("room", "last", message("last"), 1_800_000_000, said));
			end_turn();
			items.push({ id: "last", when: 1_800_000_000, with: said });
			await check_many(store, items, 5, random);
		},
		60_000,
	);

	it("lose only what was cut off at their end", async () => {
		const { items, random } = await filled();
		stop();
		truncateSync(path("list"), statSync(path("list")).size - 40);
		const store = start("internal");
		items.pop();
		await check_many(store, items, 5, random);
		const id = value(store.append("room", undefined, message("next"), 1_800_000_000, said));
		end_turn();
		items.push({ id, when: 1_800_000_000, with: said });
		await check_many(store, items, 10, random);
	}, 60_000);

	/** Another program takes out 500 messages; the index that it made is as good as none. */
	function remove_elsewhere(items: Item[]): void {
		const list = readFileSync(path("list"), "latin1").split(/(?<=\n}\);\n)/);
		list.splice(12_000, 500);
		items.splice(12_000, 500);
		writeFileSync(path("list"), list.join(""), "latin1");
		rmSync(path("lidx"));
	}

	it("are right after another program has removed messages from the middle and made its own index", async () => {
		const { items, random } = await filled();
		stop();
		remove_elsewhere(items);
		await check_many(start("internal"), items, 20, random);
	}, 60_000);

	it("are right where as many bytes were removed from the middle as follow in the same place", async () => {
		const store = start("internal");
		const items: Item[] = [];
		for (let index = 0; index < 21_500; index++) {
			// All of the same length, and some with another's id for a text
			const text = index % 40 === 3 ? (items[index - 2]?.id ?? "") : "x".repeat(36);
			const item = { id: "", when: 1_700_000_000 + index, with: said };
			items.push({ ...item, id: value(store.append("room", undefined, message(text), item.when, said)) });
			if (index % 500 === 499) end_turn();
		}
		end_turn();
		const random = chance(3);
		await check_many(store, items, 20, random);
		for (const at of [1, 41, 20_001]) await check(store, items, { after: items[at]?.id ?? "", limit: 5, total: true });
		stop();
		remove_elsewhere(items);
		await check_many(start("internal"), items, 20, random);
	}, 60_000);
});

/** An index whose entries begin one byte too late. */
function shifted(index: Buffer): Buffer {
	const wrong = Buffer.from(index);
	for (let at = 8; at < wrong.length - 8; at += 8) wrong.writeBigUInt64LE(wrong.readBigUInt64LE(at) + 1n, at);
	return wrong;
}

describe("the first query of an archive in SQLite", () => {
	it("is answered before all of it is known, without the number", async () => {
		const { store, items } = start_filled("sql");
		const room = items.filter(({ with: with_whom }) => with_whom === said);
		const query = { with: said, limit: 30, total: true, is_urgent: true };
		const find = async (more: ArchiveQuery = {}) => value(await store.find_later("room", { ...query, ...more }));
		const last = await find({ reverse: true });
		expect(last.items.map(({ id }) => id)).toEqual(
			room
				.slice(-30)
				.reverse()
				.map(({ id }) => id),
		);
		expect(last.total).toBeUndefined();
		// Nobody reads the rest at once now, who asks meanwhile
		expect(store.takes_long?.("room")).toBe(true);
		expect(value(store.find("room", { with: said, limit: 0, total: true })).total).toBe(room.length);
		await eventually(() => expect(store.takes_long?.("room")).toBe(false));
		const middle = room[3000];
		const page = await find({ after: middle?.id ?? "" });
		expect(page.items.map(({ id }) => id)).toEqual(room.slice(3001, 3031).map(({ id }) => id));
		expect(page.total).toBe(room.length);
	});

	it("begins at any item, and tells of unknown ones", async () => {
		const { items } = start_filled("sql");
		const room = items.filter(({ with: with_whom }) => with_whom === said);
		for (const [more, from] of [
			[{}, 0],
			[{ after: room[2500]?.id ?? "" }, 2501],
			[{ before: room[2500]?.id ?? "", reverse: true }, 2470],
		] as const) {
			stop();
			const store = start("sql");
			const page = value(await store.find_later("room", { with: said, limit: 30, total: true, is_urgent: true, ...more }));
			const found = page.items.map(({ id }) => id);
			expect("reverse" in more ? found.reverse() : found).toEqual(room.slice(from, from + 30).map(({ id }) => id));
			expect(page.total).toBeUndefined();
		}
		stop();
		const unknown = await start("sql").find_later("room", { limit: 30, total: true, is_urgent: true, after: "unknown" });
		expect(unknown).toMatchObject({ ok: false, error: { condition: "item-not-found" } });
	});

	it("waits where there is little of what it asks for", async () => {
		const { store, items } = start_filled("sql");
		const others = items.filter(({ with: with_whom }) => with_whom !== said);
		const page = value(
			await store.find_later("room", { with: "presence<unavailable", limit: 5000, total: true, is_urgent: true }),
		);
		expect(page.items.map(({ id }) => id)).toEqual(others.map(({ id }) => id));
		expect(page.total).toBe(others.length);
	});
});

describe("deleting from a long archive in files, between turns", () => {
	const limit = 1_700_000_000 + 15_000 * 3;
	const rest = (items: readonly Item[]): string[] => items.filter(({ when }) => when > limit).map(({ id }) => id);
	const all = (store: ArchiveStore): string[] => value(store.find("room")).items.map(({ id }) => id);
	const names = (): string[] => readdirSync(join(folder, "chat%2eexample", "muc_log")).filter((name) => name.includes("~"));

	it("leaves what is not deleted, and what is added meanwhile", async () => {
		const { store, items } = start_filled("internal");
		const done = store.delete_later?.("room", { end: limit });
		const added: string[] = [];
		for (let index = 0; index < 3; index++) {
			added.push(value(store.append("room", undefined, message("new"), 1_800_000_000 + index, said)));
			await new Promise((resolve) => setTimeout(resolve, 1));
		}
		expect(done && value(await done)).toBe(items.length - rest(items).length);
		// In the turn in which it takes its place
		added.push(value(store.append("room", undefined, message("newest"), 1_800_000_010, said)));
		expect(all(store)).toEqual([...rest(items), ...added]);
		end_turn();
		// What was known of it is still known
		expect(store.takes_long?.("room")).toBe(false);
		expect(all(store)).toEqual([...rest(items), ...added]);
		expect(value(store.find("room", { with: said, limit: 0, total: true, start: 1_800_000_000 })).total).toBe(4);
		expect(names()).toEqual([]);
		stop();
		expect(all(start("internal"))).toEqual([...rest(items), ...added]);
	});

	it("leaves everything where its turn fails", async () => {
		const { store, items } = start_filled("internal");
		value((await store.delete_later?.("room", { end: limit })) ?? ok(0));
		fail_turn();
		expect(all(store)).toEqual(items.map(({ id }) => id));
		expect(names()).toEqual([]);
		// And again, when that is over
		expect(value((await store.delete_later?.("room", { end: limit })) ?? ok(0))).toBe(items.length - rest(items).length);
		end_turn();
		expect(all(store)).toEqual(rest(items));
	});

	it("begins again where something is changed meanwhile", async () => {
		const { store, items } = start_filled("internal");
		const done = store.delete_later?.("room", { end: limit });
		await new Promise((resolve) => setTimeout(resolve, 1));
		const last = items.at(-1)?.id ?? "";
		value(store.set("room", last, message("changed")));
		end_turn();
		expect(done && value(await done)).toBe(items.length - rest(items).length);
		end_turn();
		expect(all(store)).toEqual(rest(items));
		expect(value(store.get("room", last))?.stanza.get_child_text("body")).toBe("changed");
	});

	it("removes a list of which nothing is left, and is as good for short ones", async () => {
		const { store, items } = start_filled("internal");
		value(store.append("short", "a", message("a"), 5, said));
		end_turn();
		expect(value((await store.delete_later?.(true, { end: 1_900_000_000 })) ?? ok(0))).toBe(items.length + 1);
		end_turn();
		expect([all(store), value(store.find("short")).items]).toEqual([[], []]);
		expect(readdirSync(join(folder, "chat%2eexample", "muc_log"))).toEqual([]);
	});
});
