import {
	existsSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	statSync,
	symlinkSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { create_datamanager, type Datamanager } from "../../../host/util/datamanager.ts";
import type { Result } from "../../../host/util/error.ts";
import { path_decode, path_encode, store_encode } from "../../../host/util/file_names.ts";
import { entries, from_entries, type LuaTable, type LuaValue } from "../../../host/util/luatable.ts";
import { Turn } from "../../../host/util/turn.ts";
import { TurnFiles } from "../../../host/util/turn_files.ts";
import * as arbitrary from "../arbitrary_values.ts";
import { lua_same, run_lua, to_lua, why_not } from "../prosody_lua.ts";

const no_prosody = why_not("util.datamanager");
const host = "chat.example";

let folder: string;
let turn: Turn;
let dm: Datamanager;
let log: string[];
let failures: string[];

function start(): void {
	failures = [];
	log = [];
	turn = new Turn((error) => failures.push(String(error)));
	dm = create_datamanager({
		data_path: folder,
		files: new TurnFiles(turn),
		log(level, message, ...args) {
			log.push(`${level}: ${message.replace(/%[sdq]/g, () => String(args.shift()))}`);
		},
	});
}

function value<T>(result: Result<T, string>): T {
	if (!result.ok) throw new Error(result.error);
	return result.value;
}

function problem(result: Result<unknown, string>): string {
	return result.ok ? "" : result.error;
}

/** All files under the folder, by path. */
function on_disk(): Record<string, string> {
	const found = readdirSync(folder, { recursive: true, encoding: "utf8" }).sort();
	return Object.fromEntries(
		found
			.filter((name) => statSync(join(folder, name)).isFile())
			.map((name) => [name, readFileSync(join(folder, name), "latin1")]),
	);
}

function put(name: string, content: string | Buffer): string {
	const path = join(folder, name);
	mkdirSync(dirname(path), { recursive: true });
	writeFileSync(path, content);
	return path;
}

function index(...ends: number[]): Buffer {
	const bytes = Buffer.alloc((ends.length + 1) * 8);
	for (const [at, word] of [7767640, ...ends].entries()) bytes.writeBigUInt64LE(BigInt(word), at * 8);
	return bytes;
}

/** Runs Prosody's own datamanager, as `dm`, on the same folder. */
function theirs(script: string): string {
	return run_lua(
		`prosody = { paths = { data = arg[1] }, platform = "posix" }
		local dm = require "util.datamanager"
		${lua_same}
		${script}`,
		{ args: [folder] },
	);
}

const tables = fc
	.array(fc.tuple(arbitrary.key, arbitrary.value), { minLength: 1, maxLength: 5 })
	.map((items): LuaTable => without_empty_lists(from_entries(items)));

function without_empty_lists(table: LuaTable): LuaTable {
	if (Array.isArray(table) && table.length === 0) return from_entries([]);
	return from_entries(
		entries(table).map(([key, item]): [typeof key, LuaValue] => [
			key,
			typeof item === "object" ? without_empty_lists(item) : item,
		]),
	);
}

beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "enjamb-data-"));
	start();
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("paths", () => {
	it("are Prosody's", () => {
		expect(dm.getpath("dev-room", "conference.example.org", "muc_log", "list")).toBe(
			`${folder}/conference%2eexample%2eorg/muc_log/dev%2droom.list`,
		);
		expect(dm.getpath(undefined, "a_b", "persistent")).toBe(`${folder}/a%5fb/persistent.dat`);
		expect(dm.getpath(undefined, undefined, "pep:a")).toBe(`${folder}/_global/pep%3aa.dat`);
		expect(dm.getpath("ä/..", host, "x")).toBe(`${folder}/chat%2eexample/x/%c3%a4%2f%2e%2e.dat`);
	});

	it("are decoded to what was encoded", () => {
		fc.assert(
			fc.property(arbitrary.text, (name) => {
				for (const encode of [path_encode, store_encode]) {
					expect(encode(name)).toMatch(/^[A-Za-z0-9_%]*$/);
					expect(path_decode(encode(name))).toBe(name);
				}
			}),
		);
	});

	it.skipIf(no_prosody)("are encoded as Prosody encodes them", () => {
		const names = fc.sample(arbitrary.text, { numRuns: 300, seed: 1 });
		const answers = theirs(
			names.map((name) => `print(dm.getpath(${to_lua(name)}, ${to_lua(name)}, ${to_lua(name)}, "list"))`).join("\n"),
		);
		expect(names.map((name) => dm.getpath(name, name, name, "list"))).toEqual(answers.trimEnd().split("\n"));
	});
});

describe("tables", () => {
	it("are files, one for each user", () => {
		value(dm.store("romeo", host, "accounts", { password: "secret" }));
		value(dm.store(undefined, host, "persistent", { [`room@${host}`]: true }));
		value(dm.store(undefined, undefined, "cron", { a: 1 }));
		expect(on_disk()).toEqual({});
		expect(value(dm.load("romeo", host, "accounts"))).toEqual({ password: "secret" });
		turn.end();
		expect(on_disk()).toEqual({
			"chat%2eexample/accounts/romeo.dat": 'return {\n\t["password"] = "secret";\n};\n',
			"chat%2eexample/persistent.dat": 'return {\n\t["room@chat.example"] = true;\n};\n',
			"_global/cron.dat": 'return {\n\t["a"] = 1;\n};\n',
		});
		value(dm.store("romeo", host, "accounts", undefined));
		value(dm.store(undefined, host, "persistent", {}));
		turn.end();
		expect(Object.keys(on_disk())).toEqual(["_global/cron.dat"]);
	});

	it("name their users and stores", () => {
		for (const user of ["b", "ä", "a.b"]) value(dm.store(user, host, "test_store", { x: 1 }));
		value(dm.store("b", host, "other", { x: 1 }));
		value(dm.list_append("b", host, "offline", { x: 1 }));
		value(dm.store(undefined, host, "persistent", { x: true }));
		put("chat%2eexample/test_store/half.dat~", "return {");
		for (const pending of [true, false]) {
			if (!pending) turn.end();
			expect(value(dm.users(host, "test_store")).sort()).toEqual(["a.b", "b", "ä"]);
			expect(value(dm.users(host, "offline", "list"))).toEqual(["b"]);
			expect(value(dm.users(host, "nothing"))).toEqual([]);
			expect(value(dm.stores(true, host)).sort()).toEqual(["offline", "other", "test_store"]);
			expect(value(dm.stores("b", host)).sort()).toEqual(["other", "test_store"]);
			expect(value(dm.stores("b", host, "list"))).toEqual(["offline"]);
			expect(value(dm.stores(undefined, host))).toEqual(["persistent"]);
		}
		value(dm.purge("b", host));
		turn.end();
		expect(value(dm.stores("b", host))).toEqual([]);
		expect(value(dm.users(host, "test_store")).sort()).toEqual(["a.b", "ä"]);
		expect(value(dm.stores(undefined, host))).toEqual(["persistent"]);
	});

	it("may be changed or refused by callbacks", () => {
		const elsewhere = (user: string | undefined, on: string | undefined, store: string, data: LuaTable | undefined) =>
			[user === "temporary" ? false : user, on, `${store}_kept`, data] as const;
		expect(dm.add_callback(elsewhere)).toBe(true);
		expect(dm.add_callback(elsewhere)).toBe(false);
		value(dm.store("temporary", host, "test", { a: 1 }));
		value(dm.store("b", host, "test", { a: 1 }));
		expect(dm.remove_callback(elsewhere)).toBe(true);
		expect(dm.remove_callback(elsewhere)).toBe(false);
		turn.end();
		expect(Object.keys(on_disk())).toEqual(["chat%2eexample/test_kept/b.dat"]);
	});

	it.skipIf(no_prosody)("go from Prosody to us and back", () => {
		const samples = fc.sample(tables, { numRuns: 200, seed: 3 });
		theirs(samples.map((table, at) => `assert(dm.store("user${at}", "${host}", "test", ${to_lua(table)}))`).join("\n"));
		for (const [at, table] of samples.entries()) {
			expect(value(dm.load(`user${at}`, host, "test"))).toEqual(table);
			value(dm.store(`user${at}`, host, "test", table));
			value(dm.store(`ours${at}`, host, "test", table));
		}
		turn.end();
		const answers = theirs(
			samples
				.flatMap((table, at) =>
					["user", "ours"].map((name) => `print(same(dm.load("${name}${at}", "${host}", "test"), ${to_lua(table)}))`),
				)
				.join("\n"),
		);
		expect(new Set(answers.trimEnd().split("\n"))).toEqual(new Set(["true"]));
	});
});

describe("lists", () => {
	const first = 'item({\n\t["a"] = 1;\n});\n';
	const second = 'item({\n\t["text"] = "\\nitem(";\n});\n';

	it("are files to which entries are added", () => {
		value(dm.list_append("room", host, "muc_log", { a: 1 }));
		value(dm.list_append("room", host, "muc_log", { text: "\nitem(" }));
		turn.end();
		expect(on_disk()).toEqual({ "chat%2eexample/muc_log/room.list": first + second });
		value(dm.list_append("room", host, "muc_log", { a: 1 }));
		expect(value(dm.list_load("room", host, "muc_log"))).toEqual([{ a: 1 }, { text: "\nitem(" }, { a: 1 }]);
		turn.end();
		const list = value(dm.list_open("room", host, "muc_log"));
		expect(list?.length).toBe(3);
		expect(list && value(list.read(1))).toEqual({ text: "\nitem(" });
		expect(value(dm.build_list_index("room", host, "muc_log"))).toEqual([
			{ start: 0, length: first.length },
			{ start: first.length, length: second.length },
			{ start: first.length + second.length, length: first.length },
		]);
		value(dm.list_shift("room", host, "muc_log", 3));
		turn.end();
		expect(on_disk()).toEqual({ "chat%2eexample/muc_log/room.list": first });
		value(dm.list_store("room", host, "muc_log", []));
		turn.end();
		expect(on_disk()).toEqual({});
		expect(value(dm.list_load("room", host, "muc_log"))).toBeUndefined();
	});

	it("have an index kept up where Prosody 13 has made one, and none where there was none", () => {
		put("chat%2eexample/muc_log/room.list", first + second);
		put("chat%2eexample/muc_log/room.lidx", index(first.length, first.length + second.length));
		value(dm.list_append("room", host, "muc_log", { a: 1 }));
		value(dm.list_append("other", host, "muc_log", { a: 1 }));
		turn.end();
		expect(
			readFileSync(join(folder, "chat%2eexample/muc_log/room.lidx")).equals(
				index(first.length, first.length + second.length, first.length * 2 + second.length),
			),
		).toBe(true);
		expect(existsSync(join(folder, "chat%2eexample/muc_log/other.lidx"))).toBe(false);
		value(dm.list_shift("room", host, "muc_log", 2));
		turn.end();
		expect(existsSync(join(folder, "chat%2eexample/muc_log/room.lidx"))).toBe(false);
		expect(log).toEqual([]);
	});

	it.each([
		["too short", index(first.length)],
		["too long", index(first.length, first.length + second.length, 999)],
		["of another version", Buffer.concat([Buffer.from("11111111"), index().subarray(8)])],
		["with an entry that spans two", index(first.length + second.length)],
		["no whole number of words", Buffer.from("x")],
		["empty", Buffer.alloc(0)],
	])("have an index removed that is %s", (_what, wrong) => {
		put("chat%2eexample/muc_log/room.list", first + second);
		const path = put("chat%2eexample/muc_log/room.lidx", wrong);
		expect(value(dm.list_load("room", host, "muc_log"))).toEqual([{ a: 1 }, { text: "\nitem(" }]);
		expect(log).toEqual([`warn: ${path} does not fit its list, and was removed; Prosody makes a new one when it needs it`]);
		turn.end();
		expect(existsSync(path)).toBe(false);
	});

	it("notice when somebody else has written", () => {
		value(dm.list_append("room", host, "muc_log", { a: 1 }));
		turn.end();
		put("chat%2eexample/muc_log/room.list", first + first + second);
		expect(value(dm.list_open("room", host, "muc_log"))?.length).toBe(3);
		value(dm.list_append("room", host, "muc_log", { a: 1 }));
		turn.end();
		expect(value(dm.list_load("room", host, "muc_log"))).toHaveLength(4);
		rmSync(join(folder, "chat%2eexample/muc_log/room.list"));
		expect(value(dm.list_open("room", host, "muc_log"))).toBeUndefined();
	});

	it("with blanks where a disk was full once are read", () => {
		put("chat%2eexample/muc_log/room.list", `${first}        ${second}`);
		expect(value(dm.list_load("room", host, "muc_log"))).toHaveLength(2);
	});

	it.skipIf(no_prosody)("go from Prosody to us and back", () => {
		const samples = fc.sample(tables, { numRuns: 60, seed: 4 });
		theirs(samples.map((table) => `assert(dm.list_append("room", "${host}", "test", ${to_lua(table)}))`).join("\n"));
		expect(value(dm.list_load("room", host, "test"))).toEqual(samples);
		for (const table of samples) value(dm.list_append("room", host, "test", table));
		value(dm.list_store("copy", host, "test", samples));
		turn.end();
		const wanted = samples.map(to_lua).join(",");
		expect(
			theirs(`
				print(same(dm.list_load("copy", "${host}", "test"), {${wanted}}))
				print(same(dm.list_load("room", "${host}", "test"), {${wanted},${wanted}}))
			`),
		).toBe("true\ntrue\n");
	});
});

describe("what cannot be read", () => {
	it("is an error that names file and line, and is never written over", () => {
		const whole = 'return {\n\t["password"] = "secret";\n\t["roles"] = {\n\t\t["a"] = true;\n\t};\n};\n';
		for (const length of [0, 6, 8, 20, 40, whole.length - 4]) {
			const path = put("chat%2eexample/accounts/romeo.dat", whole.slice(0, length));
			start();
			const loaded = problem(dm.load("romeo", host, "accounts"));
			expect(loaded).toMatch(/^\/.*\/romeo\.dat, line \d: expected .*; the file is left as it is$/);
			expect(log).toEqual([`error: Cannot read the store accounts of romeo@${host}: ${loaded}`]);
			for (const data of [{ password: "other" }, {}, undefined]) {
				expect(problem(dm.store("romeo", host, "accounts", data))).toBe(`not stored: ${loaded}`);
			}
			value(dm.store("juliet", host, "accounts", { password: "x" }));
			turn.end();
			expect(failures).toEqual([]);
			expect(readFileSync(path, "utf8")).toBe(whole.slice(0, length));
			// Put right by hand, it works again.
			writeFileSync(path, whole);
			value(dm.store("romeo", host, "accounts", { password: "other" }));
			turn.end();
			expect(value(dm.load("romeo", host, "accounts"))).toEqual({ password: "other" });
		}
	});

	it("is noticed where it comes while the server runs", () => {
		value(dm.store("romeo", host, "accounts", { password: "secret" }));
		turn.end();
		put("chat%2eexample/accounts/romeo.dat", "return { broken");
		expect(problem(dm.store("romeo", host, "accounts", { password: "x" }))).toContain("not stored");
		turn.end();
		expect(readFileSync(join(folder, "chat%2eexample/accounts/romeo.dat"), "utf8")).toBe("return { broken");
	});

	it("is an error of a list, too, and stays in it when others come and go", () => {
		const good = 'item({\n\t["a"] = 1;\n});\n';
		const bad = 'item({\n\t["a"] = \u0000\u0000;\n});\n';
		const path = put("chat%2eexample/test/room.list", good + bad + good);
		expect(problem(dm.list_load("room", host, "test"))).toBe(
			`${path}, entry 2 (from byte ${good.length}), line 2: expected a value, found "\\u0000\\u0000;\\n});\\n"`,
		);
		expect(problem(dm.list_store("room", host, "test", [{ b: 1 }]))).toContain("not stored");
		value(dm.list_append("room", host, "test", { a: 1 }));
		turn.end();
		expect(readFileSync(path, "utf8")).toBe(good + bad + good + good);
	});

	it("has the rest of an entry that was cut off put aside before others are added", () => {
		const whole = 'item({\n\t["a"] = 1;\n});\n';
		for (let cut = 1; cut < whole.length; cut++) {
			start();
			const path = put("chat%2eexample/test/room.list", whole + whole.slice(0, cut));
			const aside = `${path}.cut-${whole.length}`;
			value(dm.list_append("room", host, "test", { a: 2 }));
			turn.end();
			const items = value(dm.list_load("room", host, "test"));
			// A whole entry may lack its semicolon and its line break.
			if (cut >= whole.length - 2) expect(items).toEqual([{ a: 1 }, { a: 1 }, { a: 2 }]);
			else {
				expect(items).toEqual([{ a: 1 }, { a: 2 }]);
				expect(readFileSync(aside, "utf8")).toBe(whole.slice(0, cut));
				expect(log).toEqual([`warn: ${path} ends within an entry; the ${cut} bytes of it were put into ${aside}`]);
				value(dm.purge("room", host));
				turn.end();
				expect(on_disk()).toEqual({});
			}
			rmSync(join(folder, "chat%2eexample"), { recursive: true, force: true });
		}
	});

	it("is mended after a crash: the rest of an entry goes aside, an index that does not fit goes", () => {
		const whole = 'item({\n\t["a"] = 1;\n});\n';
		const index = Buffer.alloc(16);
		index.writeBigUInt64LE(7767640n, 0);
		index.writeBigUInt64LE(BigInt(whole.length), 8);
		for (let cut = 1; cut <= whole.length; cut++) {
			start();
			const is_readable = cut >= whole.length - 2;
			const content = whole + whole.slice(0, cut);
			const room = put("chat%2eexample/test/room.list", content);
			const own = put("chat%2eexample/own.list", content);
			const good = put("chat%2eexample/test/good.list", whole);
			writeFileSync(room.replace(".list", ".lidx"), index);
			writeFileSync(good.replace(".list", ".lidx"), index);
			expect(dm.mend_lists(Date.now()).mended.sort()).toEqual(is_readable ? [] : [own, room].sort());
			turn.end();
			expect(failures).toEqual([]);
			expect(readFileSync(own, "utf8")).toBe(is_readable ? content : whole);
			expect(readFileSync(room, "utf8")).toBe(is_readable ? content : whole);
			expect(existsSync(room.replace(".list", ".lidx"))).toBe(false);
			expect(existsSync(good.replace(".list", ".lidx"))).toBe(true);
			expect(dm.mend_lists(Date.now())).toEqual({ mended: [], problems: [] });
			rmSync(join(folder, "chat%2eexample"), { recursive: true, force: true });
		}
	});

	it("is left alone where it was not written since then", () => {
		const path = put("chat%2eexample/test/room.list", 'item({\n\t["a"');
		expect(dm.mend_lists(Date.now() + 60_000)).toEqual({ mended: [], problems: [] });
		turn.end();
		expect(readFileSync(path, "utf8")).toBe('item({\n\t["a"');
		expect(dm.mend_lists(Date.now())).toEqual({ mended: [path], problems: [] });
		turn.end();
		expect(on_disk()).toEqual({ [`chat%2eexample/test/room.list.cut-0`]: 'item({\n\t["a"' });
	});

	it("has the zeros put aside that a machine without power has left", () => {
		const whole = 'item({\n\t["a"] = 1;\n});\n';
		const path = put("chat%2eexample/test/room.list", whole + "\0".repeat(100));
		value(dm.list_append("room", host, "test", { a: 2 }));
		turn.end();
		expect(value(dm.list_load("room", host, "test"))).toEqual([{ a: 1 }, { a: 2 }]);
		expect(readFileSync(`${path}.cut-${whole.length}`)).toHaveLength(100);
	});

	it("is no UTF-8, which is kept to the byte", () => {
		const path = put("chat%2eexample/config/room.dat", 'return {\n\t["nick"] = "a\\255b";\n\t["x"] = 1;\n};\n');
		const room = value(dm.load("room", host, "config"));
		expect(log).toEqual([`warn: ${path}, line 2: a text is not UTF-8; it is kept, byte for byte`]);
		if (typeof room !== "object" || Array.isArray(room) || room instanceof Map) throw new Error("no table");
		room["x"] = 2;
		value(dm.store("room", host, "config", room));
		turn.end();
		expect(readFileSync(path, "latin1")).toBe('return {\n\t["nick"] = "a\\255b";\n\t["x"] = 2;\n};\n');
	});
});

describe("a folder or disk that takes nothing", () => {
	it("fails the turn that writes there, and nothing else", () => {
		put("chat%2eexample/accounts", "a file in place of a folder");
		expect(problem(dm.store("romeo", host, "accounts", { a: 1 }))).toMatch(
			/accounts.*\(a part of its path is no folder, ENOTDIR\)/,
		);
		expect(problem(dm.load("romeo", host, "accounts"))).toMatch(/romeo\.dat: cannot be read \(a part of its path is no folder/);
		expect(problem(dm.users(host, "accounts"))).toMatch(/accounts: cannot be listed/);
		turn.end();
		expect(failures.splice(0)).toEqual([expect.stringMatching(/a part of its path is no folder/)]);
		value(dm.store("room", host, "config", { a: 1 }));
		turn.end();
		expect(failures).toEqual([]);
		expect(value(dm.load("room", host, "config"))).toEqual({ a: 1 });
	});

	it.skipIf(!existsSync("/dev/full"))("fails the turn where it is full, and leaves the old file", () => {
		value(dm.store("room", host, "config", { a: 1 }));
		turn.end();
		const before = on_disk();
		symlinkSync("/dev/full", join(folder, "chat%2eexample/config/room.dat~"));
		value(dm.store("room", host, "config", { a: 2 }));
		turn.end();
		expect(failures).toEqual([
			expect.stringMatching(/room\.dat: could not be written; it is as it was before \(the disk is full, ENOSPC\)/),
		]);
		expect(on_disk()).toEqual(before);
		expect(value(dm.load("room", host, "config"))).toEqual({ a: 1 });
		value(dm.store("room", host, "config", { a: 3 }));
		turn.end();
		expect(value(dm.load("room", host, "config"))).toEqual({ a: 3 });
	});
});
