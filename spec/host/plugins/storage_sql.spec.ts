import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Sqlite from "better-sqlite3";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ConfigValue } from "../../../host/core/config/config.ts";
import type { LuaKey, LuaValue } from "../../../host/util/luatable.ts";
import * as st from "../../../host/util/stanza.ts";
import { type StorageServer, start_storage } from "../storage_server.ts";
import { message, value } from "./storage.common.ts";

const host = "chat.example";
let folder: string;
let file: string;
const running: StorageServer[] = [];

function start(global: Record<string, ConfigValue> = {}, hosts: string[] = [host]): StorageServer {
	const server = start_storage(
		{ "*": { storage: "sql", ...global }, ...Object.fromEntries(hosts.map((name) => [name, {}])) },
		{ folder },
	);
	running.push(server);
	return server;
}

function stop(): void {
	for (const server of running.splice(0)) server.stop(true);
}

/** Works on the file as somebody else. */
function outside<T>(work: (file: Sqlite.Database) => T): T {
	const other = new Sqlite(file);
	try {
		return work(other);
	} finally {
		other.close();
	}
}

function rows(sql = `SELECT "host", "user", "store", "key", "type", "value" FROM "prosody" ORDER BY "key"`): unknown[] {
	return outside((other) => other.prepare(sql).raw().all());
}

beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "enjamb-sql-"));
	file = join(folder, "prosody.sqlite");
});
afterEach(() => {
	stop();
	rmSync(folder, { recursive: true, force: true });
});

describe("the rows", () => {
	it("are one for each key that is text, and one for all others", () => {
		const store = start().open("config", "keyval");
		value(
			store.set_table(
				"room",
				new Map<LuaKey, LuaValue>([
					["_jid", `room@${host}`],
					["_data", { persistent: true, history_length: 20, list: [1.5] }],
					["owner@example", "owner"],
					["flag", false],
					["count", 3],
					[1, "one"],
					[2, "two"],
					[false, "no"],
				]),
			),
		);
		value(store.set(undefined, { a: "host" }));
		stop();
		expect(rows()).toEqual([
			[host, "room", "config", "", "json", '{"__hash":[false,"no"],"__array":["one","two"]}'],
			[host, "room", "config", "_data", "json", '{"persistent":true,"history_length":20,"list":[1.5]}'],
			[host, "room", "config", "_jid", "string", `room@${host}`],
			[host, "", "config", "a", "string", "host"],
			[host, "room", "config", "count", "number", "3"],
			[host, "room", "config", "flag", "boolean", "false"],
			[host, "room", "config", "owner@example", "string", "owner"],
		]);
	});

	it("stay as they are, to the byte, where the value is the same", () => {
		start().open("test", "keyval");
		stop();
		outside((other) => {
			const insert = other.prepare(`INSERT INTO "prosody" VALUES ('${host}', 'room', 'test', ?, ?, ?)`);
			insert.run("float", "number", "5.0");
			insert.run("large", "number", "9223372036854775807");
			insert.run("json", "json", '{ "a" : [1.0, 9223372036854775807], "b":"\\u00e9" }');
			insert.run("xml", "xml", "<presence><show>away</show></presence>");
			insert.run("other", "string", "x");
			insert.run("bytes", "string", "?");
			other.exec(`UPDATE "prosody" SET "value" = CAST(x'61ff62' AS TEXT) WHERE "key" = 'bytes'`);
		});
		const before = rows(`SELECT "key", hex("value"), rowid FROM "prosody" WHERE "key" <> 'other' ORDER BY "key"`);
		const store = start().open("test", "keyval");
		const table = value(store.get_table("room"));
		expect(table?.get("float")).toBe(5);
		expect(st.deserialize(table?.get("xml"))?.get_child_text("show")).toBe("away");
		table?.set("other", "y");
		value(store.set_table("room", table));
		stop();
		expect(rows(`SELECT "key", hex("value"), rowid FROM "prosody" WHERE "key" <> 'other' ORDER BY "key"`)).toEqual(before);
		expect(rows(`SELECT "value" FROM "prosody" WHERE "key" = 'other'`)).toEqual([["y"]]);
	});

	it("with bytes that are no UTF-8 keep them, also where something else in the row changes", () => {
		start().open("test", "keyval");
		stop();
		outside((other) => {
			other.exec(`INSERT INTO "prosody" VALUES ('${host}', 'room', 'test', 'people', 'json', '')`);
			const bytes = Buffer.from('{"nick":"a?b\\u0041\\\\","also":"\u00e9","other":1}'.replace("?", "\u00ff"), "latin1");
			bytes[bytes.indexOf(0xe9)] = 0xfe;
			other.prepare(`UPDATE "prosody" SET "value" = CAST(? AS TEXT)`).run(bytes);
		});
		const server = start();
		const store = server.open("test", "keyval");
		expect(value(store.get("room"))).toEqual({ people: { nick: "a\udcffbA\\", also: "\udcfe", other: 1 } });
		expect(value(server.open("test", "map").get("room", "people"))).toMatchObject({ nick: "a\udcffbA\\" });
		value(store.set("room", { people: { nick: "a\udcffbA\\", also: "\udcfe", other: 2 } }));
		stop();
		const stored = rows(`SELECT hex("value") FROM "prosody"`).flat().map(String);
		expect(stored.map((hex) => Buffer.from(hex, "hex").toString("latin1"))).toEqual([
			'{"nick":"a\u00ffbA\\\\","also":"\u00fe","other":2}',
		]);
		expect(value(start().open("test", "keyval").get("room"))).toEqual({
			people: { nick: "a\udcffbA\\", also: "\udcfe", other: 2 },
		});
	});

	it("that cannot be read make an error that names them, and are not touched", () => {
		start().open("test", "keyval");
		stop();
		const bad = [
			["json", "{", /^Expected property name/],
			["number", "many", /^"many" is no number$/],
			["boolean", "perhaps", /^"perhaps" is no boolean$/],
			["xml", "<a>", /^not well-formed XML$/],
			["future", "x", /^unknown type "future"$/],
		] as const;
		for (const [type, text, reason] of bad) {
			outside((other) =>
				other.exec(`DELETE FROM "prosody"; INSERT INTO "prosody" VALUES ('${host}', 'room', 'test', 'k', '${type}', '${text}')`),
			);
			const server = start();
			const read = server.open("test", "keyval").get("room");
			const prefix = `${file}: store test of room@${host}, key "k": `;
			expect(read.ok ? "" : read.error.text.slice(0, prefix.length)).toBe(prefix);
			expect(read.ok ? "" : read.error.text.slice(prefix.length)).toMatch(reason);
			expect(server.open("test", "map").get("room", "k")).toEqual(read);
			expect(server.open("test", "map").get_all("k")).toEqual(read);
			const [tables, keys] = [server.open("test", "keyval"), server.open("test", "map")];
			for (const refused of [
				tables.set("room", { a: 1, k: 2 }),
				tables.set("room", { a: 1 }),
				tables.set("room", undefined),
				keys.set("room", "k", 2),
				keys.set("room", "k", undefined),
			]) {
				expect(refused.ok ? "" : refused.error.text).toMatch(/, key "k": not stored: .*; the row is left as it is$/s);
			}
			stop();
			expect(rows(`SELECT "value" FROM "prosody"`)).toEqual([[text]]);
		}
	});

	it.each([
		[`"value" = '<broken'`, "it holds no stanza"],
		[`"when" = 'abc'`, "its time is none"],
		[`"when" = 9e300`, "its time is none"],
	])("of an archive that are no items are left out, with a word in the log: %s", (change, reason) => {
		const archive = start().open("test", "archive");
		for (const id of ["a", "b", "c"]) value(archive.append("room", id, message(id), 1, "w"));
		stop();
		outside((other) => other.exec(`UPDATE "prosodyarchive" SET ${change} WHERE "key" = 'b'`));
		const server = start();
		expect(value(server.open("test", "archive").find("room")).items.map(({ id }) => id)).toEqual(["a", "c"]);
		expect(server.log.join()).toContain(`the item b is left out, since ${reason}`);
	});
});

describe("the tables", () => {
	it("are Prosody's", () => {
		start().open("test", "keyval");
		stop();
		const columns = (table: string): unknown[] =>
			outside((other) => other.prepare(`SELECT name, type, "notnull", pk FROM pragma_table_info(?)`).raw().all(table));
		expect(columns("prosody")).toEqual(["host", "user", "store", "key", "type", "value"].map((name) => [name, "TEXT", 1, 0]));
		expect(columns("prosodyarchive")).toEqual([
			["sort_id", "INTEGER", 0, 1],
			...["host", "user", "store", "key"].map((name) => [name, "TEXT", 1, 0]),
			["when", "INTEGER", 1, 0],
			...["with", "type", "value"].map((name) => [name, "TEXT", 1, 0]),
		]);
		expect(rows(`SELECT name FROM sqlite_schema WHERE type = 'index' ORDER BY name`)).toEqual(
			[
				"prosody_unique_index",
				"prosodyarchive_index",
				"prosodyarchive_sort",
				"prosodyarchive_when",
				"prosodyarchive_with_when",
			].map((name) => [name]),
		);
	});

	it("are refused with columns of another version, and stay as they are", () => {
		for (const table of ["prosody", "prosodyarchive"]) {
			start().open("test", "keyval");
			stop();
			outside((other) => other.exec(`ALTER TABLE "${table}" ADD COLUMN "colour" TEXT`));
			const before = readFileSync(file);
			const server = start();
			const opened = server.try_open("test", "keyval");
			expect(opened.ok ? "" : opened.error.text).toMatch(
				new RegExp(`^${file}: the table ${table} has the columns .*, colour: expected [a-z_, ]*$`),
			);
			expect(server.problem()).toBe(opened.ok ? "" : opened.error.text);
			stop();
			expect(readFileSync(file).equals(before)).toBe(true);
			rmSync(file);
		}
	});

	it("are not made where sql_manage_tables says no", () => {
		const server = start({ sql_manage_tables: false });
		expect(server.problem()).toBe(
			`${file}: there is no table prosody and prosodyarchive, and sql_manage_tables forbids to make it`,
		);
	});

	it("of an older version keep their index, and hold each key once nevertheless", () => {
		start().open("test", "keyval");
		stop();
		outside((other) =>
			other.exec(`DROP INDEX "prosody_unique_index"; CREATE INDEX "prosody_index" ON "prosody" ("host", "user", "store", "key");
				INSERT INTO "prosody" VALUES ('${host}', 'room', 'test', 'a', 'number', '1'), ('${host}', 'room', 'test', 'a', 'number', '2')`),
		);
		const server = start();
		value(server.open("test", "map").set("room", "b", 1));
		value(server.open("test", "map").set("room", "b", 2));
		value(server.open("test", "keyval").set("room", { a: 2, b: 2 }));
		stop();
		expect(rows(`SELECT "key", "value" FROM "prosody" ORDER BY "key"`)).toEqual([
			["a", "2"],
			["b", "2"],
		]);
		expect(rows(`SELECT name FROM sqlite_schema WHERE type = 'index' AND tbl_name = 'prosody'`)).toEqual([["prosody_index"]]);
	});
});

describe("the file", () => {
	it("is one for all hosts that name it, and one turn stores for all of them", () => {
		const server = start({}, [host, "other.example"]);
		value(server.open("test", "keyval").set("a", { x: 1 }));
		value(server.open("test", "keyval", "other.example").set("a", { x: 2 }));
		expect(rows()).toEqual([]);
		server.server.turn.end();
		expect(server.server.turn.counts.commits).toBe(1);
		expect(rows()).toHaveLength(2);
	});

	it("is each server's own", () => {
		const first = start();
		value(first.open("test", "keyval").set("a", { x: 1 }));
		first.server.turn.end();
		const second = start();
		expect(value(second.open("test", "keyval").get("a"))).toEqual({ x: 1 });
		value(second.open("test", "keyval").set("a", { x: 2 }));
		second.server.turn.end();
		expect(value(first.open("test", "keyval").get("a"))).toEqual({ x: 2 });
	});

	it("lies where sql says, from the data folder on", () => {
		mkdirSync(join(folder, "sub"));
		for (const database of ["sub/data.db", join(folder, "absolute.db")]) {
			value(
				start({ sql: { driver: "SQLite3", database } })
					.open("test", "keyval")
					.set("a", { x: 1 }),
			);
			stop();
		}
		expect([existsSync(join(folder, "sub/data.db")), existsSync(join(folder, "absolute.db")), existsSync(file)]).toEqual([
			true,
			true,
			false,
		]);
	});

	it("can be memory", () => {
		const server = start({ sql: { driver: "SQLite3", database: ":memory:" } });
		value(server.open("test", "keyval").set("a", { x: 1 }));
		server.server.turn.end();
		expect(value(server.open("test", "keyval").get("a"))).toEqual({ x: 1 });
		expect(existsSync(join(folder, ":memory:"))).toBe(false);
	});

	const wrong_options: [ConfigValue, string | undefined][] = [
		[{ driver: "Oracle", database: "prosody" }, 'there is no driver "Oracle", SQLite3, PostgreSQL, MySQL is what there is'],
		[{ database: "x" }, "it names no driver"],
		[{ driver: "SQLite3", database: 5 }, "database is no file name"],
		["prosody.sqlite", undefined],
	];
	it.each<[ConfigValue, string]>([
		[{ driver: "PostgreSQL" }, "it names no database"],
		[{ driver: "MySQL", database: "prosody", password: 5 }, "password is no text"],
		[{ driver: "MySQL", database: "prosody", port: 70000 }, "port is no number of a port"],
	])("of a server elsewhere is refused by the option %j", (sql, reason) => {
		expect(start({ sql }).problem()).toContain(`option sql of ${host}: ${reason}: expected { driver = "`);
	});

	it.each(wrong_options)("is refused by the option %j", (sql, reason) => {
		const expected = 'expected { driver = "SQLite3", database = "prosody.sqlite" }';
		expect(start({ sql }).problem()).toBe(`option sql of ${host}: ${reason === undefined ? "" : `${reason}: `}${expected}`);
		expect(existsSync(file)).toBe(false);
	});

	it("that is no database is refused, and left alone; a better one can be put in its place", () => {
		writeFileSync(file, "no database".repeat(200));
		const server = start();
		expect(server.problem()).toBe(`${file}: it is not a SQLite 3 database (or an encrypted one) (file is not a database)`);
		expect(readFileSync(file, "utf8")).toBe("no database".repeat(200));
		rmSync(file);
		expect(server.problem()).toBeUndefined();
	});

	it("can be copied while the server runs, with its log", () => {
		const server = start();
		value(server.open("test", "keyval").set("a", { x: 1 }));
		server.server.turn.end();
		value(server.open("test", "keyval").set("a", { x: 2 }));
		for (const end of ["", "-wal"]) copyFileSync(file + end, join(folder, `copy.sqlite${end}`));
		const copy = new Sqlite(join(folder, "copy.sqlite"));
		expect(copy.prepare(`SELECT "value" FROM "prosody"`).pluck().all()).toEqual(["1"]);
		copy.close();
	});
});

it("reads a long answer in pieces, with other work between them", async () => {
	const archive = start().open("test", "archive");
	for (let index = 0; index < 450; index++) value(archive.append("room", `id${index}`, message(""), index, "w"));
	let other_work = 0;
	let done = false;
	const work = (): void => {
		other_work++;
		if (!done) setImmediate(work);
	};
	setImmediate(work);
	const before = other_work;
	const later = archive.find_later("room");
	expect(other_work).toBe(before);
	expect(value(await later).items).toHaveLength(450);
	done = true;
	expect(other_work).toBeGreaterThanOrEqual(4);
});

describe("the number of items", () => {
	it("is counted anew after somebody else has written, and after a turn has failed", () => {
		const server = start();
		const archive = server.open("test", "archive");
		const total = (): number | undefined => value(archive.find("room", { limit: 0, total: true })).total;
		value(archive.append("room", "a", message("a"), 1, "w"));
		server.server.turn.end();
		expect(total()).toBe(1);
		value(archive.append("room", undefined, message("b"), 1, "w"));
		expect(total()).toBe(2);
		server.server.turn.join({
			commit() {
				throw new Error("no room");
			},
			rollback: () => undefined,
		});
		server.server.turn.end();
		// The database was first to join, so what it had was stored before the other failed.
		expect(total()).toBe(2);
		server.server.turn.join({
			commit() {
				throw new Error("no room");
			},
			rollback: () => undefined,
		});
		value(archive.append("room", undefined, message("c"), 1, "w"));
		expect(total()).toBe(3);
		server.server.turn.end();
		expect(total()).toBe(2);
		outside((other) => other.exec(`DELETE FROM "prosodyarchive"`));
		expect(total()).toBe(0);
	});
});
