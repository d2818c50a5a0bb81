// Counterpart: migrator/prosody_sql.lua (reading). Prosody's tables in a database over the network, looked at without changing them.

import { NetworkDatabase } from "../../core/network_sql/database.ts";
import { address_text, type ServerAddress } from "../../core/network_sql/messages.ts";
import type { SqlValue, StorageError, StoreMap } from "../../core/types.ts";
import { examine } from "../../plugins/storage_sql/network_schema.ts";
import { deserialize, column as text } from "../../plugins/storage_sql/values.ts";
import { ok, type Result } from "../../util/error.ts";
import { Turn } from "../../util/turn.ts";
import * as xml from "../../util/xml.ts";
import { canonical_xml } from "./canonical_xml.ts";
import { add_row, raw_row } from "./sqlite_source.ts";
import { type ArchiveEntry, type Source, type Unit, type Unreadable, unit_id } from "./types.ts";

/** How many items are read at once. */
const page_size = 500;
const select_table = `SELECT "key", "type", "value" FROM "prosody" WHERE "host"=? AND "user"=? AND "store"=? ORDER BY "key"`;
const select_archive = `SELECT "sort_id", "key", "when", "with", "type", "value" FROM "prosodyarchive"
	WHERE "host"=? AND "user"=? AND "store"=? AND "sort_id">? ORDER BY "sort_id" LIMIT ?`;
const count_of = (table: string, last: string): string =>
	`SELECT "host", "store", "user", COUNT(*), SUM(LENGTH("value")), ${last} FROM "${table}" GROUP BY "host", "user", "store" ORDER BY "host", "store", "user"`;

function value_of<T>(result: Result<T, StorageError>): T {
	if (!result.ok) throw new Error(result.error.text);
	return result.value;
}

/** A database with Prosody's tables as a source. Throws, with a text that names it, where it cannot be read, or has others. */
export function network_source(address: ServerAddress): Source {
	const name = address_text(address);
	const database = new NetworkDatabase(address, new Turn(() => undefined), true);
	const rows = (sql: string, ...values: SqlValue[]): SqlValue[][] =>
		value_of(database.read(() => ok(database.all(sql, ...values))));
	const units: Unit[] = [];
	const fingerprints = new Map<string, string>();
	try {
		value_of(database.greet());
		const { missing } = value_of(examine(database, address.driver));
		for (const [table, kind, last] of [
			["prosody", "keyval", "0"],
			["prosodyarchive", "archive", 'MAX("sort_id")'],
		] as const) {
			if (missing.includes(table)) continue;
			for (const [host, store, user, size, ...print] of rows(count_of(table, last))) {
				const owner = text(user);
				const unit: Unit = {
					host: text(host),
					store: text(store),
					user: owner === "" ? undefined : owner,
					kind,
					size: Number(size),
				};
				units.push(unit);
				fingerprints.set(unit_id(unit), `${unit.size} ${print.map(text).join(" ")}`);
			}
		}
	} catch (error) {
		database.close();
		throw error;
	}

	return {
		name,
		units: () => units,
		read_table({ host, user, store }) {
			const table: StoreMap = new Map();
			const unreadable: Unreadable[] = [];
			for (const [found, type, value] of rows(select_table, host, user ?? "", store)) {
				const key = text(found);
				const read = deserialize(text(type), text(value));
				if (read.ok) add_row(table, key, read.value);
				else unreadable.push({ place: `${name}: key "${key}"`, reason: read.error, raw: raw_row({ key, type, value }) });
			}
			return { table: table.size === 0 ? undefined : table, unreadable };
		},
		*read_archive({ host, user, store }, from): Generator<ArchiveEntry> {
			let next = from;
			for (;;) {
				const page = rows(select_archive, host, user ?? "", store, next, page_size);
				for (const [sort_id, id, time, with_whom, type, value] of page) {
					next = Number(sort_id);
					const [key, when] = [text(id), Number(time)];
					const stanza = text(type) === "xml" ? xml.parse(text(value)) : undefined;
					if (stanza === undefined) {
						const raw = raw_row({ sort_id, key, when, with: with_whom, type, value });
						const place = `${name}: item ${key} (sort_id ${next})`;
						yield { next, size: 1, unreadable: { place, reason: "it holds no stanza that is well-formed XML", raw } };
						continue;
					}
					yield { next, size: 1, record: { key, when, with: text(with_whom), stanza, xml: canonical_xml(stanza) } };
				}
				if (page.length < page_size) return;
			}
		},
		fingerprint: (unit) => fingerprints.get(unit_id(unit)) ?? "",
		left_behind: () => [],
		close: () => void database.close(),
	};
}
