// What every storage driver has to do, after spec/core_storagemanager_spec.lua of Prosody and beyond it.

import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ConfigValue } from "../../../host/core/config/config.ts";
import type { ArchiveQuery, ArchiveStore, KeyvalStore, MapStore, StorageError } from "../../../host/core/types.ts";
import type { Result } from "../../../host/util/error.ts";
import { entries, type LuaKey, type LuaMap, type LuaValue, to_record } from "../../../host/util/luatable.ts";
import * as st from "../../../host/util/stanza.ts";
import * as arbitrary from "../arbitrary_values.ts";
import { type StorageServer, start_storage } from "../storage_server.ts";

const host = "chat.example";

/** The value of a result that has to be good. */
export function value<T>(result: Result<T, StorageError>): T {
	if (!result.ok) throw new Error(result.error.text);
	return result.value;
}

/** A message as archives keep it. */
export function message(body: string): st.Stanza {
	return st
		.message({ type: "groupchat", from: `room@${host}/nick` }, body)
		.tag("x", { xmlns: "urn:x" })
		.tag("y")
		.up()
		.up();
}

function ids(store: ArchiveStore, user: string | undefined, query?: ArchiveQuery): string[] {
	return value(store.find(user, query)).items.map(({ id }) => id);
}

/** What an archive store has, in the plainest form. */
interface ModelItem {
	readonly user: string | undefined;
	readonly id: string;
	body: string;
	when: number;
	with: string;
}

/** Answers a query from a list of items, in order; undefined where `after` or `before` is unknown. */
function select(
	items: readonly ModelItem[],
	user: string | true | undefined,
	query: ArchiveQuery,
): { page: ModelItem[]; total: number } | undefined {
	const own = items.filter((item) => user === true || item.user === user);
	const after = query.after === undefined ? -1 : own.findIndex(({ id }) => id === query.after);
	const before = query.before === undefined ? own.length : own.findIndex(({ id }) => id === query.before);
	if ((query.after !== undefined && after < 0) || before < 0) return undefined;
	const fits = (item: ModelItem): boolean =>
		(query.with === undefined || item.with === query.with) &&
		(query.start === undefined || item.when >= (Number.isInteger(item.when) ? Math.floor(query.start) : query.start)) &&
		(query.end === undefined || item.when <= query.end) &&
		(query.key === undefined || item.id === query.key) &&
		(query.ids === undefined || query.ids.includes(item.id));
	const page = own.filter((item, index) => fits(item) && index > after && index < before);
	return { page, total: own.filter(fits).length };
}

/** Undefined for the host itself. */
const users = fc.constantFrom("room", "Räume", "o'brien", "x%_", undefined);
const item_ids = fc.constantFrom("a", "b", "c", "d", "ü", "'");
const times = fc.constantFrom(1, 2.5, 1539204123, 1539204123.25, 4e9);
const withs = fc.constantFrom("message<groupchat", "presence", "");

const queries: fc.Arbitrary<ArchiveQuery> = fc.record(
	{
		with: withs,
		start: times,
		end: times,
		after: item_ids,
		before: item_ids,
		reverse: fc.boolean(),
		ids: fc.array(item_ids, { maxLength: 4 }),
		key: item_ids,
		limit: fc.integer({ min: 0, max: 4 }),
		total: fc.boolean(),
	},
	{ requiredKeys: [] },
);

type Stores = { keyval: KeyvalStore; map: MapStore; archive: ArchiveStore };

const no_numbers: readonly LuaValue[] = [Number.NaN, Number.NEGATIVE_INFINITY, [Number.NaN]];

/** What a driver keeps, and others do not. */
interface Kept {
	/** Numbers that are none. */
	readonly infinity?: boolean;
	/** Times without fractions, and those until 2038. */
	readonly whole_seconds?: boolean;
	/** No text with NUL. */
	readonly no_nul?: boolean;
}

/** A text with another character in the place of NUL; other values as they are. */
function without_nul<Value>(given: Value): Value | string {
	return typeof given === "string" ? given.replaceAll("\0", "0") : given;
}

/** Runs all cases on a driver. */
export function storage_cases(
	driver: string,
	options: Record<string, ConfigValue> = {},
	{ infinity = false, whole_seconds = false, no_nul = false }: Kept = {},
): void {
	const unstorable: readonly LuaValue[] = ["\ud800", ["\ud800"], ...(infinity ? [] : no_numbers)];
	const kept_time = (time: number): number => (whole_seconds ? Math.min(Math.floor(time), 2 ** 31 - 1) : time);
	describe(`storage driver ${driver}`, () => {
		let running: StorageServer;

		function open(store: string): Stores {
			return { keyval: running.open(store, "keyval"), map: running.open(store, "map"), archive: running.open(store, "archive") };
		}

		beforeEach(() => {
			running = start_storage({ "*": { storage: driver, ...options }, [host]: {}, "other.example": {} });
		});
		afterEach(() => {
			running.stop();
			expect(running.failures).toEqual([]);
		});

		describe("keyval stores", () => {
			it("keep one table for each user, and one for the host", () => {
				const { keyval } = open("test");
				expect(value(keyval.get("room"))).toBeUndefined();
				value(keyval.set("room", { a: 1 }));
				value(keyval.set(undefined, { b: [true, "x"] }));
				expect(value(keyval.get("room"))).toEqual({ a: 1 });
				expect(value(keyval.get(undefined))).toEqual({ b: [true, "x"] });
				expect(value(keyval.get("nobody"))).toBeUndefined();
			});

			it("forget a table that is set to nothing", () => {
				const { keyval } = open("test");
				for (const nothing of [undefined, {}, { a: undefined }]) {
					value(keyval.set("room", { a: 1 }));
					value(keyval.set("room", nothing));
					expect(value(keyval.get("room"))).toBeUndefined();
					expect(value(keyval.users())).toEqual([]);
				}
			});

			it("name their users, without the host itself", () => {
				const { keyval } = open("test");
				for (const user of ["b", "a", undefined]) value(keyval.set(user, { x: 1 }));
				expect(value(keyval.users()).sort()).toEqual(["a", "b"]);
			});

			it("are apart from other stores and hosts", () => {
				value(running.open("test", "keyval").set("room", { a: 1 }));
				expect(value(running.open("test2", "keyval").get("room"))).toBeUndefined();
				expect(value(running.open("test", "keyval", "other.example").get("room"))).toBeUndefined();
			});

			it("share nothing with what they are given and give", () => {
				const { keyval } = open("test");
				const given = { list: [1] };
				value(keyval.set("room", given));
				given.list.push(2);
				value(keyval.get("room"))?.["list"];
				const got = value(keyval.get("room"));
				expect(got).toEqual({ list: [1] });
				if (got) got["more"] = true;
				expect(value(keyval.get("room"))).toEqual({ list: [1] });
			});

			it("keep keys of every kind, of which get shows those that are text", () => {
				const { keyval } = open("test");
				const table = new Map<LuaKey, LuaValue>([
					["a", 1],
					[false, { version: 2 }],
					[1, "x"],
					[2, "y"],
					["", "z"],
					[1.5, true],
				]);
				value(keyval.set_table("room", table));
				expect(value(keyval.get_table("room"))).toEqual(table);
				expect(value(keyval.get("room"))).toEqual({ a: 1, "": "z" });
			});

			it("refuse what cannot be stored, and keep what they have", () => {
				const { keyval } = open("test");
				value(keyval.set("room", { a: 1, b: 2 }));
				for (const bad of unstorable) {
					const result = keyval.set("room", { a: 3, c: bad });
					expect(result.ok ? "" : result.error.text).toMatch(/cannot be stored$/);
					expect(value(keyval.get("room"))).toEqual({ a: 1, b: 2 });
				}
			});
		});

		describe("map stores", () => {
			it("show keyval stores key by key", () => {
				const { keyval, map } = open("test");
				value(map.set("room", "foo", "bar"));
				expect(value(keyval.get("room"))).toEqual({ foo: "bar" });
				value(
					map.set_keys(
						"room",
						new Map<LuaKey, LuaValue | undefined>([
							["foo", undefined],
							["list", [1]],
							[2, "two"],
						]),
					),
				);
				expect(value(keyval.get_table("room"))).toEqual(
					new Map<LuaKey, LuaValue>([
						["list", [1]],
						[2, "two"],
					]),
				);
				expect(value(map.get("room", "list"))).toEqual([1]);
				expect(value(map.get("room", 2))).toBe("two");
				expect(value(map.get("room", "foo"))).toBeUndefined();
				value(map.set("room", "list", undefined));
				value(map.set("room", 2, undefined));
				expect(value(keyval.get_table("room"))).toBeUndefined();
			});

			it("look for a key in all users", () => {
				const { map } = open("test");
				value(map.set("a", "foo", 1));
				value(map.set("b", "bar", 2));
				value(map.set("c", "foo", { x: 3 }));
				expect(value(map.get_all("foo"))).toEqual(
					new Map<string, LuaValue>([
						["a", 1],
						["c", { x: 3 }],
					]),
				);
				value(map.delete_all("foo"));
				expect(value(map.get_all("foo"))).toEqual(new Map());
				expect(value(map.get("b", "bar"))).toBe(2);
				expect(map.get_all("").ok).toBe(false);
				expect(map.delete_all("").ok).toBe(false);
			});

			it("set all keys or none", () => {
				const { keyval, map } = open("test");
				value(map.set("room", "a", 1));
				expect(
					map.set_keys(
						"room",
						new Map([
							["a", 2],
							["b", unstorable[0]],
						]),
					).ok,
				).toBe(false);
				expect(value(keyval.get("room"))).toEqual({ a: 1 });
			});
		});

		it("keyval and map stores do what a table does", () => {
			let round = 0;
			const user = fc.option(users, { nil: undefined });
			const kept = <Value>(given: Value): Value | string => (no_nul ? without_nul(given) : given);
			const any_key = fc.oneof(fc.constantFrom<LuaKey>("a", "b", "constructor", "__proto__", "", 1, 2, false), arbitrary.key);
			const key = any_key.map(kept);
			// Within tables, JSON writes it in another way
			const item = arbitrary.value.map(kept);
			const table = fc.array(fc.tuple(key, item), { maxLength: 5 }).map((items): LuaMap => new Map(items));
			const command = fc.oneof(
				fc.record({ do: fc.constant("set" as const), user, table }),
				fc.record({ do: fc.constant("set_table" as const), user, table }),
				fc.record({ do: fc.constant("set_key" as const), user, key, item: fc.option(item, { nil: undefined }) }),
				fc.record({ do: fc.constant("set_keys" as const), user, table, gone: fc.array(key, { maxLength: 2 }) }),
				fc.record({ do: fc.constant("delete_all" as const), key: fc.constantFrom("a", "b", "constructor") }),
				fc.record({ do: fc.constant("end of turn" as const) }),
			);
			fc.assert(
				fc.property(fc.array(command, { maxLength: 12 }), (commands) => {
					const { keyval, map } = open(`store${round++}`);
					const model = new Map<string, LuaMap>();
					const keep = (owner: string | undefined, data: LuaMap): void => {
						if (data.size > 0) model.set(owner ?? "", data);
						else model.delete(owner ?? "");
					};
					for (const step of commands) {
						if (step.do === "set") {
							const record = to_record(step.table);
							value(keyval.set(step.user, record));
							keep(step.user, new Map(entries(record)));
						} else if (step.do === "set_table") {
							value(keyval.set_table(step.user, step.table));
							keep(step.user, new Map(step.table));
						} else if (step.do === "set_key") {
							value(map.set(step.user, step.key, step.item));
							const changed: LuaMap = new Map(model.get(step.user ?? ""));
							if (step.item === undefined) changed.delete(step.key);
							else changed.set(step.key, step.item);
							keep(step.user, changed);
						} else if (step.do === "set_keys") {
							const changes = new Map<LuaKey, LuaValue | undefined>(step.table);
							for (const gone of step.gone) changes.set(gone, undefined);
							value(map.set_keys(step.user, changes));
							const changed: LuaMap = new Map(model.get(step.user ?? ""));
							for (const [name, item] of changes) {
								if (item === undefined) changed.delete(name);
								else changed.set(name, item);
							}
							keep(step.user, changed);
						} else if (step.do === "delete_all") {
							value(map.delete_all(step.key));
							for (const [owner, data] of [...model]) {
								if (owner === "") continue;
								data.delete(step.key);
								keep(owner, data);
							}
						} else running.server.turn.end();
					}
					expect(value(keyval.users()).sort()).toEqual([...model.keys()].filter((owner) => owner !== "").sort());
					for (const [owner, data] of model) {
						const who = owner === "" ? undefined : owner;
						expect(value(keyval.get_table(who))).toEqual(data);
						expect(value(keyval.get(who))).toEqual(to_record(data));
						for (const [name, item] of data) expect(value(map.get(who, name))).toEqual(item);
					}
				}),
				{ numRuns: 150 },
			);
		});

		describe("archive stores", () => {
			it("keep items in order, with an id for each", () => {
				const { archive } = open("test");
				const first = value(archive.append("room", undefined, message("one"), 1539204123.25, "message<groupchat"));
				const second = value(archive.append("room", "my id", message("two"), 100, "presence"));
				expect(first).not.toBe("");
				expect(second).toBe("my id");
				const { items, total } = value(archive.find("room"));
				expect(total).toBeUndefined();
				expect(items.map(({ id, when, with: with_whom }) => [id, when, with_whom])).toEqual([
					[first, kept_time(1539204123.25), "message<groupchat"],
					["my id", 100, "presence"],
				]);
				expect(items[0]?.stanza.toString()).toBe(message("one").toString());
				expect(items[0]?.stanza.get_child("x", "urn:x")?.first_tag?.name).toBe("y");
				expect(value(archive.get("room", first))?.stanza.get_child_text("body")).toBe("one");
				expect(value(archive.get("room", "nothing"))).toBeUndefined();
				expect(value(archive.users())).toEqual(["room"]);
			});

			it("keep what belongs to the host itself apart from what users have", () => {
				const { archive } = open("test");
				value(archive.append(undefined, "a", message("host"), 1, "x"));
				value(archive.append("room", "a", message("room"), 2, "x"));
				expect(value(archive.users())).toEqual(["room"]);
				expect(value(archive.get(undefined, "a"))?.stanza.get_child_text("body")).toBe("host");
				value(archive.set(undefined, "a", message("changed"), 3));
				expect(value(archive.summary(undefined))).toEqual(new Map([["x", { count: 1, first: 3, last: 3 }]]));
				expect(value(archive.delete(undefined, { ids: ["a"] }))).toBe(1);
				expect(ids(archive, undefined)).toEqual([]);
				expect(ids(archive, "room")).toEqual(["a"]);
				value(archive.append(undefined, "a", message("host"), 1, "x"));
				expect(value(archive.delete(true))).toBe(2);
			});

			it("replace an item of the same id, and move it to the end", () => {
				const { archive } = open("test");
				for (const id of ["a", "b"]) value(archive.append("room", id, message(id), 1, "w"));
				value(archive.append("room", "a", message("new"), 2, "v"));
				const { items } = value(archive.find("room", { total: true }));
				expect(items.map(({ id, stanza }) => [id, stanza.get_child_text("body")])).toEqual([
					["b", "b"],
					["a", "new"],
				]);
			});

			it("share no stanza with what they are given and give", () => {
				const { archive } = open("test");
				const given = message("one");
				value(archive.append("room", "a", given, 1, "w"));
				given.attr["to"] = "somebody";
				const got = value(archive.get("room", "a"));
				expect(got?.stanza.attr["to"]).toBeUndefined();
				got?.stanza.remove_children();
				expect(value(archive.get("room", "a"))?.stanza.get_child_text("body")).toBe("one");
			});

			it("answer queries", () => {
				const { archive } = open("test");
				for (const [index, id] of ["a", "b", "c", "d", "e", "f", "g"].entries()) {
					value(archive.append("room", id, message(id), 100 + index, index < 4 ? "x" : "y"));
				}
				value(archive.append("lobby", "z", message("z"), 100, "x"));
				expect(ids(archive, "room", { with: "x" }).join("")).toBe("abcd");
				expect(ids(archive, "room", { start: 101, end: 103 }).join("")).toBe("bcd");
				// Times in whole seconds were cut.
				expect(ids(archive, "room", { start: 102.5 }).join("")).toBe("cdefg");
				expect(ids(archive, "room", { after: "b" }).join("")).toBe("cdefg");
				expect(ids(archive, "room", { before: "d" }).join("")).toBe("abc");
				expect(ids(archive, "room", { after: "a", before: "d" }).join("")).toBe("bc");
				expect(ids(archive, "room", { after: "a", before: "d", reverse: true }).join("")).toBe("cb");
				expect(ids(archive, "room", { reverse: true, limit: 3 }).join("")).toBe("gfe");
				expect(ids(archive, "room", { after: "c", limit: 2 }).join("")).toBe("de");
				expect(ids(archive, "room", { ids: ["f", "b", "z", "?"] }).join("")).toBe("bf");
				expect(ids(archive, "room", { ids: [] })).toEqual([]);
				expect(ids(archive, "room", { key: "c" }).join("")).toBe("c");
				expect(value(archive.find("room", { with: "y", limit: 1, total: true, after: "e" }))).toMatchObject({
					items: [{ id: "f" }],
					total: 3,
				});
				expect(value(archive.find("room", { limit: 0, total: true }))).toEqual({ items: [], total: 7 });
			});

			it("say so where the item to page from is unknown", async () => {
				const { archive } = open("test");
				const unknown = { ok: false, error: { text: "item-not-found", condition: "item-not-found" } };
				expect(archive.find("room", { after: "a" })).toEqual(unknown);
				value(archive.append("lobby", "a", message("a"), 1, "w"));
				expect(archive.find("room", { before: "a" })).toEqual(unknown);
				expect(await archive.find_later("room", { before: "a" })).toEqual(unknown);
				expect(archive.set("room", "a", message("x"))).toEqual(unknown);
				expect(archive.delete("room", { after: "a" })).toEqual(unknown);
			});

			it("change an item where it is", () => {
				const { archive } = open("test");
				for (const id of ["a", "b"]) value(archive.append("room", id, message(id), 1, "w"));
				value(archive.set("room", "a", message("changed")));
				expect(value(archive.find("room")).items[0]).toMatchObject({ id: "a", when: 1, with: "w" });
				expect(value(archive.get("room", "a"))?.stanza.get_child_text("body")).toBe("changed");
				value(archive.set("room", "a", message("again"), 5.5, "v"));
				expect(value(archive.get("room", "a"))).toMatchObject({ when: kept_time(5.5), with: "v" });
			});

			it("delete what a query is for", () => {
				const { archive } = open("test");
				const fill = (): void => {
					value(archive.delete(true));
					for (const user of ["room", "lobby"]) {
						for (const [index, id] of ["a", "b", "c", "d"].entries())
							value(archive.append(user, id, message(id), index, index < 2 ? "x" : "y"));
					}
				};
				const cases: [ArchiveQuery & { truncate?: number }, string][] = [
					[{}, ""],
					[{ key: "b" }, "acd"],
					[{ with: "x", end: 0 }, "bcd"],
					[{ end: 1 }, "cd"],
					[{ ids: ["a", "d"] }, "bc"],
					[{ after: "b" }, "ab"],
					[{ truncate: 3 }, "bcd"],
					[{ truncate: 3, reverse: true }, "abc"],
					[{ truncate: 9 }, "abcd"],
					[{ truncate: 1, with: "x" }, "bcd"],
				];
				for (const [query, left] of cases) {
					fill();
					expect(value(archive.delete("room", query))).toBe(4 - left.length);
					expect(ids(archive, "room").join("")).toBe(left);
					expect(value(archive.find("room", { limit: 0, total: true })).total).toBe(left.length);
					expect(ids(archive, "lobby").join("")).toBe("abcd");
				}
				fill();
				expect(value(archive.delete(true, { end: 2 }))).toBe(6);
				expect([ids(archive, "room"), ids(archive, "lobby")]).toEqual([["d"], ["d"]]);
			});

			it("sum up", () => {
				const { archive } = open("test");
				for (const [when, with_whom] of [
					[5, "x"],
					[3, "x"],
					[7, "y"],
				] as const)
					value(archive.append("room", undefined, message(""), when, with_whom));
				expect(value(archive.summary("room"))).toEqual(
					new Map([
						["x", { count: 2, first: 3, last: 5 }],
						["y", { count: 1, first: 7, last: 7 }],
					]),
				);
				expect(value(archive.summary("room", { end: 4 }))).toEqual(new Map([["x", { count: 1, first: 3, last: 3 }]]));
				expect(value(archive.summary("lobby"))).toEqual(new Map());
			});

			it("read long answers in pages", async () => {
				const { archive } = open("test");
				for (let index = 0; index < 250; index++) value(archive.append("room", `id${index}`, message(`${index}`), index, "w"));
				running.server.turn.end();
				for (const query of [
					{},
					{ reverse: true },
					{ limit: 200 },
					{ limit: 201, after: "id9", total: true },
					{ limit: 0, total: true },
					{ start: 240 },
				]) {
					const later = value(await archive.find_later("room", query));
					const now = value(archive.find("room", query));
					expect(later.items.map(({ id }) => id)).toEqual(now.items.map(({ id }) => id));
					expect(later.total).toBe(now.total);
				}
			});

			it("delete between turns what they delete at once", async () => {
				const { archive } = open("parts");
				if (archive.delete_later === undefined) return;
				for (let index = 0; index < 1100; index++) {
					value(archive.append("room", `${index}`, message(`${index}`), index + 1, index % 2 === 0 ? "even" : "odd"));
				}
				value(archive.append("other", "a", message("a"), 5, "odd"));
				expect(await archive.delete_later("room", { after: "no such id" })).toMatchObject({
					error: { condition: "item-not-found" },
				});
				expect(value(await archive.delete_later("room", { end: 1090, with: "odd" }))).toBe(545);
				expect(value(archive.find("room", { total: true, limit: 0 })).total).toBe(555);
				expect(ids(archive, "room", { with: "odd" })).toEqual(["1091", "1093", "1095", "1097", "1099"]);
				expect(value(await archive.delete_later(true, { end: 5 }))).toBe(4);
				expect(ids(archive, "other")).toEqual([]);
				expect(value(archive.find("room", { total: true, limit: 0 })).total).toBe(552);
				expect(value(await archive.delete_later("room", { end: 5 }))).toBe(0);
			});

			it("do what a list does", async () => {
				let round = 0;
				const command = fc.oneof(
					{
						weight: 5,
						arbitrary: fc.record({
							do: fc.constant("append" as const),
							user: users,
							id: item_ids,
							when: times.map(kept_time),
							with: withs,
						}),
					},
					fc.record({
						do: fc.constant("set" as const),
						user: users,
						id: item_ids,
						when: fc.option(times.map(kept_time), { nil: undefined }),
					}),
					fc.record({
						do: fc.constant("delete" as const),
						user: fc.oneof(users, fc.constant(true as const)),
						query: queries,
						truncate: fc.option(fc.integer({ min: 0, max: 3 }), { nil: undefined }),
					}),
					fc.record({ do: fc.constant("end of turn" as const) }),
				);
				await fc.assert(
					fc.asyncProperty(
						fc.array(command, { maxLength: 25 }),
						fc.array(fc.tuple(users, queries), { maxLength: 8 }),
						async (commands, asked) => {
							const { archive } = open(`archive${round++}`);
							let model: ModelItem[] = [];
							for (const [index, step] of commands.entries()) {
								if (step.do === "append") {
									value(archive.append(step.user, step.id, message(`${index}`), step.when, step.with));
									model = model.filter(({ user, id }) => user !== step.user || id !== step.id);
									model.push({ user: step.user, id: step.id, body: `${index}`, when: step.when, with: step.with });
								} else if (step.do === "set") {
									const item = model.find(({ user, id }) => user === step.user && id === step.id);
									expect(archive.set(step.user, step.id, message(`${index}`), step.when).ok).toBe(item !== undefined);
									if (item) Object.assign(item, { body: `${index}`, when: step.when ?? item.when });
								} else if (step.do === "delete") {
									const query = { ...step.query, ...(step.truncate === undefined ? {} : { truncate: step.truncate }) };
									// Ids are only unique within a user, so that they are no place in the archives of all.
									if (step.user === true && (query.after !== undefined || query.before !== undefined)) continue;
									const deleted = archive.delete(step.user, query);
									const selected = select(model, step.user, query);
									expect(deleted.ok).toBe(selected !== undefined);
									const matching = selected?.page ?? [];
									const kept = Math.min(step.truncate ?? 0, matching.length);
									const gone = new Set(query.reverse ? matching.slice(kept) : matching.slice(0, matching.length - kept));
									if (deleted.ok) expect(deleted.value).toBe(gone.size);
									model = model.filter((item) => !gone.has(item));
								} else running.server.turn.end();
							}
							const named = model.flatMap(({ user }) => user ?? []);
							expect(value(archive.users()).sort()).toEqual([...new Set(named)].sort());
							for (const [user, query] of asked) {
								const selected =
									query.limit === 0
										? select(model, user, { ...query, after: undefined, before: undefined })
										: select(model, user, query);
								const found = archive.find(user, query);
								const later = await archive.find_later(user, query);
								if (query.limit !== 0) expect([found.ok, later.ok]).toEqual([selected !== undefined, selected !== undefined]);
								if (!found.ok || !later.ok || !selected) continue;
								const page = (query.reverse ? selected.page.reverse() : selected.page).slice(0, query.limit);
								for (const answer of [found.value, later.value]) {
									expect(answer.total).toBe(query.total ? selected.total : undefined);
									expect(
										answer.items.map(({ id, stanza, when, with: with_whom }) => [
											id,
											stanza.get_child_text("body"),
											when,
											with_whom,
										]),
									).toEqual(page.map(({ id, body, when, with: with_whom }) => [id, body, when, with_whom]));
								}
							}
						},
					),
					{ numRuns: 100 },
				);
			});
		});

		it("remove everything of a user whose account is deleted", () => {
			const { keyval, archive } = open("test");
			for (const user of ["romeo", "juliet"]) {
				value(keyval.set(user, { a: 1 }));
				value(archive.append(user, "a", message("a"), 1, "w"));
				value(archive.find(user, { total: true }));
			}
			value(running.open("test", "keyval", "other.example").set("romeo", { a: 1 }));
			running.server.events.fire_event("user-deleted", { username: "romeo", host });
			expect(value(keyval.users())).toEqual(["juliet"]);
			expect(value(archive.users())).toEqual(["juliet"]);
			expect(value(archive.find("romeo", { limit: 0, total: true })).total).toBe(0);
			expect(value(running.open("test", "keyval", "other.example").users())).toEqual(["romeo"]);
		});

		it("limit the items of a user", () => {
			running.stop();
			running = start_storage({ "*": { storage: driver, ...options, storage_archive_item_limit: 3 }, [host]: {} });
			const { archive } = open("test");
			expect(archive.caps.quota).toBe(3);
			for (const id of ["a", "b", "c"]) value(archive.append("room", id, message(id), 1, "w"));
			expect(archive.append("room", "d", message("d"), 1, "w")).toEqual({ ok: false, error: { text: "quota-limit" } });
			expect(archive.append("room", undefined, message("d"), 1, "w").ok).toBe(false);
			value(archive.append("room", "b", message("new"), 1, "w"));
			value(archive.append("lobby", "d", message("d"), 1, "w"));
			value(archive.delete("room", { truncate: 1 }));
			expect(ids(archive, "room")).toEqual(["b"]);
			for (const id of ["e", "f"]) value(archive.append("room", id, message(id), 1, "w"));
			expect(archive.append("room", "g", message("g"), 1, "w").ok).toBe(false);
		});
	});
}
