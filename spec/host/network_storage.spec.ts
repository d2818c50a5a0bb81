// A database over the network that goes, stalls, refuses and comes back: what is told is stored, and nothing else ends with it.

import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chownSync, mkdirSync, mkdtempSync, rmSync, statfsSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import { compose_server } from "../../host/composition.ts";
import { Config, type ConfigValue } from "../../host/core/config/config.ts";
import { eventually } from "../helper.ts";
import { not_installed } from "../needs.ts";
import { Cutter } from "./databases/cutter.ts";
import { find_mariadb, start_mariadb } from "./databases/mariadb.ts";
import { find_postgresql, start_postgresql } from "./databases/postgresql.ts";
import type { TestDatabase, Transaction } from "./databases/types.ts";
import { can_mount, mount, unmount } from "./durability/trouble.ts";
import { message, value } from "./plugins/storage.common.ts";
import { type StorageServer, start_storage } from "./storage_server.ts";

const host = "chat.example";
const no_postgresql = not_installed(find_postgresql(), "PostgreSQL", "its troubles are not tried");
const no_mariadb = not_installed(find_mariadb(), "MariaDB", "its troubles are not tried");
const databases = new Map<string, TestDatabase>();
if (!no_postgresql) databases.set("PostgreSQL", await start_postgresql());
if (!no_mariadb) databases.set("MariaDB", await start_mariadb());

afterAll(async () => {
	for (const database of databases.values()) await database.remove();
});

describe.each([...databases])("%s", (name, database) => {
	let way: Cutter;
	let running: StorageServer | undefined;
	const others: Transaction[] = [];

	function start(options: Record<string, ConfigValue> = {}): StorageServer {
		const sql = { ...database.sql, port: way.port };
		running = start_storage({ "*": { storage: "sql", sql, ...options }, [host]: {} });
		return running;
	}

	/** A transaction of somebody else, until the end of the test. */
	function intrude(): Transaction {
		const other = database.transaction();
		others.push(other);
		return other;
	}

	/** Changes a row as somebody else. */
	async function occupy(other: Transaction, key: string): Promise<void> {
		const place = `host = '${host}' AND ${other.quoted("user")} = 'a' AND store = 'test' AND ${other.quoted("key")} = '${key}'`;
		await other.query(`UPDATE prosody SET value = '5' WHERE ${place}`);
	}

	/** Ends the turn; answers with why it could not be stored. */
	async function outcome(server: StorageServer): Promise<string | undefined> {
		server.failures.splice(0);
		await server.server.turn.done();
		const [failure] = server.failures;
		return failure instanceof Error ? failure.message : undefined;
	}

	async function bodies(): Promise<string[]> {
		const rows = await database.query("SELECT value FROM prosodyarchive ORDER BY sort_id");
		return rows.map(([text]) => /<body>(.*)<\/body>/.exec(String(text))?.[1] ?? "");
	}

	beforeEach(async () => {
		await database.empty();
		way = await Cutter.start(database.port);
	});
	afterEach(async () => {
		for (const other of others.splice(0)) await other.end();
		running?.stop();
		running = undefined;
		await way.stop();
	});

	it("is not waited for when a turn is stored", async () => {
		const server = start();
		const archive = server.open("muc_log", "archive");
		value(archive.append("room", undefined, message("one"), 1, "w"));
		let is_stored = false;
		const stored = outcome(server).then((failure) => {
			is_stored = true;
			return failure;
		});
		// Its answer cannot have come yet: nothing has let it in
		expect(is_stored).toBe(false);
		expect(await stored).toBeUndefined();
		expect(await bodies()).toEqual(["one"]);
		const later = archive.find_later("room");
		expect(value(await later).items).toHaveLength(1);
	});

	it("is read between turns with what was written before, once that is stored", async () => {
		const archive = start().open("muc_log", "archive");
		value(archive.append("room", undefined, message("one"), 1, "w"));
		const found = archive.find_later("room");
		expect(value(await found).items.map(({ stanza }) => stanza.get_child_text("body"))).toEqual(["one"]);
	});

	it("is read between turns once all of them are stored, whichever of them failed meanwhile", async () => {
		const server = start();
		const [archive, store] = [server.open("muc_log", "archive"), server.open("test", "keyval")];
		value(store.set("a", { x: 1 }));
		expect(await outcome(server)).toBeUndefined();
		const other = intrude();
		await occupy(other, "x");
		// A commit that has to wait, and a turn behind it that fails
		value(store.set("a", { x: 2 }));
		value(archive.append("room", undefined, message("one"), 1, "w"));
		server.server.turn.end();
		value(archive.append("room", undefined, message("lost"), 1, "w"));
		const found = archive.find_later("room");
		server.server.turn.fail(new Error("this one cannot be stored"));
		server.server.turn.end();
		// Whoever reads too early has time for it
		for (let time = 0; time < 20; time++) await database.query("SELECT 1");
		await other.query("COMMIT");
		expect(value(await found).items.map(({ stanza }) => stanza.get_child_text("body"))).toEqual(["one"]);
	});

	it("answers whoever reads between turns when it is closed", async () => {
		const archive = start().open("muc_log", "archive");
		value(archive.append("room", undefined, message("one"), 1, "w"));
		const found = archive.find_later("room");
		running?.stop();
		running = undefined;
		const answer = await found;
		expect(answer.ok || answer.error.text).toMatch(/closed/);
	});

	it("shows how long it was waited for", async () => {
		const server = start({ statistics: "internal" });
		value(server.open("test", "keyval").get("a"));
		server.server.statsmanager.collect();
		const text = server.server.statsmanager.registry?.render() ?? "";
		expect(text).toMatch(/storage_sql__waits_total\{host="chat\.example"\} [1-9]/);
		expect(text).toMatch(/storage_sql__waited_seconds_total\{host="chat\.example"\} \d*\.\d/);
	});

	it("may come after the server", async () => {
		await way.set({ mode: "refuse" });
		const server = start();
		expect(server.problem()).toMatch(/cannot be reached/);
		await way.set({ mode: "pass" });
		await eventually(() => expect(server.problem()).toBeUndefined());
		value(server.open("test", "keyval").set("a", { x: 1 }));
		expect(await outcome(server)).toBeUndefined();
	});

	it("does not keep the server from starting, and its hosts come when it does", async () => {
		await way.set({ mode: "refuse" });
		const sql = { ...database.sql, port: way.port };
		const folder = mkdtempSync(join(tmpdir(), "enjamb-spec-"));
		const options = { data_path: folder, storage: "sql", sql, storage_lock_timeout: 0.1, modules_disabled: ["s2s", "tls"] };
		const config = Config.from({
			"*": { ...options, interfaces: ["127.0.0.1"], c2s_ports: [0], http_ports: [], https_ports: [] },
			localhost: {},
		});
		const composed = compose_server(config, { log: [] });
		if (!composed.ok) throw new Error(composed.error);
		const server = composed.value;
		expect(await server.start()).toEqual({ ok: true, value: [] });
		expect(server.unserved_hosts()).toEqual(["localhost"]);
		await way.set({ mode: "pass" });
		await eventually(() => expect(server.unserved_hosts()).toEqual([]));
		expect(server.addresses()).not.toEqual([]);
		await server.stop("the test is over");
		rmSync(folder, { recursive: true });
	});

	it("may lose its connections between turns", async () => {
		const server = start();
		const store = server.open("test", "keyval");
		value(store.set("a", { x: 1 }));
		expect(await outcome(server)).toBeUndefined();
		await way.cut();
		expect(value(store.get("a"))).toEqual({ x: 1 });
		await way.cut();
		value(store.set("a", { x: 2 }));
		expect(await outcome(server)).toBeUndefined();
		await way.cut();
		value(server.open("muc_log", "archive").append("room", undefined, message("one"), 1, "w"));
		expect(await outcome(server)).toBeUndefined();
		expect(await bodies()).toEqual(["one"]);
		expect(value(store.get("a"))).toEqual({ x: 2 });
	});

	it("may be killed in the middle of a transaction, and comes back", async () => {
		const server = start();
		const archive = server.open("muc_log", "archive");
		value(archive.append("room", undefined, message("one"), 1, "w"));
		// The transaction is open over there
		expect(value(archive.find("room")).items).toHaveLength(1);
		await database.stop("SIGKILL");
		const back = database.start();
		const stored = outcome(server);
		await back;
		expect(await stored).toBeUndefined();
		expect(await bodies()).toEqual(["one"]);
	});

	it("fails turns while it is gone, and no others afterwards", async () => {
		const server = start();
		const [archive, store] = [server.open("muc_log", "archive"), server.open("test", "keyval")];
		value(store.set("a", { x: 1 }));
		expect(await outcome(server)).toBeUndefined();
		await way.set({ mode: "refuse" });
		await way.cut();
		value(archive.append("room", undefined, message("lost"), 1, "w"));
		expect(await outcome(server)).toMatch(/cannot be reached/);
		const read = store.get("a");
		expect(read.ok || read.error.text).toMatch(/cannot be reached/);
		expect(store.set("a", { x: 2 }).ok).toBe(false);
		expect(await outcome(server)).toMatch(/cannot be reached/);
		await way.set({ mode: "pass" });
		await eventually(() => expect(value(store.get("a"))).toEqual({ x: 1 }));
		value(archive.append("room", undefined, message("kept"), 1, "w"));
		expect(await outcome(server)).toBeUndefined();
		expect(await bodies()).toEqual(["kept"]);
	});

	it("stores once what it has not confirmed", async () => {
		const server = start();
		const archive = server.open("muc_log", "archive");
		await way.set({ mode: "pass", behind: "COMMIT" });
		value(archive.append("room", undefined, message("one"), 1, "w"));
		expect(await outcome(server)).toBeUndefined();
		expect(await way.cuts()).toBe(1);
		expect(await bodies()).toEqual(["one"]);
		await way.set({ mode: "pass", before: "COMMIT" });
		value(archive.append("room", undefined, message("two"), 2, "w"));
		expect(await outcome(server)).toBeUndefined();
		expect(await way.cuts()).toBe(2);
		expect(await bodies()).toEqual(["one", "two"]);
		value(archive.append("room", undefined, message("three"), 3, "w"));
		expect(await outcome(server)).toBeUndefined();
	});

	it("is not waited for long where it gives no answer, and not again until it does", { timeout: 120_000 }, async () => {
		const server = start();
		const store = server.open("test", "keyval");
		value(store.set("a", { x: 1 }));
		expect(await outcome(server)).toBeUndefined();
		await way.set({ mode: "stall" });
		const read = store.get("a");
		expect(read.ok || read.error.text).toMatch(/no answer within/);
		for (let time = 0; time < 10; time++) {
			const again = store.get("a");
			expect(again.ok || again.error.text).toMatch(/cannot be reached|does not answer/);
		}
		await way.set({ mode: "pass" });
		await way.cut();
		await eventually(() => expect(value(store.get("a"))).toEqual({ x: 1 }));
		value(store.set("a", { x: 2 }));
		expect(await outcome(server)).toBeUndefined();
	});

	it("refuses values without hurting the rest of the turn", async () => {
		const server = start();
		const [archive, store] = [server.open("muc_log", "archive"), server.open("test", "keyval")];
		value(archive.append("room", undefined, message("kept"), 1, "w"));
		for (const text of ["a\0b", "a\udcffb"]) {
			const refused = store.set("a", { [text]: "x" });
			expect(refused.ok || refused.error).toMatchObject({ refused: true });
		}
		// Too much for an index of PostgreSQL; MariaDB only knows the beginning
		const random = Array.from({ length: 5000 }, () => String.fromCharCode(0x4e00 + Math.floor(Math.random() * 20000))).join("");
		const long = store.set("a", { [random]: "x", short: "y" });
		if (name === "PostgreSQL") expect(long.ok || long.error).toMatchObject({ refused: true });
		else value(long);
		// More than MariaDB takes at once, which ends the connection
		const huge = archive.append("room", undefined, message("x".repeat(17_000_000)), 1, "huge");
		if (name === "PostgreSQL") value(archive.delete("room", { with: "huge" }));
		else expect(huge.ok || huge.error).toMatchObject({ refused: true });
		const late = archive.append("room", undefined, message("late"), 2 ** 33, "w");
		expect(late.ok || late.error).toMatchObject({ refused: true });
		expect(await outcome(server)).toBeUndefined();
		expect(await bodies()).toEqual(["kept"]);
		expect(Object.keys(value(store.get("a")) ?? {})).toHaveLength(name === "PostgreSQL" ? 0 : 2);
	});

	it("does not find what it cannot hold, and what else the turn stores does not suffer", async () => {
		const server = start();
		const [archive, map] = [server.open("muc_log", "archive"), server.open("test", "map")];
		value(archive.append("room", undefined, message("kept"), 1, "w"));
		value(map.set("a", "a\ufffdb", 1));
		for (const text of ["a\0b", "a\udcffb"]) {
			expect(value(map.get("a", text))).toBeUndefined();
			expect(value(map.get(text, "a"))).toBeUndefined();
			expect(value(archive.find("room", { with: text, total: true }))).toEqual({ items: [], total: 0 });
			expect(value(archive.find("room", { ids: [text] })).items).toEqual([]);
			expect(value(await archive.find_later("elsewhere", { key: text })).items).toEqual([]);
			value(archive.append("room", undefined, message("kept"), 1, "w"));
		}
		expect(await outcome(server)).toBeUndefined();
		expect(await bodies()).toEqual(["kept", "kept", "kept"]);
	});

	it("may take its rights away, and fails turns then", async () => {
		const server = start();
		const store = server.open("test", "keyval");
		value(store.set("a", { x: 1 }));
		expect(await outcome(server)).toBeUndefined();
		const [take, give] =
			name === "PostgreSQL"
				? ["REVOKE INSERT, DELETE ON prosody FROM prosody", "GRANT INSERT, DELETE ON prosody TO prosody"]
				: ["REVOKE INSERT, DELETE ON prosody.* FROM prosody@'127.0.0.1'", "GRANT ALL ON prosody.* TO prosody@'127.0.0.1'"];
		await database.query(take);
		// MariaDB shows rights to connections that begin
		await way.cut();
		store.set("a", { x: 2 });
		expect(await outcome(server)).toMatch(/denied/);
		expect(value(store.get("a"))).toEqual({ x: 1 });
		await database.query(give);
		await way.cut();
		value(store.set("a", { x: 3 }));
		expect(await outcome(server)).toBeUndefined();
		expect(value(store.get("a"))).toEqual({ x: 3 });
	});

	it.skipIf(name !== "PostgreSQL" || !can_mount)("may have a full disk, and fails turns then", async () => {
		const disk = join(database.folder, "disk");
		mkdirSync(disk);
		mount(disk);
		try {
			const { uid, gid } = statSync(database.folder);
			chownSync(disk, uid, gid);
			await database.query(`CREATE TABLESPACE small OWNER prosody LOCATION '${disk}'`, "postgres");
			await database.query("ALTER DATABASE prosody SET default_tablespace = small", "postgres");
			const server = start();
			const archive = server.open("muc_log", "archive");
			value(archive.append("room", undefined, message("kept"), 1, "w"));
			expect(await outcome(server)).toBeUndefined();
			const { blocks, bfree, bsize } = statfsSync(disk);
			execFileSync("mount", ["-o", `remount,size=${(blocks - bfree) * bsize}`, disk]);
			for (let number = 0; number < 100; number++) {
				const noise = randomBytes(20_000).toString("base64");
				value(archive.append("room", undefined, message(noise), 2, "w"));
			}
			expect(await outcome(server)).toMatch(/No space left/);
			execFileSync("mount", ["-o", "remount,size=100m", disk]);
			value(archive.append("room", undefined, message("kept, too"), 3, "w"));
			expect(await outcome(server)).toBeUndefined();
			expect(await bodies()).toEqual(["kept", "kept, too"]);
			running?.stop();
			running = undefined;
			await database.empty();
			await database.query("ALTER DATABASE prosody RESET default_tablespace", "postgres");
			await database.query("DROP TABLESPACE small", "postgres");
		} finally {
			unmount(disk);
		}
	});

	it("begins a transaction anew that another one is in the way of", async () => {
		const server = start();
		const map = server.open("test", "map");
		value(map.set("a", "one", 1));
		value(map.set("a", "two", 1));
		expect(await outcome(server)).toBeUndefined();
		// Both want the row that the other one has
		const other = intrude();
		await occupy(other, "one");
		value(map.set("a", "two", 2));
		value(map.set("a", "one", 2));
		const stored = outcome(server);
		await occupy(other, "two").catch(() => undefined);
		await other.query("COMMIT").catch(() => undefined);
		expect(await stored).toBeUndefined();
		expect([value(map.get("a", "one")), value(map.get("a", "two"))]).toEqual([2, 2]);
	});

	it("may be locked by somebody else for a while, or for too long", { timeout: 120_000 }, async () => {
		const server = start();
		const [archive, map] = [server.open("muc_log", "archive"), server.open("test", "map")];
		value(map.set("a", "one", 1));
		expect(await outcome(server)).toBeUndefined();
		const other = intrude();
		await occupy(other, "one");
		value(map.set("a", "one", 2));
		const stored = outcome(server);
		await other.query("COMMIT");
		expect(await stored).toBeUndefined();
		await occupy(other, "one");
		value(map.set("a", "one", 3));
		expect(await outcome(server)).toMatch(/lock/i);
		value(archive.append("room", undefined, message("kept"), 1, "w"));
		expect(await outcome(server)).toBeUndefined();
	});
});
