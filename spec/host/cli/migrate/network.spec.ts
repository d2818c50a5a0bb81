// There and back between Prosody's files and databases over the network; and what `enjamb check` says of these.

import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import { check_storage, check_stored } from "../../../../host/cli/check/storage.ts";
import { run } from "../../../../host/cli/migrate/run.ts";
import { Config } from "../../../../host/core/configmanager.ts";
import * as st from "../../../../host/util/stanza.ts";
import { not_installed } from "../../../needs.ts";
import { find_mariadb, start_mariadb } from "../../databases/mariadb.ts";
import { find_postgresql, start_postgresql } from "../../databases/postgresql.ts";
import type { TestDatabase } from "../../databases/types.ts";
import { value } from "../../plugins/storage.common.ts";
import { start_storage } from "../../storage_server.ts";

const host = "rooms.example.com";
const no_postgresql = not_installed(find_postgresql(), "PostgreSQL", "nothing is moved there");
const no_mariadb = not_installed(find_mariadb(), "MariaDB", "nothing is moved there");
const databases = new Map<string, TestDatabase>();
if (!no_postgresql) databases.set("PostgreSQL", await start_postgresql());
if (!no_mariadb) databases.set("MariaDB", await start_mariadb());

afterAll(async () => {
	for (const database of databases.values()) await database.remove();
});

let folder: string;

beforeEach(async () => {
	folder = mkdtempSync(join(tmpdir(), "enjamb-spec-"));
	for (const database of databases.values()) await database.empty();
});
afterEach(() => {
	rmSync(folder, { recursive: true });
});

async function migrate(from: string, to: string, dry_run = false) {
	const out: string[] = [];
	const err: string[] = [];
	const status = await run({
		from,
		to,
		dry_run,
		folder,
		write: (text) => void out.push(text),
		progress: { is_terminal: false, columns: 80, now: () => performance.now(), write: (text) => void err.push(text) },
	});
	return { status, out: out.join(""), err: err.join("") };
}

const digest_of = (out: string): string | undefined => /Digest of both: ([0-9a-f]{64})/.exec(out)?.[1];

/** A data folder with tables of all kinds and an archive longer than a batch. */
function write_data(): string {
	const storage = start_storage({ "*": { storage: "internal" }, [host]: {} }, { folder: join(folder, "data") });
	const config = storage.open("config", "keyval", host);
	value(
		config.set("tea", { _jid: `tea@${host}`, _data: { name: "Bühne ✓", id: 5, hidden: false }, "romeo@example.com": "owner" }),
	);
	value(storage.open("persistent", "keyval", host).set(undefined, { [`tea@${host}`]: true }));
	value(storage.open("roster", "keyval", host).set_table("o'hara", new Map([[false, { version: 1 }]])));
	const archive = storage.open("muc_log", "archive", host);
	for (let number = 0; number < 450; number++) {
		const said = st.message({ from: `tea@${host}/romeo`, type: "groupchat" }, `message ${number} “é” <&>`);
		value(archive.append("tea", `key-${number}`, said, 1700000000 + number, "message<groupchat"));
	}
	storage.server.turn.end();
	storage.stop(true);
	return join(folder, "data");
}

function url_of({ driver, sql }: TestDatabase): string {
	const scheme = driver === "MySQL" ? "mysql" : "postgresql";
	return `${scheme}://${sql["username"]}:${encodeURIComponent(String(sql["password"]))}@${sql["host"]}:${sql["port"]}/${sql["database"]}`;
}

describe.each([...databases])("%s", (_name, database) => {
	it("takes everything, and gives it back", async () => {
		const data = write_data();
		const rehearsed = await migrate(`internal:${data}`, url_of(database), true);
		expect(rehearsed).toMatchObject({ status: 0, err: expect.any(String) });
		const there = await migrate(`internal:${data}`, url_of(database));
		expect(there).toMatchObject({ status: 0, out: expect.stringContaining("Verified: 45") });
		expect(there.out + there.err).not.toContain("Romeo");
		const again = await migrate(`internal:${data}`, url_of(database));
		expect(again).toMatchObject({ status: 1, err: expect.stringContaining("has data in it") });
		// By a configuration, as an administrator has one
		const config = join(folder, "prosody.cfg.lua");
		const option = Object.entries(database.sql).map(([key, given]) => `${key} = ${JSON.stringify(given)}`);
		writeFileSync(config, `storage = "sql"\nsql = { ${option.join("; ")} }\nVirtualHost "example.com"\n`);
		const back = await migrate(`config:${config}`, `internal:${join(folder, "back")}`);
		expect(back).toMatchObject({ status: 0 });
		expect(digest_of(back.out)).toBe(digest_of(there.out));
		expect(digest_of(there.out)).toMatch(/^[0-9a-f]+$/);
		expect(readdirSync(folder).filter((name) => name.endsWith(".migration"))).toEqual([]);
		const storage = start_storage({ "*": { storage: "sql", sql: database.sql }, [host]: {} });
		expect(value(storage.open("muc_log", "archive", host).find("tea")).items.map(({ id }) => id)).toHaveLength(450);
		expect(value(storage.open("config", "keyval", host).get("tea"))?.["_data"]).toEqual({
			name: "Bühne ✓",
			id: 5,
			hidden: false,
		});
		expect(value(storage.open("roster", "keyval", host).get_table("o'hara"))).toEqual(new Map([[false, { version: 1 }]]));
		storage.stop();
	});

	it("is looked at before the server starts", async () => {
		const options = { storage: "sql", sql: database.sql };
		const check = (sql = database.sql): string[] =>
			check_storage(Config.from({ "*": { ...options, sql }, [host]: {}, "example.com": {} }), folder).map(
				({ severity, message }) => `${severity}: ${message}`,
			);
		expect(check()).toEqual([expect.stringMatching(/^info: .* there is no table prosody and prosodyarchive yet/)]);
		const tables = await database.query(
			database.driver === "MySQL" ? "SHOW TABLES" : "SELECT tablename FROM pg_tables WHERE tablename LIKE 'prosody%'",
		);
		expect(tables).toEqual([]);
		const storage = start_storage({ "*": options, [host]: {} });
		value(storage.open("config", "keyval", host).set("tea", { a: 1 }));
		await storage.server.turn.done();
		storage.stop();
		expect(check()).toEqual([]);
		expect(check({ ...database.sql, password: "wrong" })).toEqual([
			expect.stringMatching(/^error: .*cannot be reached \(.*prosody/),
		]);
		expect(check({ driver: database.driver })).toEqual([expect.stringContaining("error: option sql: it names no database")]);
		await database.query("UPDATE prosody SET type = 'json', value = '{'");
		const stored = check_stored(Config.from({ "*": options, [host]: {} }), folder);
		expect(stored).toMatchObject([
			{ severity: "error", message: expect.stringContaining(`config of tea@${host} cannot be read`) },
		]);
		if (database.driver === "PostgreSQL") {
			await database.query('DROP INDEX prosody_unique_index; CREATE INDEX prosody_index ON prosody (host, "user", store, key)');
			expect(check()).toEqual([expect.stringMatching(/^info: .*those of Prosody 0.12/)]);
		}
		await database.query("ALTER TABLE prosody ADD COLUMN more INTEGER");
		expect(check()).toEqual([expect.stringMatching(/^error: .*the table prosody has the columns .*more: expected/)]);
	});
});
