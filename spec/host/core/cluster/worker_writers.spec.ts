import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Sqlite from "better-sqlite3";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { shared_writers, WriterLines } from "../../../../host/core/cluster/worker_writers.ts";
import { SqliteDatabase } from "../../../../host/core/sqlite.ts";
import { aside_tables, check_tables } from "../../../../host/plugins/storage_sql/schema.ts";
import { MemoryBroker } from "../../../../host/util/cluster/memory.ts";
import { ok } from "../../../../host/util/error.ts";
import { Turn } from "../../../../host/util/turn.ts";
import { eventually } from "../../../helper.ts";

/** One of several processes, as far as a file is concerned. */
interface Process {
	readonly turn: Turn;
	readonly database: SqliteDatabase;
	readonly failures: string[];
}

let folder: string;
let file: string;
let broker: MemoryBroker;
let lines: WriterLines;
const processes: Process[] = [];

beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "enjamb-writers-"));
	file = join(folder, "shared.sqlite");
	broker = new MemoryBroker();
	lines = new WriterLines(broker.connect("supervisor"));
});
afterEach(() => {
	for (const { database } of processes.splice(0)) database.close();
	rmSync(folder, { recursive: true, force: true });
});

/** @param patience how long its turns wait, in milliseconds */
function begin(name: string, patience = 10_000): Process {
	const failures: string[] = [];
	const turn = new Turn((error) => void failures.push(String(error)), undefined, patience);
	const writers = shared_writers(broker.connect(name), name);
	const opened = SqliteDatabase.open({ file, turn, aside: aside_tables, writers });
	if (!opened.ok) throw new Error(opened.error.text);
	expect(check_tables(opened.value, true).ok).toBe(true);
	expect(opened.value.tune("default").ok).toBe(true);
	const made = { turn, database: opened.value, failures };
	processes.push(made);
	return made;
}

const insert = `INSERT INTO "prosody" ("host", "user", "store", "key", "type", "value") VALUES (?,?,?,?,?,?)`;

function write({ database }: Process, user: string, key: string): void {
	expect(database.write_one(insert, "a.example", user, "spec", key, "string", "x")).toEqual(ok(1));
}

function seen_by({ database }: Process, user: string): unknown {
	return database.read(() => ok(database.all(`SELECT "key" FROM "prosody" WHERE "user"=?`, user).length));
}

/** What is stored, as another program sees it. */
function stored(user: string): number {
	const other = new Sqlite(file, { readonly: true });
	try {
		return Number(other.prepare(`SELECT count(*) FROM "prosody" WHERE "user"=?`).pluck().get(user));
	} finally {
		other.close();
	}
}

describe("processes that write to one file", () => {
	it("all get their turns, and lose nothing, while each of them always has something to write", async () => {
		const names = ["a", "b", "c"];
		const all = names.map((name) => begin(name));
		const work = async (process: Process, name: string): Promise<void> => {
			for (let key = 0; key < 60; key++) {
				write(process, name, String(key));
				// What it has written it sees, whether that is stored or not
				expect(seen_by(process, name)).toEqual(ok(key + 1));
				await new Promise((resolve) => setImmediate(resolve));
			}
			await process.turn.done();
		};
		await Promise.all(all.map((process, index) => work(process, names[index] ?? "")));
		for (const name of names) expect(stored(name)).toBe(60);
		expect(all.flatMap(({ failures }) => failures)).toEqual([]);
		// Whoever waits for others of this server goes on as usual: many stanzas become one commit
		for (const { turn } of all) expect(turn.counts.failures).toBe(0);
	});

	it("keep their turn where nobody else wants it, and pass it on at once where they have nothing to write", async () => {
		const [a, b] = [begin("a"), begin("b")];
		write(a, "a", "1");
		await a.turn.done();
		expect(stored("a")).toBe(1);
		const commits = a.turn.counts.commits;
		write(a, "a", "2");
		a.turn.end();
		// Its turn still: nothing had to be waited for
		expect(stored("a")).toBe(2);
		expect(a.turn.counts.commits).toBe(commits + 1);
		write(b, "b", "1");
		await b.turn.done();
		expect(stored("b")).toBe(1);
	});

	it("give their turn to the others by their end, also by one that says nothing", async () => {
		const [a, b] = [begin("a"), begin("b")];
		write(a, "a", "1");
		await eventually(() => expect(stored("a")).toBe(1));
		// It begins to write, and is gone: what it wrote is not stored, as with a process that is killed
		write(a, "a", "2");
		write(b, "b", "1");
		b.turn.end();
		const lost = processes.shift();
		lost?.turn.fail(new Error("killed"));
		lost?.turn.end();
		lines.gone("a");
		await b.turn.done();
		expect([stored("a"), stored("b")]).toEqual([1, 1]);
		lost?.database.close();
	});

	it("do not wait for ever for one that hangs: what cannot be stored is undone, and is said; and go on once that one is gone", async () => {
		const b = begin("b", 100);
		shared_writers(broker.connect("hangs"), "hangs")
			.writer(file, () => {})
			.want();
		await new Promise((resolve) => setImmediate(resolve));
		write(b, "b", "1");
		await b.turn.done();
		expect(b.failures).toEqual([`Error: ${file}: another process of this server is using it, for 0 s`]);
		expect(seen_by(b, "b")).toEqual(ok(0));
		lines.gone("hangs");
		write(b, "b", "2");
		await b.turn.done();
		expect(stored("b")).toBe(1);
	});
});
