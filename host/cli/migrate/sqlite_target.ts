// Counterpart: migrator/prosody_sql.lua (writing)

import { existsSync, statSync } from "node:fs";
import { SqliteDatabase } from "../../core/sqlite.ts";
import { keyval_store } from "../../plugins/storage_sql/keyval.ts";
import { check_tables } from "../../plugins/storage_sql/schema.ts";
import { failed, ok, type Result } from "../../util/error.ts";
import { problem } from "../../util/luatable.ts";
import { check_storable, insert, newest, TargetTurn, take_back } from "./sql_target.ts";
import { sqlite_source } from "./sqlite_source.ts";
import type { ArchiveRecord, Target, Unit } from "./types.ts";

const count = `SELECT COUNT(*) FROM "prosodyarchive" WHERE "host"=? AND "user"=? AND "store"=?`;

/** Milliseconds to wait for another process that uses the file. */
const busy_timeout = 5000;
/** Kibibytes of the file that are held in memory, so that indexes by chance keys do not slow down early. */
const cache_size = 128 * 1024;

/** Why a file cannot be a target: it has data in it. Looks only. */
export function occupied_database(file: string): string | undefined {
	if (!existsSync(file) || statSync(file).size === 0) return undefined;
	const source = sqlite_source(file);
	const is_empty = source.units().length === 0;
	source.close();
	return is_empty ? undefined : `the database ${file} has data in it`;
}

/**
 * A SQLite file for Prosody's `sql` storage as a target. It is made where there is none.
 * @returns an error where there is something else in its place
 */
export function sqlite_target(file: string): Result<Target, string> {
	const work = new TargetTurn();
	const opened = SqliteDatabase.open({ file, turn: work.turn, busy_timeout });
	if (!opened.ok) return failed(opened.error.text);
	const database = opened.value;
	const checked = check_tables(database, true);
	const tuned = checked.ok ? database.tune("default") : checked;
	if (!checked.ok || !tuned.ok) {
		database.close();
		return failed(checked.ok ? (tuned.ok ? "" : tuned.error.text) : checked.error.text);
	}
	database.set_up([`PRAGMA cache_size = -${cache_size}`]);
	const has_unique_index = checked.value;
	let unit: Unit | undefined;
	let items = 0;

	function number_of(sql: string, ...values: string[]): number {
		const found = database.read(() => ok(Number(database.first(sql, ...values)?.[0] ?? 0)));
		if (!found.ok) throw new Error(found.error.text);
		return found.value;
	}

	return ok({
		name: `sql:${file}`,
		put_table({ host, store, user }, table) {
			const storable = check_storable(table);
			if (!storable.ok) return storable;
			const written = keyval_store({ database, has_unique_index, host, store }).set_table(user, table);
			if (!written.ok) throw new Error(written.error.text);
			return ok(undefined);
		},
		open_archive(next, from) {
			const { host, store, user = "" } = next;
			const taken = database.write_one(take_back, host, user, store, from.position);
			if (!taken.ok) throw new Error(taken.error.text);
			if (number_of(count, host, user, store) !== from.items) return failed("it has not the items that it had");
			unit = next;
			items = from.items;
			return ok(undefined);
		},
		append(record: ArchiveRecord) {
			const { key, when, with: with_whom, xml } = record;
			if (unit === undefined) throw new Error("no archive is open");
			const found = problem(xml) ?? problem(key) ?? problem(with_whom);
			if (found !== undefined) return failed(`${found} cannot be stored in SQLite`);
			const { host, store, user = "" } = unit;
			const written = database.write_one(insert, host, user, store, when, with_whom, key, xml);
			if (written.ok) {
				items++;
				return ok(record);
			}
			if (written.error.text.includes("UNIQUE")) return failed(`there is an item with the id ${key} already`);
			throw new Error(written.error.text);
		},
		cursor: () => ({ position: number_of(newest), items }),
		close_archive() {
			unit = undefined;
		},
		commit: () => work.commit(),
		close: () => work.close(database),
	});
}
