import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Sqlite from "better-sqlite3";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { SqliteDatabase } from "../../../host/core/sqlite.ts";
import { failed, ok } from "../../../host/util/error.ts";
import { Turn } from "../../../host/util/turn.ts";

let folder: string;
let file: string;
let turn: Turn;
let failures: string[];
const open_databases: SqliteDatabase[] = [];

function open(path = file, busy_timeout = 20): SqliteDatabase {
	const opened = SqliteDatabase.open({ file: path, turn, busy_timeout });
	if (!opened.ok) throw new Error(opened.error.text);
	open_databases.push(opened.value);
	return opened.value;
}

function open_with_table(): SqliteDatabase {
	const database = open();
	expect(database.set_up(["CREATE TABLE t (n INTEGER PRIMARY KEY, x TEXT)"])).toEqual(ok(undefined));
	expect(database.tune("default")).toEqual(ok(undefined));
	return database;
}

function insert(database: SqliteDatabase, n: number, x = "x"): ReturnType<SqliteDatabase["write_one"]> {
	return database.write_one("INSERT INTO t VALUES (?,?)", n, x);
}

function numbers(database: SqliteDatabase): unknown {
	return database.read(() => ok(database.all("SELECT n FROM t ORDER BY n").map(([n]) => n)));
}

/** What another process sees. */
function seen_outside(): unknown[] {
	const other = new Sqlite(file, { readonly: true });
	try {
		return other.prepare("SELECT n FROM t ORDER BY n").pluck().all();
	} finally {
		other.close();
	}
}

beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "enjamb-sqlite-"));
	file = join(folder, "test.sqlite");
	failures = [];
	turn = new Turn((error) => void failures.push(error instanceof Error ? error.message : String(error)));
});

afterEach(() => {
	turn.end();
	for (const database of open_databases.splice(0)) database.close();
	rmSync(folder, { recursive: true, force: true });
});

describe("a turn", () => {
	it("shows its writes to itself at once, and to others when it ends", () => {
		const database = open_with_table();
		expect(insert(database, 1)).toEqual(ok(1));
		expect(numbers(database)).toEqual(ok([1]));
		expect(seen_outside()).toEqual([]);
		turn.end();
		expect(seen_outside()).toEqual([1]);
		expect(turn.counts).toMatchObject({ turns: 1, commits: 1, failures: 0 });
	});

	it("commits a thousand writes at once", () => {
		const database = open_with_table();
		for (let n = 0; n < 1000; n++) database.write(() => ok(database.run("INSERT INTO t VALUES (?,?)", n, "x")));
		expect(seen_outside()).toEqual([]);
		turn.end();
		expect(turn.counts.commits).toBe(1);
		expect(seen_outside()).toHaveLength(1000);
	});

	it("ends by itself", async () => {
		const database = open_with_table();
		insert(database, 1);
		await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
		expect(seen_outside()).toEqual([1]);
	});

	it("stores nothing where another part of it cannot be stored", () => {
		const database = open_with_table();
		insert(database, 1);
		turn.end();
		turn.join({
			commit() {
				throw new Error("no room");
			},
			rollback: () => undefined,
		});
		insert(database, 2);
		turn.end();
		expect(failures).toEqual(["no room"]);
		expect(numbers(database)).toEqual(ok([1]));
		insert(database, 3);
		turn.end();
		expect(seen_outside()).toEqual([1, 3]);
	});

	it("takes back a failed piece of work alone", () => {
		const database = open_with_table();
		insert(database, 1);
		const refused = database.write(() => {
			database.run("INSERT INTO t VALUES (2, 'x')");
			return failed({ text: "changed my mind" });
		});
		expect(refused).toEqual(failed({ text: "changed my mind" }));
		const doubled = database.write(() => {
			database.run("INSERT INTO t VALUES (3, 'x')");
			return ok(database.run("INSERT INTO t VALUES (1, 'x')"));
		});
		expect(doubled).toEqual(failed({ text: `${file}: UNIQUE constraint failed: t.n`, refused: true }));
		expect(() =>
			database.write(() => {
				database.run("INSERT INTO t VALUES (4, 'x')");
				throw new TypeError("a mistake");
			}),
		).toThrow(new TypeError("a mistake"));
		expect(insert(database, 1)).toEqual(failed({ text: `${file}: UNIQUE constraint failed: t.n`, refused: true }));
		insert(database, 5);
		turn.end();
		expect(failures).toEqual([]);
		expect(seen_outside()).toEqual([1, 5]);
	});

	it("fails as a whole when the database is full, and the next one can go on", () => {
		const database = open_with_table();
		insert(database, 1);
		turn.end();
		const pages = database.read(() => ok(Number(database.first("PRAGMA page_count")?.[0])));
		const limit = (pages.ok ? pages.value : 0) + 2;
		database.read(() => ok(database.first(`PRAGMA max_page_count = ${limit}`)));
		insert(database, 2);
		const full = insert(database, 3, "x".repeat(50_000));
		expect(full.ok ? "" : full.error.text).toBe(`${file}: the disk (or the database) is full (database or disk is full)`);
		turn.end();
		// SQLite may have taken the whole transaction back. Either all of it counts, or the turn has failed.
		expect(seen_outside()).toEqual(failures.length > 0 ? [1] : [1, 2]);
		expect(insert(database, 4).ok).toBe(true);
		turn.end();
		expect(seen_outside()).toContain(4);
	});

	it("fails where SQLite has taken its transaction back, and writes nothing more until it ends", () => {
		const database = open_with_table();
		insert(database, 1);
		const lost = database.write(() => {
			database.run("INSERT INTO t VALUES (2, 'x')");
			return ok(database.run("INSERT OR ROLLBACK INTO t VALUES (1, 'x')"));
		});
		expect(lost.ok).toBe(false);
		const text = `${file}: UNIQUE constraint failed: t.n`;
		expect(insert(database, 3)).toEqual(failed({ text }));
		expect(numbers(database)).toEqual(failed({ text }));
		turn.end();
		expect(failures).toEqual([text]);
		expect(numbers(database)).toEqual(ok([]));
		insert(database, 4);
		turn.end();
		expect(seen_outside()).toEqual([4]);
	});

	it("fails where another process writes and there is nowhere else to write to", () => {
		const database = open_with_table();
		const other = new Sqlite(file);
		other.exec("BEGIN IMMEDIATE; INSERT INTO t VALUES (1, 'x')");
		const busy = failed({ text: `${file}: another process is using it (database is locked)`, locked: true });
		expect(insert(database, 2)).toEqual(busy);
		other.exec("COMMIT");
		other.close();
		expect(insert(database, 3)).toEqual(busy);
		expect(numbers(database)).toEqual(ok([1]));
		turn.end();
		expect(failures).toEqual([busy.error.text]);
		expect(insert(database, 4)).toEqual(ok(1));
		turn.end();
		expect(seen_outside()).toEqual([1, 4]);
	});
});

describe("the generation", () => {
	const generation = (database: SqliteDatabase): number => {
		const read = database.read(() => ok(database.generation()));
		if (!read.ok) throw new Error(read.error.text);
		return read.value;
	};

	it("stays for own writes, and changes for others' and for those taken back", () => {
		const database = open_with_table();
		const first = generation(database);
		insert(database, 1);
		turn.end();
		expect(generation(database)).toBe(first);
		const other = new Sqlite(file);
		other.exec("INSERT INTO t VALUES (2, 'x')");
		other.close();
		const second = generation(database);
		expect(second).not.toBe(first);
		database.write(() => failed({ text: "no" }));
		const third = generation(database);
		expect(third).not.toBe(second);
		insert(database, 3);
		database.rollback();
		expect(generation(database)).not.toBe(third);
	});
});

describe("the file", () => {
	const journal_mode = (): unknown => {
		const other = new Sqlite(file, { readonly: true });
		const mode = other.pragma("journal_mode", { simple: true });
		other.close();
		return mode;
	};

	it("has a log beside it while it is open, and none afterwards", () => {
		const database = open_with_table();
		insert(database, 1);
		turn.end();
		expect(existsSync(`${file}-wal`)).toBe(true);
		insert(database, 2);
		expect(database.close()).toEqual(ok(undefined));
		expect(existsSync(`${file}-wal`)).toBe(false);
		expect(journal_mode()).toBe("delete");
		expect(seen_outside()).toEqual([1, 2]);
		expect(insert(database, 3)).toEqual(failed({ text: `${file}: the database is closed` }));
		expect(numbers(database)).toEqual(failed({ text: `${file}: the database is closed` }));
		expect(database.close()).toEqual(ok(undefined));
	});

	it.each([
		["default", "wal", 2, 0],
		["normal", "wal", 1, 0],
		["fast", "wal", 0, 0],
		["safe", "delete", 3, 1],
	] as const)("is tuned %s", (how, mode, synchronous, fullfsync) => {
		const database = open();
		expect(database.tune(how)).toEqual(ok(undefined));
		const pragmas = ["journal_mode", "synchronous", "fullfsync"].map((name) =>
			database.read(() => ok(database.first(`PRAGMA ${name}`)?.[0])),
		);
		expect(pragmas).toEqual([ok(mode), ok(synchronous), ok(fullfsync)]);
	});

	it("is opened and closed beside another process that reads it", () => {
		const other = new Sqlite(file);
		other.exec("CREATE TABLE t (n INTEGER PRIMARY KEY, x TEXT); INSERT INTO t VALUES (1, 'x')");
		other.exec("BEGIN");
		other.prepare("SELECT * FROM t").all();
		const database = open();
		expect(database.tune("default")).toEqual(ok(undefined));
		expect(database.read(() => ok(database.first("PRAGMA journal_mode")))).toEqual(ok(["delete"]));
		other.exec("COMMIT");
		expect(database.tune("default")).toEqual(ok(undefined));
		insert(database, 2);
		turn.end();
		other.exec("BEGIN");
		expect(other.prepare("SELECT count(*) FROM t").pluck().get()).toBe(2);
		expect(database.close()).toEqual(ok(undefined));
		other.close();
		expect(seen_outside()).toEqual([1, 2]);
	});

	it("says so where the last turn cannot be stored", () => {
		const database = open_with_table();
		insert(database, 1);
		database.write(() => ok(database.run("INSERT OR ROLLBACK INTO t VALUES (1, 'x')")));
		expect(database.close()).toEqual(failed({ text: `${file}: UNIQUE constraint failed: t.n` }));
	});

	it("goes back from a log where the configuration says safe", () => {
		const other = new Sqlite(file);
		other.pragma("journal_mode = WAL");
		other.close();
		expect(open().tune("safe")).toEqual(ok(undefined));
		expect(journal_mode()).toBe("delete");
	});
});

describe("opening", () => {
	const refusal = (path: string): string => {
		const opened = SqliteDatabase.open({ file: path, turn, busy_timeout: 20 });
		if (opened.ok) opened.value.close();
		return opened.ok ? "opened" : opened.error.text;
	};

	/** Runs something as a user who may not do everything, where the specs run as one who may. */
	function without_privileges<T>(work: () => T): T {
		const { seteuid } = process;
		if (process.getuid?.() !== 0 || seteuid === undefined) return work();
		seteuid(65534);
		try {
			return work();
		} finally {
			seteuid(0);
		}
	}

	it.skipIf(process.getuid?.() !== 0)("gives a new file to whom the folder belongs, though root has made it", () => {
		chownSync(folder, 12345, 12346);
		open().close();
		const { uid, gid } = statSync(file);
		expect([uid, gid]).toEqual([12345, 12346]);
	});

	it("makes a file where there is none", () => {
		expect(refusal(file)).toBe("opened");
	});

	it("refuses a folder", () => {
		mkdirSync(file);
		expect(refusal(file)).toBe(`${file} is a folder: expected a SQLite 3 database`);
	});

	it("refuses a folder that is not there, or is a file", () => {
		writeFileSync(file, "");
		expect(refusal(join(folder, "none", "x.sqlite"))).toBe(
			`cannot keep a database in the folder ${join(folder, "none")} (ENOENT): expected a folder that this user may write to`,
		);
		expect(refusal(join(file, "x.sqlite"))).toBe(`cannot keep a database in ${file}: expected a folder`);
	});

	it("refuses what is no database, and leaves it as it was", () => {
		const text = "this is a letter, and not a database at all. ".repeat(100);
		writeFileSync(file, text);
		expect(refusal(file)).toBe(`${file}: it is not a SQLite 3 database (or an encrypted one) (file is not a database)`);
		expect(readFileSync(file, "utf8")).toBe(text);
	});

	it("refuses what is no file", () => {
		expect(refusal("/dev/null")).toBe("/dev/null is no file: expected a SQLite 3 database");
	});

	it("refuses a folder that may not be written to", () => {
		chmodSync(folder, 0o555);
		const refused = without_privileges(() => refusal(file));
		// Which of the two sees it depends on whether the specs run as a user who may do everything.
		expect([
			`cannot keep a database in the folder ${folder} (EACCES): expected a folder that this user may write to`,
			`${file}: it cannot be opened, or not be made in this folder (unable to open database file)`,
		]).toContain(refused);
	});

	it("refuses a file that may not be read or written", () => {
		writeFileSync(file, "");
		chmodSync(folder, 0o777);
		for (const mode of [0o444, 0o000]) {
			chmodSync(file, mode);
			expect(without_privileges(() => refusal(file))).toBe(
				`${file} cannot be read and written (EACCES): expected a database that belongs to this user`,
			);
		}
	});
});
