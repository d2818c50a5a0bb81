// Counterpart: migrator/prosody_sql.lua (writing)

import { NetworkDatabase } from "../../core/network_sql/database.ts";
import { address_text, type ServerAddress } from "../../core/network_sql/messages.ts";
import type { SqlValue } from "../../core/types.ts";
import { keyval_store } from "../../plugins/storage_sql/keyval.ts";
import { check_network_tables } from "../../plugins/storage_sql/network_schema.ts";
import { failed, ok, type Result } from "../../util/error.ts";
import { problem } from "../../util/luatable.ts";
import { network_source } from "./network_source.ts";
import { check_storable, insert, newest, TargetTurn, take_back } from "./sql_target.ts";
import type { ArchiveRecord, Target, Unit } from "./types.ts";

const all_keys = `SELECT "key" FROM "prosodyarchive" WHERE "host"=? AND "user"=? AND "store"=?`;

/** How many items are sent at once. */
const batch_size = 200;

/** Why a database cannot be a target: it has data in it. Looks only. */
export function occupied_server(address: ServerAddress): string | undefined {
	const source = network_source(address);
	const is_empty = source.units().length === 0;
	source.close();
	return is_empty ? undefined : `the ${address_text(address)} has data in it`;
}

/**
 * A database over the network for Prosody's `sql` storage as a target; its tables are made where there are none.
 * @returns an error where it cannot be reached, or has other tables
 */
export function network_target(address: ServerAddress): Result<Target, string> {
	const work = new TargetTurn();
	const database = new NetworkDatabase(address, work.turn, true);
	const greeted = database.greet();
	const checked = greeted.ok ? check_network_tables(database, address.driver, true) : greeted;
	if (!checked.ok) {
		database.close();
		return failed(checked.error.text);
	}
	const has_unique_index = checked.value;
	let unit: Unit | undefined;
	/** Ids of the archive that is open: the database of some kinds does not refuse a second one. */
	let keys = new Set<string>();

	function rows(sql: string, ...values: SqlValue[]): SqlValue[][] {
		const found = database.read(() => ok(database.all(sql, ...values)));
		if (!found.ok) throw new Error(found.error.text);
		return found.value;
	}

	return ok({
		name: address_text(address),
		put_table({ host, store, user }, table) {
			const storable = check_storable(table);
			if (!storable.ok) return storable;
			const written = keyval_store({ database, has_unique_index, host, store }).set_table(user, table);
			if (written.ok) return ok(undefined);
			if (written.error.refused) return failed(written.error.text);
			throw new Error(written.error.text);
		},
		open_archive(next, from) {
			const { host, store, user = "" } = next;
			const taken = database.write_one(take_back, host, user, store, from.position);
			if (!taken.ok) throw new Error(taken.error.text);
			keys = new Set(rows(all_keys, host, user, store).map(([key]) => String(key)));
			if (keys.size !== from.items) return failed("it has not the items that it had");
			unit = next;
			return ok(undefined);
		},
		append(record: ArchiveRecord) {
			if (unit === undefined) throw new Error("no archive is open");
			const { key, with: with_whom, xml } = record;
			const found = problem(xml) ?? problem(key) ?? problem(with_whom);
			if (found !== undefined) return failed(`${found} cannot be stored there`);
			if (keys.has(key)) return failed(`there is an item with the id ${key} already`);
			const when = database.dialect.kept_time(record.when);
			if (when === undefined) return failed(`the time ${record.when} cannot be stored there`);
			const { host, store, user = "" } = unit;
			const written = database.change_one(insert, host, user, store, when, with_whom, key, xml);
			if (written.ok) {
				keys.add(key);
				if (keys.size % batch_size === 0) rows("SELECT 1");
				return ok({ ...record, when });
			}
			if (written.error.refused) return failed(written.error.text);
			throw new Error(written.error.text);
		},
		cursor: () => ({ position: Number(rows(newest)[0]?.[0] ?? 0), items: keys.size }),
		close_archive() {
			unit = undefined;
			keys = new Set();
		},
		commit: () => work.commit(),
		close: () => work.close(database),
	});
}
