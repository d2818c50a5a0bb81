// No counterpart: what teal-src/module.d.tl says of stores, and the sources of core/storagemanager.lua for the rest.

import type { Condition, Result } from "../../util/error.ts";
import type { PlainStanza } from "../../util/plain_xml.ts";
import type { Stanza } from "../../util/stanza.ts";

/**
 * What a store holds: Lua's values. Lists are arrays, tables with string keys only are objects, all others are Maps. Integers that
 * no JavaScript number equals, of those with up to 64 bits, are bigints.
 */
export type StoreValue = string | number | bigint | boolean | StoreValue[] | StoreTable | StoreMap;
export interface StoreTable {
	[key: string]: StoreValue | undefined;
}
export type StoreKey = string | number | bigint | boolean;
export type StoreMap = Map<StoreKey, StoreValue>;

/** A store that could not be read or written. */
export interface StorageError {
	readonly text: string;
	/** Shown to users instead of `text`, where that is safe. */
	readonly condition?: Condition;
	/**
	 * Whether the error is about the value or the request, and not about the storage. Where the storage itself fails to write, the
	 * turn fails.
	 */
	readonly refused?: true;
	/** Whether a lock of another process is in the way, which will go by itself. */
	readonly locked?: true;
	/** Whether the storage is somewhere else, and cannot be reached now. It is `locked`, too. */
	readonly unreachable?: true;
}

/**
 * One table for each user (or room); `undefined` as user means the host itself. `get` and `set` see tables whose keys are all
 * text, which most are: what `get` cannot show for its keys it leaves out, and `set` replaces the whole table.
 */
export interface KeyvalStore {
	/** The stored table, undefined where there is none. */
	get(user: string | undefined): Result<StoreTable | undefined, StorageError>;
	/** Replaces the table; undefined (or an empty table) removes it. */
	set(user: string | undefined, data: StoreTable | undefined): Result<void, StorageError>;
	/** The same with keys of every kind: rosters keep what belongs to no contact under the key `false`. */
	get_table(user: string | undefined): Result<StoreMap | undefined, StorageError>;
	set_table(user: string | undefined, data: StoreMap | undefined): Result<void, StorageError>;
	/** All users that have something stored here. */
	users(): Result<string[], StorageError>;
	/**
	 * Why nothing can be stored for a user of that name, so that no such user must be made. Missing where all names are possible.
	 */
	name_problem?(user: string | undefined): StorageError | undefined;
}

/** The same data, key by key. */
export interface MapStore {
	get(user: string | undefined, key: StoreKey): Result<StoreValue | undefined, StorageError>;
	/** Sets one key; undefined removes it. */
	set(user: string | undefined, key: StoreKey, value: StoreValue | undefined): Result<void, StorageError>;
	/** Sets several keys at once, all or none of them; undefined removes one. */
	set_keys(user: string | undefined, values: ReadonlyMap<StoreKey, StoreValue | undefined>): Result<void, StorageError>;
	/** Whether a key is written without the others being read and written, too. */
	readonly writes_by_key?: true;
	/** Values of one key over all users. */
	get_all(key: string): Result<Map<string, StoreValue>, StorageError>;
	/** Removes one key from all users. */
	delete_all(key: string): Result<void, StorageError>;
}

export interface ArchiveItem {
	readonly id: string;
	/** Always the same object; it may be made when it is read for the first time. */
	readonly stanza: Stanza;
	/** Its text, where that is known and can go out as it is. */
	readonly plain?: PlainStanza;
	/** Seconds since 1970, with fraction where the driver keeps one. */
	readonly when: number;
	readonly with: string;
}

/** Narrows an archive query; all parts are optional. Source: plugins/mod_storage_sql.lua, archive_where. */
export interface ArchiveQuery {
	readonly with?: string;
	/** Inclusive. Items with times in whole seconds count as later than any part of their second. */
	readonly start?: number;
	/** Inclusive. */
	readonly end?: number;
	/** Only items after (before) the one with this id. */
	readonly after?: string;
	readonly before?: string;
	/** True for the last items without an id to page before. */
	readonly reverse?: boolean;
	readonly ids?: readonly string[];
	readonly key?: string;
	readonly limit?: number;
	/** Also count all that match without `limit`. */
	readonly total?: boolean;
	/** Leaves the number out where it would take long, and the page does not. */
	readonly is_urgent?: boolean;
}

/** What to delete. */
export interface DeleteQuery extends ArchiveQuery {
	/** Keeps that many of the newest. */
	readonly truncate?: number;
	/** Nobody needs to know how many: where one would have to wait for the number, the answer is 0. */
	readonly uncounted?: true;
}

export interface ArchivePage {
	readonly items: ArchiveItem[];
	readonly total?: number;
}

/** Archives of users, rooms, or, where `undefined` is the user, of the host itself. */
export interface ArchiveStore {
	/** `null` where there is no storage, so that nothing is ever kept. */
	readonly name?: "null";
	/** Whether the whole server waits for an answer over the network while it asks at once. */
	readonly is_far?: true;
	/** Features that a query may rely on, and the most items one user may have. */
	readonly caps: {
		readonly total: boolean;
		readonly quota?: number;
		readonly full_id_range: boolean;
		readonly ids: boolean;
		readonly truncate: boolean;
		readonly wildcard_delete: boolean;
	};
	/**
	 * Adds an item and answers with its id; an item of the same id is replaced, and moves to the end. Where the user has as many
	 * items as `caps.quota` allows, the error's text is `quota-limit`.
	 */
	append(
		user: string | undefined,
		id: string | undefined,
		stanza: Stanza,
		when: number,
		with_whom: string,
	): Result<string, StorageError>;
	/** `item-not-found` as the error's condition where `after` or `before` is unknown. */
	find(user: string | undefined, query?: ArchiveQuery): Result<ArchivePage, StorageError>;
	/** Whether {@link find} may keep the server busy for long with this archive, so that it is better asked in the other way. */
	takes_long?(user: string | undefined): boolean;
	/** The same without blocking other work: it is read page by page, between turns. */
	find_later(user: string | undefined, query?: ArchiveQuery): Promise<Result<ArchivePage, StorageError>>;
	get(user: string | undefined, id: string): Result<ArchiveItem | undefined, StorageError>;
	/** Replaces an item's stanza (and time, and with, where given). */
	set(user: string | undefined, id: string, stanza: Stanza, when?: number, with_whom?: string): Result<void, StorageError>;
	/** Replaces the stanzas of several items at once, all or none; an unknown id is left out. Missing where `set` costs no more. */
	set_many?(user: string | undefined, stanzas: ReadonlyMap<string, Stanza>): Result<void, StorageError>;
	/** Deletes and answers how many; `true` as user means all, the host itself too. */
	delete(user: string | true | undefined, query?: DeleteQuery): Result<number, StorageError>;
	/**
	 * Deletes much, a part at a time between turns, so that nobody waits; what is gone stays gone where a later part fails. Missing where
	 * {@link delete} is as good.
	 */
	delete_later?(user: string | true | undefined, query: ArchiveQuery): Promise<Result<number, StorageError>>;
	/** How many items there are for each `with`, and when the first and the last was. */
	summary(
		user: string | undefined,
		query?: ArchiveQuery,
	): Result<Map<string, { count: number; first: number; last: number }>, StorageError>;
	users(): Result<string[], StorageError>;
}

export interface StoreTypes {
	keyval: KeyvalStore;
	map: MapStore;
	archive: ArchiveStore;
}

/** A storage driver on one host (item `storage-provider`). */
export interface StorageDriver {
	readonly name: string;
	/** A store of that name; an error value where the driver has no such kind or cannot open it. */
	open<Kind extends keyof StoreTypes>(store: string, kind: Kind): Result<StoreTypes[Kind], StorageError>;
	/** Removes everything of one user. */
	purge(user: string): Result<void, StorageError>;
	/**
	 * Reads what is stored for a user ahead, so that reading it soon at once keeps nobody waiting. Undefined where that is so anyway.
	 */
	fetch?(user: string): Promise<Result<void, StorageError>> | undefined;
	/** Ends the driver's use of files, once all modules are unloaded. Drivers that share a file may each call for it. */
	close?(): void;
}
