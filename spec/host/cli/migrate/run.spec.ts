import {
	appendFileSync,
	chownSync,
	cpSync,
	existsSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	statSync,
	symlinkSync,
	truncateSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import Sqlite from "better-sqlite3";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Aside } from "../../../../host/cli/migrate/aside.ts";
import { internal_source } from "../../../../host/cli/migrate/internal_source.ts";
import { internal_target } from "../../../../host/cli/migrate/internal_target.ts";
import { Journal } from "../../../../host/cli/migrate/journal.ts";
import { parse_location } from "../../../../host/cli/migrate/location.ts";
import { run } from "../../../../host/cli/migrate/run.ts";
import { sqlite_source } from "../../../../host/cli/migrate/sqlite_source.ts";
import { sqlite_target } from "../../../../host/cli/migrate/sqlite_target.ts";
import { type Observer, transfer } from "../../../../host/cli/migrate/transfer.ts";
import type { Source, Target } from "../../../../host/cli/migrate/types.ts";
import { serialize } from "../../../../host/util/serialization.ts";

let folder: string;

beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "enjamb-spec-"));
});

afterEach(() => rmSync(folder, { recursive: true }));

function write(path: string, text: string | Buffer): string {
	const full = join(folder, path);
	mkdirSync(dirname(full), { recursive: true });
	writeFileSync(full, text);
	return full;
}

function lua(value: Parameters<typeof serialize>[0]): string {
	const text = serialize(value);
	if (!text.ok) throw new Error(text.error);
	return text.value;
}

function message(number: number, body = `message ${number} “é” \ufffd`): string {
	const attr = { from: "room@conference.example.com/romeo", type: "groupchat", stamp: "2023-11-14T22:13:20Z" };
	const child = new Map<string | number, string | Record<string, string>>([
		[1, body],
		["name", "body"],
		["attr", {}],
	]);
	const item = new Map<string | number, typeof child | string | number | typeof attr>([
		[1, child],
		["name", "message"],
		["attr", attr],
		["key", `key-${number}`],
		["when", 1700000000 + number / 4],
		["with", "message<groupchat"],
	]);
	return `item(${lua(item)});\n`;
}

const rooms = "data/conference%2eexample%2ecom";

/** A data folder with one of everything. */
function write_data(messages = 5): string {
	const config = new Map<string | number, unknown>();
	config.set("_jid", "room@conference.example.com");
	write(
		`${rooms}/config/room.dat`,
		`return {\n\t["_jid"] = "room@conference.example.com";\n\t["_data"] = {\n\t\t["name"] = "B\\195\\188hne";\n\t\t["history_length"] = 20;\n\t\t["id"] = 9223372036854775807;\n\t\t[3] = 0.5;\n\t};\n\t["romeo@example.com"] = "owner";\n\t["_affiliation_data"] = {};\n};\n`,
	);
	write(`${rooms}/persistent.dat`, 'return {\n\t["room@conference.example.com"] = true;\n};\n');
	write(`${rooms}/muc_log/room.list`, Array.from({ length: messages }, (_, number) => message(number)).join(""));
	write("data/example%2ecom/roster/romeo.dat", 'return {\n\t[false] = {\n\t\t["version"] = 1;\n\t};\n};\n');
	write("data/example%2ecom/private/o%27hara.dat", 'return {\n\t["a:b"] = {\n\t\t"x";\n\t\t"y";\n\t};\n};\n');
	return join(folder, "data");
}

/** All files of a folder with what is in them. */
function snapshot(path: string): Record<string, string> {
	const files = readdirSync(path, { recursive: true, encoding: "utf8" }).map((name) => join(path, name));
	return Object.fromEntries(
		files.filter((name) => statSync(name).isFile()).map((name) => [relative(path, name), readFileSync(name, "latin1")]),
	);
}

async function migrate(from: string, to: string, dry_run = false) {
	const out: string[] = [];
	const err: string[] = [];
	const status = await run({
		from,
		to,
		dry_run,
		write: (text) => void out.push(text),
		progress: { is_terminal: false, columns: 80, now: () => performance.now(), write: (text) => void err.push(text) },
	});
	return { status, out: out.join(""), err: err.join("") };
}

const digest_of = (out: string): string | undefined => /Digest of both: ([0-9a-f]{64})/.exec(out)?.[1];

describe("enjamb migrate", () => {
	it("moves files into SQLite and back, and nothing is lost", async () => {
		const data = write_data(2500);
		const before = snapshot(data);
		const there = await migrate(`internal:${data}`, `sql:${join(folder, "a.sqlite")}`);
		expect(there).toMatchObject({ status: 0 });
		expect(there.out).toContain("Verified: 2,507 records read back");
		expect(snapshot(data)).toEqual(before);
		const database = readFileSync(join(folder, "a.sqlite"));
		const back = await migrate(`sql:${join(folder, "a.sqlite")}`, `internal:${join(folder, "back")}`);
		expect(back).toMatchObject({ status: 0 });
		expect(digest_of(back.out)).toBe(digest_of(there.out));
		expect(readFileSync(join(folder, "a.sqlite"))).toEqual(database);
		const after = snapshot(join(folder, "back"));
		// The form is that of the version that writes; what is in it is the same.
		expect(Object.keys(after)).toEqual(Object.keys(before));
		const list = "conference%2eexample%2ecom/muc_log/room.list";
		const lines = (text = "") =>
			text
				.split("\n")
				.filter((line) => !line.includes('"stamp"'))
				.sort();
		expect(lines(after[list])).toEqual(lines(before[list]));
		expect(readdirSync(folder).sort()).toEqual(["a.sqlite", "back", "data"]);
	});

	it("writes tables as Prosody has them", async () => {
		await migrate(`internal:${write_data()}`, `sql:${join(folder, "a.sqlite")}`);
		const database = new Sqlite(join(folder, "a.sqlite"), { readonly: true });
		const rows = database.prepare(`SELECT "key", "type", "value" FROM "prosody" WHERE "store" = 'config' ORDER BY "key"`).all();
		expect(rows).toEqual([
			{ key: "_affiliation_data", type: "json", value: "{}" },
			{ key: "_data", type: "json", value: expect.stringContaining("Bühne") },
			{ key: "_jid", type: "string", value: "room@conference.example.com" },
			{ key: "romeo@example.com", type: "string", value: "owner" },
		]);
		const archive = database.prepare(`SELECT "user", "key", "when", "with", "type", "value" FROM "prosodyarchive" LIMIT 1`).get();
		expect(archive).toEqual({
			user: "room",
			key: "key-0",
			when: 1700000000,
			with: "message<groupchat",
			type: "xml",
			value: expect.stringMatching(/^<message .*><body>message 0 “é” \ufffd<\/body><\/message>$/),
		});
		expect(database.pragma("journal_mode", { simple: true })).toBe("delete");
		database.close();
	});

	it("moves what belongs to a host itself, also from where Enjamb once had it", async () => {
		const own = write("data/example%2ecom/uploads.list", message(1));
		write("data/example%2ecom/muc_log/.list", message(2));
		const there = await migrate(`internal:${join(folder, "data")}`, `sql:${join(folder, "a.sqlite")}`);
		expect(there).toMatchObject({ status: 0 });
		const back = await migrate(`sql:${join(folder, "a.sqlite")}`, `internal:${join(folder, "back")}`);
		expect(back).toMatchObject({ status: 0 });
		expect(digest_of(back.out)).toBe(digest_of(there.out));
		expect(readdirSync(join(folder, "back/example%2ecom")).sort()).toEqual(["muc_log.list", "uploads.list"]);
		// Where both are there, nobody can say which of them holds.
		write("data/example%2ecom/uploads/.list", message(3));
		const both = await migrate(`internal:${join(folder, "data")}`, `internal:${join(folder, "copy")}`);
		expect(both).toMatchObject({ status: 0, out: expect.stringContaining(`there is ${own} already`) });
	});

	it("leaves the indexes of lists to Prosody 13", async () => {
		write_data(3);
		write(`${rooms}/muc_log/room.lidx`, "an index");
		await migrate(`internal:${join(folder, "data")}`, `internal:${join(folder, "copy")}`);
		expect(readdirSync(join(folder, "copy/conference%2eexample%2ecom/muc_log"))).toEqual(["room.list"]);
	});

	it("tells beforehand what there is, and writes nothing", async () => {
		const data = write_data();
		write(`${rooms}/config/broken.dat`, 'return {\n\t["_jid"] = "bro');
		const before = snapshot(folder);
		const { status, out, err } = await migrate(`internal:${data}`, `sql:${join(folder, "a.sqlite")}`, true);
		expect(status).toBe(3);
		expect(out).toMatch(/conference\.example\.com +config +tables +1 +4 +1\n/);
		expect(out).toMatch(/conference\.example\.com +muc_log +archives +1 +5 +0\n/);
		expect(out).toContain("Nothing was written.");
		expect(err).toContain("broken.dat: line 2: expected");
		expect(snapshot(folder)).toEqual(before);
	});

	it("keeps aside what cannot be read, names and counts it, and moves the rest", async () => {
		const data = write_data(3);
		const broken = write(`${rooms}/config/broken.dat`, 'return {\n\t["_jid"] = "bro');
		write(`${rooms}/config/text.dat`, 'return "text";\n');
		const list = join(folder, rooms, "muc_log/room.list");
		const cut = 'item({\n\t["name"] = "mess\nage";\n});\n';
		writeFileSync(list, message(0) + cut + message(1) + message(1) + message(2).slice(0, -20));
		const { status, out, err } = await migrate(`internal:${data}`, `sql:${join(folder, "a.sqlite")}`);
		expect(status).toBe(3);
		expect(err).toContain(`Cannot be moved: ${broken}: line 2`);
		expect(err).toContain("text.dat: it holds no table");
		expect(err).toContain(`${list}, entry 2 (from byte ${message(0).length})`);
		expect(err).toContain("item key-1: it cannot be held by sql:");
		expect(out).toMatch(/muc_log +archives +1 +2 +3\n/);
		expect(out).toContain("5 records could not be moved, and kept as found in ");
		const aside = snapshot(join(folder, "a.sqlite.aside"));
		expect(aside["conference%2eexample%2ecom/config/broken.dat"]).toBe(readFileSync(broken, "latin1"));
		const kept = aside["conference%2eexample%2ecom/muc_log/room.list"] ?? "";
		expect(kept.startsWith(cut)).toBe(true);
		expect(kept.endsWith(message(2).slice(0, -20))).toBe(true);
		expect(aside["conference%2eexample%2ecom/muc_log/room.list.txt"]?.split("\n")).toHaveLength(4);
	});

	it.skipIf(!existsSync("/proc/self/mem"))("ends at a file that cannot be read at all, and goes on from there", async () => {
		const data = write_data();
		const broken = join(folder, rooms, "config/x.dat");
		symlinkSync("/proc/self/mem", broken);
		const file = join(folder, "a.sqlite");
		const first = await migrate(`internal:${data}`, `sql:${file}`);
		expect(first).toMatchObject({ status: 1, err: expect.stringContaining(`${broken} cannot be read (EIO). What was moved`) });
		expect(existsSync(`${file}.aside`)).toBe(false);
		rmSync(broken);
		expect(await migrate(`internal:${data}`, `sql:${file}`)).toMatchObject({ status: 0 });
	});

	it("keeps aside what the target cannot hold", async () => {
		const data = write_data(1);
		write("data/example%2ecom/private/odd.dat", `return {\n\t["${"x".repeat(10)}"] = (0/0);\n};\n`);
		write("data/example%2ecom/private/inf.dat", 'return {\n\t["a"] = {\n\t\t["b"] = (1/0);\n\t};\n};\n');
		const { status, err } = await migrate(`internal:${data}`, `sql:${join(folder, "a.sqlite")}`);
		expect(status).toBe(3);
		expect(err).toContain("private of odd@example.com: it cannot be held by sql:");
		expect(err).toContain("private of inf@example.com: it cannot be held by sql:");
		const copied = await migrate(`internal:${data}`, `internal:${join(folder, "copy")}`);
		expect(copied.status).toBe(0);
		expect(snapshot(join(folder, "copy"))["example%2ecom/private/odd.dat"]).toContain("(0/0)");
	});

	it("keeps bytes that are no UTF-8, in whatever kind of column they are", async () => {
		write("data/example%2ecom/private/odd.dat", 'return {\n\t["a"] = "x\\255";\n\t["b"] = "\\239\\191\\189";\n};\n');
		const file = join(folder, "a.sqlite");
		expect((await migrate(`internal:${join(folder, "data")}`, `sql:${file}`)).status).toBe(0);
		const database = new Sqlite(file);
		// As a real Prosody writes them.
		database.exec(`UPDATE "prosody" SET "value" = CAST("value" AS TEXT)`);
		database.close();
		expect((await migrate(`sql:${file}`, `internal:${join(folder, "b")}`)).status).toBe(0);
		expect(snapshot(join(folder, "b"))).toEqual(snapshot(join(folder, "data")));
	});

	it("reads databases of 0.12, and keeps aside their rows that are none", async () => {
		const file = join(folder, "old.sqlite");
		const database = new Sqlite(file);
		database.exec(`
			CREATE TABLE "prosody" ("host" TEXT, "user" TEXT, "store" TEXT, "key" TEXT, "type" TEXT, "value" TEXT);
			CREATE INDEX "prosody_index" ON "prosody" ("host", "user", "store", "key");
			CREATE TABLE "prosodyarchive" ("sort_id" INTEGER PRIMARY KEY AUTOINCREMENT, "host" TEXT, "user" TEXT, "store" TEXT, "key" TEXT, "when" INTEGER, "with" TEXT, "type" TEXT, "value" TEXT);
			INSERT INTO "prosody" VALUES ('h', 'u', 'config', '_jid', 'string', 'u@h'), ('h', 'u', 'config', '_data', 'json', '{"a'),
				('h', 'u', 'config', '', 'json', '[["not"'), ('h', '', 'persistent', 'u@h', 'boolean', 'true');
			INSERT INTO "prosodyarchive" ("host", "user", "store", "key", "when", "with", "type", "value") VALUES
				('h', 'u', 'muc_log', 'a', 1, 'w', 'xml', '<message xmlns="jabber:client"><body>a</body></message>'),
				('h', 'u', 'muc_log', 'b', 2, 'w', 'xml', '<message><body>'), ('h', 'u', 'muc_log', 'c', 3, 'w', 'json', '{}');
			CREATE TABLE "other" ("x");`);
		database.close();
		const { status, out, err } = await migrate(`sql:${file}`, `internal:${join(folder, "new")}`);
		expect(status).toBe(3);
		expect(err).toContain(`${file}: key "_data"`);
		expect(err).toContain(`${file}: item b (sort_id 2): it holds no stanza`);
		expect(out).toContain("Left behind:\n  table other: not one of Prosody's\n");
		expect(readFileSync(join(folder, "new/h/config/u.dat"), "utf8")).toBe('return {\n\t["_jid"] = "u@h";\n};\n');
		expect(readFileSync(join(folder, "new/h/muc_log/u.list"), "utf8")).toContain('["key"] = "a"');
		expect(snapshot(join(folder, "new.aside"))["h/muc_log/u.list"]).toContain('"sort_id":3');
	});

	it("leaves no trace beside a database that uses a log", async () => {
		await migrate(`internal:${write_data(1)}`, `sql:${join(folder, "a.sqlite")}`);
		const database = new Sqlite(join(folder, "a.sqlite"));
		database.pragma("journal_mode = WAL");
		database.close();
		const before = readFileSync(join(folder, "a.sqlite"));
		expect((await migrate(`sql:${join(folder, "a.sqlite")}`, `internal:${join(folder, "b")}`)).status).toBe(0);
		expect(readdirSync(folder).sort()).toEqual(["a.sqlite", "b", "data"]);
		expect(readFileSync(join(folder, "a.sqlite"))).toEqual(before);
	});

	it.skipIf(process.getuid?.() !== 0)("leaves to whom the folder belongs what root has moved", async () => {
		const data = write_data(1);
		for (const [kind, path] of [
			["internal", join(folder, "own/data")],
			["sql", join(folder, "own/a.sqlite")],
		]) {
			mkdirSync(join(folder, "own"), { recursive: true });
			chownSync(join(folder, "own"), 1234, 1234);
			expect((await migrate(`internal:${data}`, `${kind}:${path}`)).status).toBe(0);
		}
		const found = readdirSync(join(folder, "own"), { recursive: true, encoding: "utf8" });
		expect(found.length).toBeGreaterThan(8);
		for (const name of found) expect([name, statSync(join(folder, "own", name)).uid]).toEqual([name, 1234]);
	});

	it("names what lies in a data folder and is no store", async () => {
		const data = write_data(1);
		write("data/share%2eexample%2ecom/http_file_share/a.bin", "");
		write("data/share%2eexample%2ecom/http_file_share/b.bin", "");
		write(`${rooms}/config/room.dat~`, "");
		write("data/_global/x.dat", "return {};");
		write("data/notes.txt", "");
		symlinkSync("nowhere", join(data, "example%2ecom/link.dat"));
		symlinkSync("/dev/null", join(data, "example%2ecom/null.dat"));
		write("data/example%2ecom/roster/romeo%2E.dat", "return {};");
		const { status, out } = await migrate(`internal:${data}`, `sql:${join(folder, "a.sqlite")}`);
		expect(status).toBe(0);
		expect(out).toContain("http_file_share/*.bin (2): not one of Prosody's stores");
		expect(out).toContain("/*.dat~: left over from a write that was cut off");
		expect(out).toContain("_global/: belongs to no host");
		expect(out).toContain("notes.txt: not in the folder of a host");
		expect(out).toContain("link.dat: a link to what is not there");
		expect(out).toContain("romeo%2E.dat: not named as Prosody names its files");
		expect(out).toContain("null.dat: no file");
	});

	it("never writes over anything", async () => {
		const data = write_data();
		const file = join(folder, "a.sqlite");
		await migrate(`internal:${data}`, `sql:${file}`);
		const before = snapshot(folder);
		const again = await migrate(`internal:${data}`, `sql:${file}`);
		expect(again).toMatchObject({ status: 1, err: expect.stringContaining("has data in it; nothing is ever written over") });
		const full = await migrate(`sql:${file}`, `internal:${data}`);
		expect(full).toMatchObject({ status: 1, err: expect.stringContaining("is not empty") });
		expect((await migrate(`internal:${data}`, `internal:${join(folder, ".", "data")}`)).err).toContain("the same place");
		expect(snapshot(folder)).toEqual(before);
	});

	it("tells beforehand too when the target is not free", async () => {
		const data = write_data();
		const file = join(folder, "a.sqlite");
		await migrate(`internal:${data}`, `sql:${file}`);
		const again = await migrate(`internal:${data}`, `sql:${file}`, true);
		expect(again).toMatchObject({
			status: 1,
			out: "",
			err: expect.stringContaining("has data in it; nothing is ever written over"),
		});
	});

	it("leaves alone what another migration has kept aside", async () => {
		const data = write_data();
		const file = join(folder, "a.sqlite");
		const broken = write(`${rooms}/config/broken.dat`, "return {");
		expect((await migrate(`internal:${data}`, `sql:${file}`)).status).toBe(3);
		rmSync(file);
		writeFileSync(broken, "return { 1");
		const before = snapshot(folder);
		const { status, err } = await migrate(`internal:${data}`, `sql:${file}`);
		expect({ status, err }).toEqual({ status: 1, err: expect.stringContaining(`${file}.aside has what another migration`) });
		expect(snapshot(folder)).toEqual(before);
	});

	it("keeps out of the folder that it reads", async () => {
		const data = write_data();
		const before = snapshot(folder);
		symlinkSync(data, join(folder, "link"));
		for (const target of [join(data, "new"), join(folder, "link", "deep", "new")]) {
			const { status, err } = await migrate(`internal:${data}`, `internal:${target}`);
			expect({ status, err }).toEqual({ status: 1, err: expect.stringContaining("is in the folder that is read") });
		}
		rmSync(join(folder, "link"));
		expect(snapshot(folder)).toEqual(before);
		// The one place for both, as Debian's configuration has it: a database is no part of a folder's data.
		expect(await migrate(`internal:${data}`, `sql:${join(data, "prosody.sqlite")}`)).toMatchObject({ status: 0 });
	});

	it("does not take for data what is none", async () => {
		write("etc/prosody.cfg.lua", "-- nothing\n");
		new Sqlite(join(folder, "other.sqlite")).exec("CREATE TABLE notes (text)").close();
		for (const from of ["internal:etc", "sql:other.sqlite", "metronome:etc"]) {
			const place = from.replace(":", `:${folder}/`);
			const { status, err } = await migrate(place, `sql:${join(folder, "a.sqlite")}`);
			expect({ status, err }).toEqual({ status: 1, err: expect.stringContaining("there is nothing to move in") });
		}
		expect(readdirSync(folder).sort()).toEqual(["etc", "other.sqlite"]);
	});

	it("says who has a database, and that it is not that there is something in it", async () => {
		const data = write_data();
		const file = join(folder, "a.sqlite");
		await migrate(`internal:${data}`, `sql:${file}`);
		const other = new Sqlite(file);
		other.pragma("journal_mode = DELETE");
		other.exec("BEGIN EXCLUSIVE");
		try {
			const { status, err } = await migrate(`sql:${file}`, `internal:${join(folder, "b")}`);
			expect({ status, err }).toEqual({ status: 1, err: expect.stringContaining(`${file}: another process is using it`) });
		} finally {
			other.close();
		}
	});

	it.each([
		["internal:FILE", "is a file: expected a folder"],
		["sql:FOLDER", "is a folder: expected a file"],
		["sql:FOLDER/none/a.sqlite", "there is no folder"],
		["sql:FILE", "it is not a SQLite 3 database"],
	])("says what is wrong with --to %s", async (to, expected) => {
		const data = write_data();
		const file = write("file", "some text that is no database, and long enough to be looked at: ".repeat(20));
		const before = snapshot(folder);
		const { status, err } = await migrate(`internal:${data}`, to.replace("FILE", file).replace("FOLDER", folder));
		expect({ status, err }).toEqual({ status: 1, err: expect.stringContaining(expected) });
		expect(err).not.toContain("stays");
		expect(snapshot(folder)).toEqual(before);
	});

	it.each([
		["nothing", "cannot tell what nothing is: expected internal:FOLDER"],
		["oracle:x", "cannot tell what oracle:x is"],
		["internal:/nowhere/at/all", "there is no /nowhere/at/all"],
		["sql:FILE", "not a database"],
		["sql:FOLDER", "is a folder"],
		["internal:FILE", "is a file"],
		["config:FILE", "ends in .lua"],
	])("says what is wrong with --from %s", async (from, expected) => {
		const file = write("file", "some text that is no database, and long enough to be looked at: ".repeat(20));
		const named = from.replace("FILE", file).replace("FOLDER", folder);
		const { status, err } = await migrate(named, `sql:${join(folder, "a.sqlite")}`);
		expect({ status, err }).toEqual({ status: 1, err: expect.stringContaining(expected) });
		expect(existsSync(join(folder, "a.sqlite"))).toBe(false);
	});

	it("takes places from configurations", async () => {
		const internal = write("a.cfg.lua", 'data_path = "x"\nstorage = "internal"\nVirtualHost "a"\n');
		const sql = write("b.cfg.lua", 'storage = "sql"\nsql = { driver = "SQLite3", database = "y.db" }\nVirtualHost "a"\n');
		const both = write("c.cfg.lua", 'storage = { muc_log = "sql" }\ndefault_storage = "internal"\nVirtualHost "a"\n');
		expect(await parse_location(`config:${internal}`)).toEqual({
			ok: true,
			value: { kind: "internal", path: join(folder, "x") },
		});
		expect(await parse_location(`config:${sql}`)).toEqual({ ok: true, value: { kind: "sql", path: join(folder, "data/y.db") } });
		expect(await parse_location(`config:${both}`)).toMatchObject({ ok: false, error: expect.stringContaining("several places") });
	});
});

/** A run that ends as by SIGKILL: without a chance to commit or close anything. */
class Killed extends Error {}

describe("a migration that was ended", () => {
	type Kind = "internal" | "sql";
	const sources = { internal: internal_source, sql: sqlite_source };

	function open_target(kind: Kind, path: string): Target {
		if (kind === "internal") return internal_target(path);
		const opened = sqlite_target(path);
		if (!opened.ok) throw new Error(opened.error);
		return opened.value;
	}

	/** Moves until so many records were read, and lets go of everything then. */
	function move_until(source: Source, kind: Kind, path: string, records: number): void {
		const journal = Journal.open(
			kind === "internal" ? join(path, "enjamb.migration") : `${path}.migration`,
			source.name,
			`${kind}:${path}`,
		);
		if (!journal.ok) throw new Error(journal.error);
		if (kind === "internal") mkdirSync(path, { recursive: true });
		let seen = 0;
		const observer: Observer = {
			advanced(_unit, _size, more) {
				seen += more;
				if (seen > records) throw new Killed();
			},
			found_done: () => {},
			kept_aside: () => {},
		};
		const target = open_target(kind, path);
		try {
			transfer({ source, target, journal: journal.value, aside: new Aside(`${path}.aside`), observer });
		} catch (error) {
			if (!(error instanceof Killed)) throw error;
		}
		// What a killed process has not committed is gone; a closed one would have committed it.
		if (kind === "sql") {
			const copy = `${path}.copy`;
			for (const suffix of ["", "-wal"]) if (existsSync(path + suffix)) cpSync(path + suffix, copy + suffix);
			target.close();
			for (const suffix of ["", "-wal", "-shm"]) rmSync(path + suffix, { force: true });
			for (const suffix of ["", "-wal"]) if (existsSync(copy + suffix)) cpSync(copy + suffix, path + suffix);
			for (const suffix of ["", "-wal"]) rmSync(copy + suffix, { force: true });
		}
	}

	function prepare(kind: Kind): { from: string; to: string; to_kind: Kind } {
		const data = write_data(11_000);
		appendFileSync(join(data, "conference%2eexample%2ecom/muc_log/room.list"), "item(broken\n");
		write(`${rooms}/muc_log/other.list`, Array.from({ length: 1500 }, (_, number) => message(number)).join(""));
		if (kind === "internal") return { from: data, to: join(folder, "out.sqlite"), to_kind: "sql" };
		const file = join(folder, "in.sqlite");
		const target = open_target("sql", file);
		const journal = Journal.open(`${file}.migration`, "x", "y");
		if (!journal.ok) throw new Error(journal.error);
		const observer = { advanced: () => {}, found_done: () => {}, kept_aside: () => {} };
		transfer({ source: internal_source(data), target, journal: journal.value, aside: new Aside(`${file}.aside`), observer });
		target.close();
		journal.value.remove();
		return { from: file, to: join(folder, "out"), to_kind: "internal" };
	}

	it.each(["internal", "sql"] as const)("goes on from %s where it was, and ends as if nothing had been", async (kind) => {
		const { from, to, to_kind } = prepare(kind);
		const whole = await migrate(`${kind}:${from}`, `${to_kind}:${join(folder, "whole")}`);
		for (const records of [0, 3, 1200, 5000, 4500]) {
			const source = sources[kind](from);
			move_until(source, to_kind, to, records);
			source.close();
		}
		const { status, err, out } = await migrate(`${kind}:${from}`, `${to_kind}:${to}`);
		expect(err).toContain("Going on where an earlier run ended, behind ");
		expect(status).toBe(whole.status);
		expect(digest_of(out)).toBe(digest_of(whole.out));
		expect(digest_of(out)).toBeDefined();
		if (kind === "internal") {
			expect(snapshot(`${to}.aside`)).toEqual(snapshot(join(folder, "whole.aside")));
		} else expect(snapshot(to)).toEqual(snapshot(join(folder, "whole")));
		expect(existsSync(`${to}.migration`) || existsSync(join(to, "enjamb.migration"))).toBe(false);
	});

	it("begins a unit anew of which the target has lost something", async () => {
		const { from, to } = prepare("sql");
		const source = sqlite_source(from);
		move_until(source, "internal", to, 10_000);
		source.close();
		truncateSync(join(to, "conference%2eexample%2ecom/muc_log/room.list"), 1000);
		expect((await migrate(`sql:${from}`, `internal:${to}`)).status).toBe(0);
	});

	it("does not go on when the source has changed, nor with another source", async () => {
		const { from, to } = prepare("internal");
		const source = internal_source(from);
		move_until(source, "sql", to, 10_000);
		const other = await migrate(`internal:${dirname(from)}`, `sql:${to}`);
		expect(other).toMatchObject({ status: 1, err: expect.stringContaining("was begun here") });
		appendFileSync(join(folder, rooms, "muc_log/room.list"), message(99_999));
		const changed = await migrate(`internal:${from}`, `sql:${to}`);
		expect(changed).toMatchObject({ status: 1, err: expect.stringContaining("has changed since") });
	});

	it("is not taken for a good one when the target was changed", async () => {
		const { from, to } = prepare("internal");
		const source = internal_source(from);
		move_until(source, "sql", to, Number.POSITIVE_INFINITY);
		const database = new Sqlite(to);
		database.exec(
			`UPDATE "prosodyarchive" SET "value" = replace("value", 'message 7 ', 'massage 7 ') WHERE "user" = 'room' AND "key" = 'key-7'`,
		);
		database.close();
		const { status, err } = await migrate(`internal:${from}`, `sql:${to}`);
		expect(status).toBe(1);
		expect(err).toContain("muc_log of room@conference.example.com: it differs from what was read");
	});
});
