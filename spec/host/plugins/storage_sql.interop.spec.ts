// The same file in the hands of Prosody (its own mod_storage_sql) and of ours, in turn.

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Sqlite from "better-sqlite3";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { LuaKey, LuaMap, LuaValue } from "../../../host/util/luatable.ts";
import * as st from "../../../host/util/stanza.ts";
import * as arbitrary from "../arbitrary_values.ts";
import { lua_same, run_lua, to_lua, why_not } from "../prosody_lua.ts";
import { type StorageServer, start_storage } from "../storage_server.ts";
import { value } from "./storage.common.ts";

const host = "chat.example";
const no_prosody = why_not("util.sql", "util.json", "DBI");

let folder: string;
let running: StorageServer | undefined;

function ours(): StorageServer {
	running = start_storage({ "*": { storage: "sql" }, [host]: {} }, { folder });
	return running;
}

function stop(): void {
	running?.stop(true);
	running = undefined;
}

/** Runs Lua in which `open(store, kind)` opens a store of Prosody in the same file. */
function theirs(script: string): string {
	return run_lua(
		`
		prosody = {
			events = require "util.events".new(); hosts = {}; full_sessions = {}; bare_sessions = {};
			core_post_stanza = function () end; platform = "posix"; config_loaded = true;
			paths = { data = arg[1]; plugins = "/usr/lib/prosody/modules" };
		}
		CFG_PLUGINDIR = "/usr/lib/prosody/modules/"
		local config = require "core.configmanager"
		config.set("${host}", "storage", "sql")
		config.set("${host}", "sql", { driver = "SQLite3", database = "prosody.sqlite" })
		local storagemanager = require "core.storagemanager"
		assert(require "core.hostmanager".activate("${host}", {}))
		require "util.logger".add_simple_sink(function (_, level, message)
			if level == "error" or level == "warn" then error(message) end
		end)
		local st = require "util.stanza"
		local function open(store, kind) return assert(storagemanager.open("${host}", store, kind)) end
		${lua_same}
		${script}
		`,
		{ args: [folder] },
	);
}

function indexes(): unknown[] {
	const file = new Sqlite(join(folder, "prosody.sqlite"));
	const names = file
		.prepare("SELECT name FROM sqlite_schema WHERE type = 'index' AND tbl_name = 'prosody' ORDER BY name")
		.pluck()
		.all();
	file.close();
	return names;
}

/** Tables as both sides hold them: without empty lists, which Lua cannot tell from other empty tables. */
const tables = fc
	.array(fc.tuple(arbitrary.key, arbitrary.value), { minLength: 1, maxLength: 6 })
	.map((items): LuaMap => new Map(items.map(([key, item]) => [key, without_empty(item)])));

function without_empty(item: LuaValue): LuaValue {
	if (typeof item !== "object") return item;
	if (Array.isArray(item)) return item.length === 0 ? {} : item.map(without_empty);
	if (item instanceof Map) return new Map([...item].map(([key, inner]) => [key, without_empty(inner)]));
	return Object.fromEntries(
		Object.entries(item).flatMap(([key, inner]) => (inner === undefined ? [] : [[key, without_empty(inner)]])),
	);
}

/** LuaDBI ends text at a NUL, and Prosody's SQL storage reads a `false` of the outermost table as nothing. */
function survives_prosody(table: LuaMap): boolean {
	return !to_lua(table).includes("x00") && ![...table.values()].includes(false);
}

const samples = fc.sample(tables.filter(survives_prosody), { numRuns: 200, seed: 7 });

beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "enjamb-interop-"));
});
afterEach(() => {
	stop();
	rmSync(folder, { recursive: true, force: true });
});

describe.skipIf(no_prosody)("a file that Prosody has made", () => {
	it("keeps its tables when we read and change them", () => {
		theirs(`
			local store = open("test")
			${samples.map((table, index) => `assert(store:set("user${index}", ${to_lua(table)}))`).join("\n")}
			assert(store:set(nil, { ["room@${host}"] = true }))
		`);
		expect(indexes()).toEqual(["prosody_index"]);
		const server = ours();
		const store = server.open("test", "keyval");
		for (const [index, table] of samples.entries()) expect(value(store.get_table(`user${index}`))).toEqual(table);
		expect(value(store.get(undefined))).toEqual({ [`room@${host}`]: true });
		const map = server.open("test", "map");
		for (const [index, table] of samples.entries()) {
			for (const [key, item] of table) expect(value(map.get(`user${index}`, key))).toEqual(item);
			value(map.set(`user${index}`, "added by us", index));
		}
		stop();
		expect(indexes()).toEqual(["prosody_index"]);
		const answers = theirs(`
			local store = open("test")
			${samples
				.map(
					(table, index) =>
						`print(same(store:get("user${index}"), ${to_lua(new Map<LuaKey, LuaValue>([...table, ["added by us", index]]))}))`,
				)
				.join("\n")}
		`);
		expect(new Set(answers.trimEnd().split("\n"))).toEqual(new Set(["true"]));
	});

	it("keeps its archive when we read and change it", () => {
		theirs(`
			local archive = open("muc_log", "archive")
			assert(archive:append("room", "first", st.message({ from = "room@${host}/a" }, "1 < 2 & 'ü'"), 1539204123, "message<groupchat"))
			assert(archive:append("room", nil, st.message({ ["xml:lang"] = "en" }):tag("x", { xmlns = "urn:x" }):tag("y"), 1539204123.25, "message<groupchat"))
			assert(archive:append("room", "third", st.presence(), 1539204124, "presence"))
		`);
		const archive = ours().open("muc_log", "archive");
		const { items, total } = value(archive.find("room", { total: true }));
		expect(total).toBe(3);
		expect(items.map(({ stanza, when, with: with_whom }) => [stanza.toString(), when, with_whom])).toEqual([
			[st.message({ from: `room@${host}/a` }, "1 < 2 & 'ü'").toString(), 1539204123, "message<groupchat"],
			[st.message({ "xml:lang": "en" }).tag("x", { xmlns: "urn:x" }).tag("y").toString(), 1539204123.25, "message<groupchat"],
			[st.presence().toString(), 1539204124, "presence"],
		]);
		expect(items[0]?.id).toBe("first");
		value(archive.append("room", "first", st.message({}, "again"), 1539204130.5, "message<groupchat"));
		value(archive.append("room", undefined, st.message({}, "new"), 1539204131, "message<groupchat"));
		value(archive.delete("room", { key: "third" }));
		stop();
		const answers = theirs(`
			local archive = open("muc_log", "archive")
			for id, stanza, when, with in archive:find("room", { with = "message<groupchat" }) do
				print(stanza:get_child_text("body"), when, with, id == "first")
			end
			print(select(2, archive:find("room", { total = true, limit = 0 })))
		`);
		expect(answers.trimEnd().split("\n")).toEqual([
			"nil\t1539204123.25\tmessage<groupchat\tfalse",
			"again\t1539204130.5\tmessage<groupchat\ttrue",
			"new\t1539204131\tmessage<groupchat\tfalse",
			"3",
		]);
	});
});

describe.skipIf(no_prosody)("a file that we have made", () => {
	it("is Prosody's to read and change", () => {
		const server = ours();
		const store = server.open("test", "keyval");
		for (const [index, table] of samples.entries()) value(store.set_table(`user${index}`, table));
		const archive = server.open("muc_log", "archive");
		for (const [index, body] of ["one", "two", "three"].entries()) {
			value(archive.append("room", `id${index}`, st.message({}, body), 100 + index / 2, "w"));
		}
		stop();
		expect(indexes()).toEqual(["prosody_unique_index"]);
		const answers = theirs(`
			local store, map, archive = open("test"), open("test", "map"), open("muc_log", "archive")
			${samples.map((table, index) => `print(same(store:get("user${index}"), ${to_lua(table)}))`).join("\n")}
			${samples.map((_, index) => `assert(map:set("user${index}", "a key", ${index}))`).join("\n")}
			for id, stanza, when in archive:find("room", { after = "id0", limit = 5 }) do print(id, stanza:get_child_text("body"), when) end
			assert(archive:append("room", "id1", st.message({}, "replaced"), 200, "w"))
			assert(archive:append("room", nil, st.message({}, "added"), 201, "w"))
			assert(store:set("user0", { fresh = true }))
		`);
		const lines = answers.trimEnd().split("\n");
		expect(new Set(lines.slice(0, samples.length))).toEqual(new Set(["true"]));
		expect(lines.slice(samples.length)).toEqual(["id1\ttwo\t100.5", "id2\tthree\t101"]);
		// Prosody 0.12 adds the index that it knows; both go on with it.
		expect(indexes()).toEqual(["prosody_index", "prosody_unique_index"]);
		const again = ours();
		expect(value(again.open("test", "keyval").get_table("user0"))).toEqual(new Map([["fresh", true]]));
		for (const [index, table] of samples.entries()) {
			if (index === 0) continue;
			expect(value(again.open("test", "keyval").get_table(`user${index}`))).toEqual(
				new Map<LuaKey, LuaValue>([...table, ["a key", index]]),
			);
		}
		expect(value(again.open("muc_log", "archive").find("room")).items.map(({ stanza }) => stanza.get_child_text("body"))).toEqual(
			["one", "three", "replaced", "added"],
		);
		value(again.open("test", "map").set("user0", "more", "ours"));
		stop();
		expect(theirs(`print(open("test", "map"):get("user0", "more"))`)).toBe("ours\n");
	});

	it("has bytes that are no UTF-8 for Prosody as it had them", () => {
		theirs(`assert(open("test"):set("room", { plain = "a\\255b", people = { nick = "rom\\255eo", number = 1 } }))`);
		const store = ours().open("test", "keyval");
		const table = value(store.get("room"));
		expect(table).toEqual({ plain: "a\udcffb", people: { nick: "rom\udcffeo", number: 1 } });
		value(store.set("room", { plain: "a\udcffbc", people: { nick: "rom\udcffeo", number: 2 } }));
		stop();
		expect(
			theirs(`
				local room = open("test"):get("room")
				print(room.plain == "a\\255bc", room.people.nick == "rom\\255eo", room.people.number)
			`),
		).toBe("true\ttrue\t2\n");
	});

	it("is one that a whole Prosody keeps accounts in", (context) => {
		const config = join(folder, "prosody.cfg.lua");
		writeFileSync(
			config,
			`data_path = "${folder}"; run_as_root = true; pidfile = "${folder}/prosody.pid"; log = { error = "${folder}/error.log" }
			authentication = "internal_plain"; storage = "sql"; modules_enabled = {}
			VirtualHost "${host}"`,
		);
		value(ours().open("accounts", "keyval").set("juliet", { password: "o Romeo" }));
		stop();
		const prosodyctl = (...words: string[]): string => {
			const ran = spawnSync("prosodyctl", ["--config", config, ...words], { encoding: "utf8" });
			if (ran.error || ran.status !== 0) context.skip(`prosodyctl does not run here: ${ran.error ?? ran.stderr}${ran.stdout}`);
			return ran.stdout;
		};
		prosodyctl("register", "romeo", host, "wherefore");
		prosodyctl("register", "juliet", host, "art thou");
		const accounts = ours().open("accounts", "keyval");
		expect(value(accounts.get("romeo"))).toMatchObject({ password: "wherefore" });
		expect(value(accounts.get("juliet"))).toMatchObject({ password: "art thou" });
		expect(value(accounts.users()).sort()).toEqual(["juliet", "romeo"]);
	});
});
