// No counterpart: in Prosody everybody waits for the database.

import type { SqlDatabase, SqlValue, StorageError } from "../../core/types.ts";
import { ok, type Result } from "../../util/error.ts";
import { column, type StoredValue } from "./values.ts";

const select_stores = `SELECT "store", "key", "type", "value" FROM "prosody" WHERE "host"=? AND "user"=?`;

/** For how long rows are right that another program may change meanwhile, in milliseconds. */
const trusted = 5000;
/** Of how many accounts and rooms rows are kept at the same time, and how many rows of one. */
const most_known = 1000;
const most_rows = 5000;

/** Whose rows they are is decided by this and the host: an account, or a room. */
function key_of(host: string, user: string): string {
	return `${host}\0${user}`;
}

/** A store's rows, by key; a key may stand there twice where the database has no unique index. */
export type RowsOfStore = readonly { readonly key: string; readonly value: StoredValue }[];

interface Known {
	readonly stores: Map<string, { key: string; value: StoredValue }[]>;
	/** When they were asked for. */
	readonly since: number;
	/** Stores that were written meanwhile: their rows are not known. */
	readonly written: Set<string>;
}

/**
 * Rows of accounts and rooms that were read between turns, all stores at once, before anybody asked for them: so that a turn in which
 * several are read waits for none. What is written here is forgotten here.
 */
export class RowsAhead {
	private readonly known = new Map<string, Known>();
	/** Those that are being read. */
	private readonly coming = new Map<
		string,
		{ readonly written: Set<string>; readonly done: Promise<Result<void, StorageError>> }
	>();

	/** @param is_shared whether other servers write the same rows, so that they are only right in the turn that brings them */
	constructor(
		private readonly database: Pick<SqlDatabase, "all_later">,
		private readonly is_shared: boolean,
		private readonly clock: () => number = () => performance.now(),
	) {}

	/** Reads the rows of an account or a room, unless they are known. */
	fetch(host: string, user: string): Promise<Result<void, StorageError>> | undefined {
		const key = key_of(host, user);
		// What was written since is read again, too
		if (this.is_known(key) && this.known.get(key)?.written.size === 0) return undefined;
		const coming = this.coming.get(key);
		if (coming !== undefined) return coming.done;
		const written = new Set<string>();
		const done = this.read(key, host, user, written);
		this.coming.set(key, { written, done });
		return done;
	}

	private is_known(key: string): boolean {
		const known = this.known.get(key);
		return known !== undefined && this.clock() - known.since < trusted;
	}

	private async read(key: string, host: string, user: string, written: Set<string>): Promise<Result<void, StorageError>> {
		const since = this.clock();
		const found = await this.database.all_later(select_stores, host, user);
		// Otherwise rows of many were written meanwhile
		const is_right = this.coming.get(key)?.written === written;
		if (is_right) this.coming.delete(key);
		if (!found.ok || !is_right) return found.ok ? ok(undefined) : found;
		if (found.value.length <= most_rows && this.clock() - since < trusted) this.remember(key, { since, written }, found.value);
		return ok(undefined);
	}

	private remember(key: string, { since, written }: Omit<Known, "stores">, rows: readonly SqlValue[][]): void {
		const stores: Known["stores"] = new Map();
		for (const row of rows) {
			const [store = "", name = "", type = "", value = ""] = row.map(column);
			const own = stores.get(store) ?? [];
			own.push({ key: name, value: { type, value } });
			stores.set(store, own);
		}
		this.known.delete(key);
		const known: Known = { stores, since, written };
		this.known.set(key, known);
		for (const oldest of this.known.keys()) {
			if (this.known.size <= most_known) break;
			this.known.delete(oldest);
		}
		// Whoever waits for them goes on before that
		if (this.is_shared) setImmediate(() => this.known.get(key) === known && this.known.delete(key));
	}

	/** The rows of a store, where they are known. */
	of(host: string, user: string, store: string): RowsOfStore | undefined {
		const key = key_of(host, user);
		const known = this.known.get(key);
		if (known === undefined) return undefined;
		if (!this.is_known(key)) {
			this.known.delete(key);
			return undefined;
		}
		return known.written.has(store) ? undefined : (known.stores.get(store) ?? []);
	}

	/** Rows of a store are written. */
	forget(host: string, user: string, store: string): void {
		const key = key_of(host, user);
		this.known.get(key)?.written.add(store);
		this.coming.get(key)?.written.add(store);
	}

	/** Rows of many are written. */
	forget_all(): void {
		this.known.clear();
		this.coming.clear();
	}
}
