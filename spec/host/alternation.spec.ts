// There and back: what Prosody has stored, in our hands and in Prosody's again. ENJAMB_REFERENCE names another Prosody than the
// one on the PATH.

import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import Sqlite from "better-sqlite3";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import type { ConfigValue } from "../../host/core/config/config.ts";
import { read_data } from "../../host/util/serialization.ts";
import { find_prosody } from "../../tools/reference.ts";
import { not_installed } from "../needs.ts";
import {
	add_contact,
	affiliate,
	balcony,
	configure,
	enter,
	garden,
	keep_for_account,
	make,
	people,
	say,
	service,
	set_avatar,
} from "./alternation/make.ts";
import { observe } from "./alternation/observe.ts";
import { done, login, register, Stage } from "./alternation/servers.ts";
import { find_mariadb, start_mariadb } from "./databases/mariadb.ts";
import { find_postgresql, start_postgresql } from "./databases/postgresql.ts";
import type { TestDatabase } from "./databases/types.ts";
import { why_not } from "./prosody_lua.ts";
import { start_storage } from "./storage_server.ts";

const reference = process.env["ENJAMB_REFERENCE"];
const no_prosody = find_prosody(reference) === undefined ? "there is no Prosody" : undefined;
if (no_prosody !== undefined) console.warn(`Prosody and we do not take turns: ${no_prosody}.`);
const no_sql = no_prosody ?? why_not("util.sql", "DBI");
/** Prosody 0.12 keeps no reasons with affiliations, and shows none. */
const reasons = reference !== undefined;

function config(storage: string): string {
	return `
modules_enabled = { "roster", "saslauth", "disco", "vcard", "private", "register", "ping", "blocklist", "pep", "mam" }
modules_disabled = { "s2s", "tls" }
c2s_require_encryption = false
allow_unencrypted_plain_auth = true
allow_registration = true
authentication = "internal_hashed"
${storage}
muc_log_by_default = true
muc_log_expires_after = "never"
archive_expires_after = "never"

VirtualHost "localhost"

VirtualHost "plain.localhost"
	authentication = "internal_plain"

Component "${service}" "muc"
	name = "Chambers"
	modules_enabled = { "muc_mam"${reasons ? "" : ', "vcard_muc"'} }
	restrict_room_creation = false
`;
}

/** Changes a bit of everything, with a word that tells one time from another. */
async function change(port: number, word: string, known: readonly (readonly [string, string, string?])[]): Promise<void> {
	const [romeo, mercutio] = [await login(port, "romeo", known[0]?.[1] ?? ""), await login(port, "mercutio", known[2]?.[1] ?? "")];
	await enter(romeo, balcony, "romeo");
	await configure(romeo, balcony, { "muc#roomconfig_roomname": `Renamed ${word}`, "muc#roomconfig_historylength": "5" });
	await affiliate(romeo, balcony, "mercutio@localhost", "admin", `promoted ${word}`);
	await affiliate(romeo, balcony, `${word}@localhost`, "outcast", `out: ${word}`);
	await affiliate(romeo, balcony, "verona.example", "none");
	await say(romeo, balcony, "romeo", { subject: `Subject ${word}` });
	for (const body of [`first ${word}`, `second ${word} ✓`]) await say(romeo, balcony, "romeo", { body });
	await set_avatar(romeo, balcony, `a picture ${word}`);
	await add_contact(romeo, `${word}@localhost`, word, []);
	await done(romeo, "set", undefined, (iq) =>
		iq
			.query("jabber:iq:private")
			.tag("storage", { xmlns: "storage:bookmarks" })
			.tag("conference", { jid: `${word}@${service}` }),
	);
	await enter(romeo, `${word}@${service}`, "romeo");
	await configure(romeo, `${word}@${service}`, { "muc#roomconfig_persistentroom": "1", "muc#roomconfig_roomname": word });
	await say(romeo, `${word}@${service}`, "romeo", { body: `in ${word}` });
	await keep_for_account(romeo, word);
	await done(mercutio, "set", undefined, (iq) =>
		iq.query("jabber:iq:register").text_tag("username", "mercutio").text_tag("password", `password ${word}`),
	);
	await register(port, word, `secret ${word}`);
	await Promise.all([romeo.disconnect(), mercutio.disconnect()]);
}

const rows = (quote: string): string => {
	const columns = ["host", "user", "store", "key", "type", "value"].map((name) => `${quote}${name}${quote}`);
	return `SELECT ${columns.join(", ")} FROM prosody WHERE store NOT IN ('state', 'cron', 'muc_log_cleanup') ORDER BY 1, 2, 3, 4`;
};

/** What a database elsewhere holds. */
async function stored_there(database: TestDatabase): Promise<Record<string, unknown>> {
	const found = await database.query(rows(database.driver === "MySQL" ? "`" : '"'));
	return {
		prosody: found.map((row) => (row[4] === "json" ? [...row.slice(0, 5), JSON.parse(String(row[5]))] : row)),
		prosodyarchive: await database.query("SELECT * FROM prosodyarchive ORDER BY sort_id"),
	};
}

/** What the files hold, apart from where rooms were when the server stopped. */
function stored(folder: string): Record<string, unknown> {
	const seen: Record<string, unknown> = {};
	for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" }).sort()) {
		const path = join(folder, name);
		if (!statSync(path).isFile() || /\/state\/|\/cron|pidfile|prosody\.pid|muc_log_cleanup/.test(name)) continue;
		if (name.endsWith(".dat")) {
			const data = read_data(readFileSync(path));
			if (!data.ok) throw new Error(`${name}: ${data.error}`);
			seen[name] = data.value;
		} else if (name.endsWith(".list")) seen[name] = readFileSync(path, "latin1");
		else if (name.endsWith(".sqlite")) {
			const file = new Sqlite(path, { readonly: true });
			seen["prosody"] = file
				.prepare(rows('"'))
				.all()
				.map((row) => {
					if (typeof row !== "object" || row === null || !("type" in row) || !("value" in row)) return row;
					return row.type === "json" ? { ...row, value: JSON.parse(String(row.value)) } : row;
				});
			seen["prosodyarchive"] = file.prepare(`SELECT * FROM "prosodyarchive" ORDER BY "sort_id"`).all();
			file.close();
		}
	}
	return seen;
}

const hats = { "urn:example:poet": { active: true, title: "Poet ✒" } };

/** Works on the stored balcony between two performances. */
async function with_balcony(
	data: string,
	options: Record<string, ConfigValue>,
	work: (room: Record<string, unknown>) => void,
): Promise<void> {
	const storage = start_storage({ "*": options, [service]: {} }, { folder: data });
	const store = storage.open("config", "keyval", service);
	const room = store.get("balcony");
	if (!room.ok || room.value === undefined) throw new Error("the balcony is not there");
	work(room.value);
	const kept = store.set("balcony", room.value);
	// A database elsewhere takes its time
	await storage.server.turn.done();
	storage.stop(true);
	if (!kept.ok) throw new Error(kept.error.text);
	expect(storage.failures).toEqual([]);
}

function table(value: unknown): Record<string, unknown> {
	if (typeof value !== "object" || value === null) throw new Error(`no table: ${value}`);
	return Object.fromEntries(Object.entries(value));
}

let stage: Stage | undefined;

afterEach(async () => {
	await stage?.end();
	stage = undefined;
});

const sqlite = 'sql = { driver = "SQLite3", database = "prosody.sqlite" }';

interface Storage {
	readonly what: string;
	readonly storage: string;
	readonly options: Record<string, ConfigValue>;
	readonly reason: string | undefined;
	readonly database?: TestDatabase;
}

/** A database elsewhere, where it and Prosody's way to it are installed. */
async function elsewhere(what: string, found: unknown, lua: string, start: () => Promise<TestDatabase>): Promise<Storage> {
	const reason = no_prosody ?? why_not("util.sql", "DBI", lua);
	const is_left_out = not_installed(found, what, "Prosody and we do not take turns with it");
	if (reason !== undefined || is_left_out) return { what, storage: "", options: {}, reason: reason ?? "not installed" };
	const database = await start();
	databases.push(database);
	const { sql } = database;
	const option = Object.entries(sql).map(([name, given]) => `${name} = ${JSON.stringify(given)}`);
	return { what, storage: `storage = "sql"\nsql = { ${option.join("; ")} }`, options: { storage: "sql", sql }, reason, database };
}

const databases: TestDatabase[] = [];
const stages: readonly Storage[] = [
	{ what: "files", storage: 'storage = "internal"', options: {}, reason: no_prosody },
	{ what: "files, where nothing is said of storage", storage: "", options: {}, reason: no_prosody },
	{ what: "SQLite", storage: `storage = "sql"\n${sqlite}`, options: { storage: "sql" }, reason: no_sql },
	{ what: "files, with archives in SQLite", storage: `storage = { muc_log = "sql" }\n${sqlite}`, options: {}, reason: no_sql },
	await elsewhere("PostgreSQL", find_postgresql(), "dbd.postgresql", start_postgresql),
	await elsewhere("MariaDB", find_mariadb(), "dbd.mysql", start_mariadb),
];

afterAll(async () => {
	for (const database of databases) await database.remove();
});

describe.each(stages)("$what", ({ storage, options, reason, database }) => {
	const stored_now = (): Record<string, unknown> | Promise<Record<string, unknown>> =>
		database === undefined ? stored(stage?.data ?? "") : stored_there(database);

	it.skipIf(reason)("are the same for Prosody, for us, and for Prosody again", async () => {
		stage = new Stage(config(storage), reference);
		const rooms = [balcony, garden];
		const first = await stage.prosody();
		await make(first.port);
		await stage.curtain();
		// What is in memory only is not what this is about.
		const again = await stage.prosody();
		const made = await observe(again.port, people, rooms, reasons);
		await stage.curtain();
		let data = await stored_now();
		expect(made["romeo@localhost"]).toMatchObject({ bookmarks: [balcony], vcard: "Romeo Montague" });
		expect(JSON.stringify(made)).toMatch(/Balkon.*vier: äöü.*queen-mab/s);
		expect(Object.keys(data).length).toBeGreaterThanOrEqual(2);

		// What modules of the community keep: hats, and settings of their own.
		await with_balcony(stage.data, options, (room) => {
			const people_data = table(room["_affiliation_data"]);
			people_data["juliet@localhost"] = { ...table(people_data["juliet@localhost"]), hats };
			room["_affiliation_data"] = people_data;
			room["_data"] = { ...table(room["_data"]), restrict_media: true };
		});
		data = await stored_now();

		const second = await stage.ours();
		expect(await observe(second.port, people, rooms, reasons)).toEqual(made);
		await stage.curtain();
		// Looking changes nothing.
		expect(await stored_now()).toEqual(data);

		const third = await stage.ours();
		await change(third.port, "lark", people);
		await stage.curtain();
		const still = await stage.ours();
		const after_us = [
			["romeo", "wherefore"],
			["juliet", "art thou: ü"],
			["mercutio", "password lark"],
			["lark", "secret lark"],
		] as const;
		const more_rooms = [...rooms, `lark@${service}`];
		const changed = await observe(still.port, after_us, more_rooms, reasons);
		await stage.curtain();

		const fourth = await stage.prosody();
		expect(await observe(fourth.port, after_us, more_rooms, reasons)).toEqual(changed);
		await change(fourth.port, "owl", after_us);
		await stage.curtain();
		const fifth = await stage.prosody();
		const after_both = [
			["romeo", "wherefore"],
			["mercutio", "password owl"],
			["lark", "secret lark"],
			["owl", "secret owl"],
		] as const;
		const all_rooms = [...more_rooms, `owl@${service}`];
		const last = await observe(fifth.port, after_both, all_rooms, reasons);
		await stage.curtain();

		const sixth = await stage.ours();
		expect(await observe(sixth.port, after_both, all_rooms, reasons)).toEqual(last);
		await stage.curtain();
		await with_balcony(stage.data, options, (room) => {
			expect(table(room["_affiliation_data"])["juliet@localhost"]).toMatchObject({ hats, reserved_nickname: "juliet" });
			expect(room["_data"]).toMatchObject({ restrict_media: true, name: "Renamed owl", whois: "anyone" });
		});
	});
});
