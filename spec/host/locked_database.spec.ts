// Another process keeps the SQLite file locked: what is stored waits for it, nobody else does, and in the end it fails as a whole.

import { mkdtempSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Sqlite from "better-sqlite3";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ConfigValue } from "../../host/core/configmanager.ts";
import { ok } from "../../host/util/error.ts";
import { ns } from "../../host/util/ns.ts";
import * as st from "../../host/util/stanza.ts";
import type { Client } from "../../tools/scansion/client.ts";
import { ask, eventually, expect_stanza, start_test_server } from "../helper.ts";
import { configure, create, enter, live, outcome, room_of, type Service, say, service, start_service } from "../muc/service.ts";

const lost = "wait/internal-server-error";
const persistent = { "muc#roomconfig_persistentroom": "1" };

let folder: string;
let here: Service | undefined;
let other: InstanceType<typeof Sqlite> | undefined;

beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "enjamb-locked-"));
});
afterEach(async () => {
	other?.close();
	other = undefined;
	await here?.stop();
	here = undefined;
	rmSync(folder, { recursive: true, force: true });
});

async function start(options: Record<string, ConfigValue> = {}): Promise<Service> {
	const global = { storage: "sql", ...options };
	here = await start_service({ modules_enabled: ["spec_probe", "muc_mam"] }, global, folder);
	return here;
}

const file = (): string => join(folder, "prosody.sqlite");

/** Locks the file as another process would. */
function lock(how = "EXCLUSIVE"): { release(): void } {
	other ??= new Sqlite(file(), { timeout: 5000 });
	const connection = other;
	connection.exec(`BEGIN ${how}`);
	return { release: () => void connection.exec("COMMIT") };
}

/** Rows that another process sees. */
function stored(sql: string, ...values: string[]): unknown[] {
	const reader = new Sqlite(file(), { readonly: true });
	try {
		return reader
			.prepare<string[], unknown>(sql)
			.pluck()
			.all(...values);
	} finally {
		reader.close();
	}
}

const bodies = (room: string): unknown[] =>
	stored(`SELECT "value" FROM "prosodyarchive" WHERE "user" = ? ORDER BY "sort_id"`, room).map(
		(value) => /<body>(.*)<\/body>/.exec(String(value))?.[1],
	);

function ban(room: string, jid: string): st.Stanza {
	return st
		.iq({ to: room_of(room), type: "set", id: `ban-${jid}` })
		.query(ns.muc_admin)
		.tag("item", { jid, affiliation: "outcast" })
		.reset();
}

async function ping(client: Client): Promise<number> {
	const begun = performance.now();
	const iq = st.iq({ to: "localhost", type: "get", id: `ping-${begun}` }).tag("ping", { xmlns: ns.ping });
	await ask(client, iq.reset());
	return performance.now() - begun;
}

describe.each(["IMMEDIATE", "EXCLUSIVE"])("a lock taken with BEGIN %s", (how) => {
	it("costs what is stored the time that it is held, and a client elsewhere nothing", async () => {
		const { test, muc } = await start({ storage_lock_timeout: "5 minutes" });
		const [romeo, juliet] = [await test.client("romeo"), await test.client("juliet")];
		await create(romeo, "hall", persistent);
		const held = lock(how);
		const banned = ask(romeo, ban("hall", "tybalt@localhost"));
		let is_answered = false;
		void banned.then(() => {
			is_answered = true;
		});
		// What is not stored can be read, but is not shown
		await eventually(() => expect(live(muc, "hall").get_affiliation("tybalt@localhost")).toBe("outcast"));
		expect(is_answered).toBe(false);
		const waits: number[] = [];
		for (let number = 0; number < 10; number++) {
			waits.push(await ping(juliet));
			await enter(juliet, "elsewhere", "juliet");
		}
		expect(is_answered).toBe(false);
		expect(Math.min(...waits)).toBeLessThan(100);
		held.release();
		expect(outcome(await banned)).toBe("ok");
		expect(stored(`SELECT "value" FROM "prosody" WHERE "user" = 'hall' AND "key" = 'tybalt@localhost'`)).toEqual(["outcast"]);
	});

	it("keeps messages in order, in the archive and for those who read them", async () => {
		const { test, module } = await start();
		const [romeo, juliet, mercutio] = [await test.client("romeo"), await test.client("juliet"), await test.client("mercutio")];
		await create(romeo, "hall", persistent);
		await enter(juliet, "hall", "juliet");
		await say(romeo, "hall", "0");
		await expect_stanza(juliet, (stanza) => stanza.get_child_text("body") === "0");
		const held = lock(how);
		const handled: (string | undefined)[] = [];
		module.hook("muc-broadcast-message", ({ stanza }) => void handled.push(stanza.attr["id"]));
		module.hook(`iq-set/bare/${ns.mam}:query`, ({ stanza }) => void handled.push(stanza.attr["id"]), 100);
		// Each is a turn of its own
		for (const body of ["1", "2", "3"]) {
			romeo.send(st.message({ to: room_of("hall"), type: "groupchat", id: body }, body));
			await eventually(() => expect(handled).toContain(body));
		}
		const asked = st
			.iq({ to: room_of("hall"), type: "set", id: "mam" })
			.tag("query", { xmlns: ns.mam })
			.reset();
		juliet.send(asked);
		await eventually(() => expect(handled).toContain("mam"));
		// What somebody else asks afterwards is answered
		await ping(mercutio);
		expect(juliet.queue.filter(({ attr }) => attr["id"] === "mam" || /^[123]$/.test(attr["id"] ?? ""))).toEqual([]);
		expect(bodies("hall")).toEqual(["0"]);
		held.release();
		const seen: (string | undefined)[] = [];
		while (seen.at(-1) !== "mam") {
			const next = await expect_stanza(juliet, ({ name }) => name !== "presence");
			const archived = next
				.get_child("result", ns.mam)
				?.get_child("forwarded", ns.forward)
				?.get_child("message", "jabber:client");
			if (archived) seen.push(`archived ${archived.get_child_text("body")}`);
			else if (next.get_child("body") || next.name === "iq") seen.push(next.attr["id"]);
		}
		expect(seen).toEqual(["1", "2", "3", "archived 0", "archived 1", "archived 2", "archived 3", "mam"]);
		expect(bodies("hall")).toEqual(["0", "1", "2", "3"]);
	});

	it("that is held for too long fails all that waits for it, and nothing of it remains", async () => {
		const { test, muc } = await start({ storage_lock_timeout: 0.3 });
		const [romeo, juliet] = [await test.client("romeo"), await test.client("juliet")];
		await create(romeo, "hall", persistent);
		await enter(juliet, "hall", "juliet");
		juliet.queue.splice(0);
		const held = lock(how);
		const banned = ask(romeo, ban("hall", "juliet@localhost"));
		romeo.send(st.message({ to: room_of("hall"), type: "groupchat", id: "x" }, "unheard"));
		const refused = expect_stanza(romeo, ({ name, attr }) => name === "message" && attr["type"] === "error");
		expect(outcome(await banned)).toBe(lost);
		expect(outcome(await refused)).toBe(lost);
		await ping(juliet);
		expect(juliet.queue.splice(0)).toEqual([]);
		expect(live(muc, "hall").get_affiliation("juliet@localhost")).toBe(undefined);
		expect([...live(muc, "hall")._occupants.keys()]).toHaveLength(2);
		held.release();
		expect((await say(juliet, "hall", "heard")).attr["type"]).toBe("groupchat");
		expect(outcome(await ask(romeo, ban("hall", "tybalt@localhost")))).toBe("ok");
		expect(bodies("hall")).toEqual(["heard"]);
		expect(stored(`SELECT "key" FROM "prosody" WHERE "user" = 'hall' AND "value" = 'outcast'`)).toEqual(["tybalt@localhost"]);
	});
});

describe("what waits for a lock", () => {
	it("is of every kind of store, and reads as if it were stored", async () => {
		const { module, test } = await start();
		const { turn } = test.server;
		const tables = module.open_store("things");
		const keys = module.open_store("things", "map");
		const archive = module.open_store("notes", "archive");
		const message = (body: string): st.Stanza => st.message({ from: "a@b" }, body);
		tables.set("romeo", { a: 1, b: "two" });
		tables.set("juliet", { a: 3 });
		const ids = ["1", "2", "3"].map((body) => archive.append("romeo", `id-${body}`, message(body), Number(body), "w"));
		turn.end();
		const held = lock();
		const text = () => {
			const found = archive.find("romeo", { total: true });
			if (!found.ok) throw new Error(found.error.text);
			return [found.value.total, ...found.value.items.map(({ stanza }) => stanza.get_child_text("body"))];
		};
		expect(ids.every((id) => id.ok)).toBe(true);
		expect(tables.set("romeo", { a: 2, c: true })).toEqual(ok(undefined));
		expect(keys.set("juliet", "b", "new")).toEqual(ok(undefined));
		expect(keys.set("juliet", "a", undefined)).toEqual(ok(undefined));
		expect(tables.set("nurse", { x: "y" })).toEqual(ok(undefined));
		expect(archive.append("romeo", undefined, message("4"), 4, "w").ok).toBe(true);
		expect(archive.append("romeo", "id-1", message("1 again"), 5, "w").ok).toBe(true);
		expect(archive.delete("romeo", { key: "id-2" })).toEqual(ok(1));
		expect(archive.set("romeo", "id-3", message("3 other"))).toEqual(ok(undefined));
		expect(archive.set("romeo", "none", message("x")).ok).toBe(false);
		expect(archive.delete("romeo", { key: "id-2" })).toEqual(ok(0));
		const check = (): void => {
			expect(tables.get("romeo")).toEqual(ok({ a: 2, c: true }));
			expect(tables.get("juliet")).toEqual(ok({ b: "new" }));
			expect(keys.get_all("x")).toEqual(ok(new Map([["nurse", "y"]])));
			expect(tables.users()).toEqual(ok(expect.arrayContaining(["romeo", "juliet", "nurse"])));
			expect(text()).toEqual([3, "3 other", "4", "1 again"]);
			expect(archive.find("romeo", { after: "id-3", limit: 1 })).toMatchObject({ ok: true, value: { items: [{ when: 4 }] } });
		};
		check();
		expect(stored(`SELECT COUNT(*) FROM "prosody" WHERE "user" = 'nurse'`)).toEqual([0]);
		held.release();
		await turn.done();
		check();
		expect(stored(`SELECT "value" FROM "prosody" WHERE "user" = 'nurse'`)).toEqual(["y"]);
	});

	it("is a new password, which is the old one where the lock is held for too long", async () => {
		const modules = ["disco", "ping", "register", "roster", "saslauth"];
		const accounts = { authentication: "internal_hashed", storage_lock_timeout: 0.3, modules_enabled: modules };
		const { test } = await start(accounts);
		const { usermanager, turn } = test.server;
		expect(usermanager.create_user("romeo", "localhost", "password").ok).toBe(true);
		turn.end();
		const romeo = await test.client("romeo");
		const change = (password: string): st.Stanza =>
			st
				.iq({ to: "localhost", type: "set", id: password })
				.query("jabber:iq:register")
				.text_tag("username", "romeo")
				.text_tag("password", password)
				.reset();
		const held = lock();
		expect(outcome(await ask(romeo, change("new")))).toBe(lost);
		expect(usermanager.test_password("romeo", "localhost", "password").ok).toBe(true);
		expect(usermanager.test_password("romeo", "localhost", "new").ok).toBe(false);
		held.release();
		expect(outcome(await ask(romeo, change("newer")))).toBe("ok");
		expect(usermanager.test_password("romeo", "localhost", "newer").ok).toBe(true);
	});

	it("waits also where SQLite keeps no log, as long as reading is possible; else it fails, and is told at once", async () => {
		const { test, muc } = await start({ sqlite_tune: "safe" });
		const romeo = await test.client("romeo");
		await create(romeo, "hall", persistent);
		const held = lock("IMMEDIATE");
		const banned = ask(romeo, ban("hall", "tybalt@localhost"));
		await eventually(() => expect(live(muc, "hall").get_affiliation("tybalt@localhost")).toBe("outcast"));
		held.release();
		expect(outcome(await banned)).toBe("ok");
		const closed = lock("EXCLUSIVE");
		expect(outcome(await configure(romeo, "hall", { "muc#roomconfig_roomname": "New" }))).toBe(lost);
		closed.release();
		expect(outcome(await configure(romeo, "hall", { "muc#roomconfig_roomname": "New" }))).toBe("ok");
	});
});

describe("a file that is no longer the one that was opened", () => {
	it.each(["deleted", "replaced"])("takes nothing more once it was %s, and says so", async (fate) => {
		const log: string[] = [];
		const { test } = await start({});
		const romeo = await test.client("romeo");
		await create(romeo, "hall", persistent);
		test.server.events.add_handler("turn-failed", ({ error }) => void log.push(String(error)));
		if (fate === "deleted") rmSync(file());
		else {
			new Sqlite(`${file()}.new`).close();
			renameSync(`${file()}.new`, file());
		}
		expect(outcome(await ask(romeo, ban("hall", "tybalt@localhost")))).toBe(lost);
		expect(log).toEqual([expect.stringContaining(`it was ${fate} while it was open`)]);
		expect(outcome(await configure(romeo, "hall", { "muc#roomconfig_roomname": "New" }))).toBe(lost);
		await ping(romeo);
	});
});

describe("a start", () => {
	it("brings up a host whose database is locked when it no longer is, and the others at once", async () => {
		await (await start()).stop();
		here = undefined;
		const held = lock();
		const test = await start_test_server({
			config: { "*": { storage: "memory" }, [service]: { storage: "sql" } },
			data_path: folder,
		});
		try {
			const romeo = await test.client("romeo");
			await ping(romeo);
			expect(test.server.hosts.has(service)).toBe(false);
			held.release();
			await eventually(() => expect(test.server.hosts.has(service)).toBe(true));
			await create(romeo, "hall", persistent);
			expect(stored(`SELECT COUNT(*) FROM "prosody" WHERE "user" = 'hall'`)).not.toEqual([0]);
		} finally {
			await test.stop();
		}
	});

	it("waits where nothing runs without the database, and gives up in the end", async () => {
		await (await start()).stop();
		here = undefined;
		const held = lock();
		const failing = start_test_server({ config: { "*": { storage: "sql", storage_lock_timeout: 0.3 } }, data_path: folder });
		await expect(failing).rejects.toThrow("another process is using it");
		const log: string[] = [];
		const waiting = start_test_server({
			config: { "*": { storage: "sql" } },
			data_path: folder,
			log: [{ level: "debug", to: { write: (_, __, message) => void log.push(message) } }],
		});
		await eventually(() => expect(log.join("\n")).toContain("another process is using it"));
		held.release();
		await (await waiting).stop();
	});
});
