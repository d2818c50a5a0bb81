// One turn that stores in files and in SQLite: both or neither, as far as either can tell beforehand.

import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import Sqlite from "better-sqlite3";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ok } from "../../host/util/error.ts";
import * as st from "../../host/util/stanza.ts";
import { type StorageServer, start_storage } from "./storage_server.ts";

const host = "chat.example";
let here: StorageServer;

beforeEach(() => {
	here = start_storage({ "*": { storage: new Map([["in_sql", "sql"]]), default_storage: "internal" }, [host]: {} });
});
afterEach(() => here.stop());

function write(value: string): void {
	here.open("in_sql", "keyval").set("room", { value });
	here.open("in_file", "keyval").set("room", { value });
	here.open("in_file", "archive").append("room", value, st.message({}, value), 1, "w");
}

/** What is stored, as somebody else sees it. */
function stored(): { sql: unknown; file: unknown; archive: number; leftovers: string[] } {
	const other = new Sqlite(join(here.folder, "prosody.sqlite"), { readonly: true });
	const sql = other.prepare(`SELECT "value" FROM "prosody" WHERE "store" = 'in_sql'`).pluck().get();
	other.close();
	const archived = here.open("in_file", "archive").find("room");
	const file = here.open("in_file", "keyval").get("room");
	const folder = join(here.folder, "chat%2eexample", "in_file");
	return {
		sql,
		file: file.ok && file.value?.["value"],
		archive: archived.ok ? archived.value.items.length : -1,
		leftovers: existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith("~")) : [],
	};
}

const settled = { sql: "one", file: "one", archive: 1, leftovers: [] };

describe("a turn in files and in SQLite", () => {
	beforeEach(() => {
		write("one");
		here.server.turn.end();
		expect(stored()).toEqual(settled);
	});

	it("stores in neither where the files cannot be written", () => {
		write("two");
		const path = join(here.folder, "chat%2eexample", "in_file", "room.dat");
		renameSync(path, `${path}.old`);
		mkdirSync(path);
		here.server.turn.end();
		rmSync(path, { recursive: true });
		renameSync(`${path}.old`, path);
		expect(here.failures).toHaveLength(1);
		expect(stored()).toEqual(settled);
		write("three");
		here.server.turn.end();
		expect(stored()).toEqual({ sql: "three", file: "three", archive: 2, leftovers: [] });
	});

	it("stores in neither where SQLite cannot be written, at the call or later", () => {
		const other = new Sqlite(join(here.folder, "prosody.sqlite"));
		other.exec(`CREATE TRIGGER no BEFORE UPDATE ON "prosody" BEGIN SELECT RAISE(ROLLBACK, 'no room'); END`);
		write("two");
		here.server.turn.end();
		expect(here.failures).toHaveLength(1);
		other.exec("DROP TRIGGER no");
		other.close();
		expect(stored()).toEqual(settled);
	});

	it("leaves the files alone while SQLite is locked, and stores in both when it no longer is", async () => {
		const other = new Sqlite(join(here.folder, "prosody.sqlite"));
		other.exec("BEGIN IMMEDIATE");
		write("two");
		here.server.turn.end();
		expect(readdirSync(join(here.folder, "chat%2eexample", "in_file")).sort()).toEqual(["room.dat", "room.list"]);
		// What is written meanwhile waits as well, and is read already
		write("three");
		here.server.turn.end();
		expect(here.open("in_file", "keyval").get("room")).toEqual(ok({ value: "three" }));
		expect(here.open("in_sql", "keyval").get("room")).toEqual(ok({ value: "three" }));
		other.exec("COMMIT");
		other.close();
		await vi.waitFor(() => expect(stored()).toEqual({ sql: "three", file: "three", archive: 3, leftovers: [] }));
		expect(here.failures).toEqual([]);
	});
});
