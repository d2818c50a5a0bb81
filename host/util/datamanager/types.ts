// Counterpart: util/datamanager.lua: what it offers, and what it works with

import type { Result } from "../error.ts";
import type { path_decode, path_encode } from "../file_names.ts";
import type { LuaTable, LuaValue } from "../luatable.ts";
import type { TurnFiles } from "../turn_files.ts";
import type { AsideFile } from "./aside.ts";
import type { FileLog, Run, StoredList } from "./lists.ts";

/** A user's name; undefined for what belongs to a host itself. */
export type User = string | undefined;

/** May change data and their place before they are stored; false as the user's name means that they are not stored. */
export type StoreCallback = (
	username: User,
	host: string | undefined,
	datastore: string,
	data: LuaTable | undefined,
) => readonly [username: User | false, host: string | undefined, datastore: string, data: LuaTable | undefined];

/** What a {@link create_datamanager} works with. */
export interface DatamanagerOptions {
	/** The folder that everything is in. */
	readonly data_path: string;
	readonly files: TurnFiles;
	readonly log: FileLog;
}

/**
 * Prosody's own data files: a folder for each host, in it one for each store, in it a file for each user. Writes belong to the
 * turn. Errors are one line that names the file; a file that cannot be read is never overwritten.
 */
export interface Datamanager {
	set_data_path(path: string): void;
	add_callback(callback: StoreCallback): boolean;
	remove_callback(callback: StoreCallback): boolean;
	/** The path of a file; `ext` is `dat` when not given. */
	getpath(username: User, host: string | undefined, datastore: string, ext?: string): string;
	/** Why nothing of a host can be stored; undefined where it can. */
	host_problem(host: string | undefined): string | undefined;
	/** Why nothing of a user can be kept in a store: no file can have such a name. Undefined where one can. */
	name_problem(username: User, host: string | undefined, datastore: string): string | undefined;
	/** What is stored; undefined where there is nothing. */
	load(username: User, host: string | undefined, datastore: string): Result<LuaValue | undefined, string>;
	/** The same value as {@link load} gives, but shared with other readers: it must not be changed. */
	peek(username: User, host: string | undefined, datastore: string): Result<LuaValue | undefined, string>;
	/**
	 * Stores a table; an empty one, or none, removes the file.
	 * @param is_given_away whether nobody will change the table any more, so that {@link peek} may give it to readers
	 */
	store(
		username: User,
		host: string | undefined,
		datastore: string,
		data: LuaTable | undefined,
		is_given_away?: boolean,
	): Result<true, string>;
	/** Appends to a file; returns where that begins. */
	append_raw(username: User, host: string | undefined, datastore: string, ext: string, data: Buffer): Result<number, string>;
	/** Writes a whole file. */
	store_raw(filename: string, data: Buffer): Result<true, string>;
	/** Adds an entry to a list. */
	list_append(username: User, host: string | undefined, datastore: string, data: LuaValue): Result<true, string>;
	/** Replaces a list; an empty one, or none, removes the file. */
	list_store(
		username: User,
		host: string | undefined,
		datastore: string,
		data: readonly LuaValue[] | undefined,
	): Result<true, string>;
	/** All entries of a list; undefined where there is none. An error where one of them cannot be read. */
	list_load(username: User, host: string | undefined, datastore: string): Result<LuaValue[] | undefined, string>;
	/** A list whose entries can be read one by one; undefined where there is none. */
	list_open(username: User, host: string | undefined, datastore: string): Result<StoredList | undefined, string>;
	/** Makes a list consist of existing entries, by their number from 0, and of new ones. All others are removed. */
	list_rewrite(list: StoredList, pieces: readonly (number | Run | LuaTable)[]): Result<true, string>;
	/**
	 * Makes a long list consist of some of its entries and of what is appended meanwhile, while others have their turns. False where it
	 * cannot be done in this way, or the list was changed otherwise meanwhile: then it is as it was.
	 * @param of how many entries it has now
	 */
	list_shorten(list: StoredList, kept: readonly Run[], of: number): Promise<Result<boolean, string>>;
	/** Removes what comes before an entry, by its number from 1. */
	list_shift(username: User, host: string | undefined, datastore: string, trim_to: number): Result<true, string>;
	/** The file beside a list in which may be noted what is in it. It goes with the list, and may be lost before. */
	summary_of(list: StoredList): AsideFile;
	/** Where the entries of a list are, in bytes; undefined where there is none. */
	build_list_index(
		username: User,
		host: string | undefined,
		datastore: string,
	): Result<{ start: number; length: number }[] | undefined, string>;
	/** Users who have something in a store. `typ` is `keyval` (when not given), `list`, or an extension. */
	users(host: string | undefined, store: string, typ?: string): Result<string[], string>;
	/** The stores of a host: with something for a user, for anybody (true), or for the host itself (undefined). */
	stores(username: string | true | undefined, host: string | undefined, typ?: string): Result<string[], string>;
	/**
	 * Puts right what a crash has left of entries in lists written since then (in milliseconds since 1970), on all hosts. Answers with
	 * the lists that were mended, and with one line for each that could not be. The turn has to end for it to be on the disk.
	 */
	mend_lists(since: number): { mended: string[]; problems: string[] };
	/** Removes everything of a user. */
	purge(username: string, host: string | undefined): Result<true, string>;
	/** How often the disk has failed so far. */
	readonly troubles: number;
	path_encode: typeof path_encode;
	path_decode: typeof path_decode;
}
