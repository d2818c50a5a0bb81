// Counterpart: util/datamanager.lua

import { Cache } from "./cache.ts";
import { AsideFile, summary_path } from "./datamanager/aside.ts";
import { index_path } from "./datamanager/list_ends.ts";
import { copy_kept, drop_copy } from "./datamanager/list_removal.ts";
import { type ListPiece, Lists, Run, type StoredList } from "./datamanager/lists.ts";
import { mend_lists } from "./datamanager/mending.ts";
import type { Datamanager, DatamanagerOptions, StoreCallback, User } from "./datamanager/types.ts";
import { failed, ok, type Result } from "./error.ts";
import { path_decode, path_encode, path_problem, store_encode } from "./file_names.ts";
import { entries, is_table, type LuaTable, type LuaValue } from "./luatable.ts";
import { read_data, serialize } from "./serialization.ts";

export type { Datamanager, StoreCallback } from "./datamanager/types.ts";

const extensions: { readonly [type: string]: string } = { keyval: "dat", list: "list" };

/** Makes the one value through which a server reads and writes Prosody's files. */
export function create_datamanager({ data_path: first_path, files, log }: DatamanagerOptions): Datamanager {
	let data_path = first_path;
	const callbacks: StoreCallback[] = [];
	const lists = new Lists(files, log);
	/** Files that are known to be readable, by path, with the stamp of the content that was read. */
	const readable = new Cache<string, string>(10_000);
	/** Tables that {@link peek} gave, by path, with the stamp of their file. */
	const shared = new Cache<string, { stamp: string; value: LuaValue | undefined }>(16);

	function host_folder(host: string | undefined): string {
		return `${data_path}/${host === undefined ? "_global" : path_encode(host)}`;
	}

	function getpath(username: User, host: string | undefined, datastore: string, ext = "dat"): string {
		const store = `${host_folder(host)}/${store_encode(datastore)}`;
		return username === undefined ? `${store}.${ext}` : `${store}/${path_encode(username)}.${ext}`;
	}

	/** Calls the callbacks; undefined where one of them wants nothing stored. */
	function consult(
		username: User,
		host: string | undefined,
		datastore: string,
		data?: LuaTable,
	): { username: User; host: string | undefined; datastore: string; data: LuaTable | undefined } | undefined {
		let asked = { username, host, datastore, data };
		for (const callback of callbacks) {
			const [user, on_host, store, changed] = callback(asked.username, asked.host, asked.datastore, asked.data);
			if (user === false) return undefined;
			asked = { username: user, host: on_host, datastore: store, data: changed };
		}
		return asked;
	}

	/** Reads a file, and remembers that it can be read. */
	function load_file(path: string): Result<LuaValue | undefined, string> {
		const stamp = files.stamp(path);
		if (!stamp.ok) return stamp;
		if (stamp.value === undefined) return ok(undefined);
		const bytes = files.read(path);
		if (!bytes.ok) return bytes;
		if (bytes.value === undefined) return ok(undefined);
		let foreign: number | undefined;
		const data = read_data(bytes.value, (line) => {
			foreign ??= line;
		});
		if (!data.ok) return failed(`${path}, ${data.error}; the file is left as it is`);
		if (foreign !== undefined && readable.get(path) !== stamp.value) {
			log("warn", "%s, line %d: a text is not UTF-8; it is kept, byte for byte", path, foreign);
		}
		readable.set(path, stamp.value);
		return data;
	}

	/** Why a file must not be overwritten; undefined where it may. */
	function overwriting_problem(path: string): string | undefined {
		const stamp = files.stamp(path);
		if (!stamp.ok) return stamp.error;
		if (stamp.value === undefined || readable.get(path) === stamp.value) return undefined;
		const loaded = load_file(path);
		return loaded.ok ? undefined : `not stored: ${loaded.error}`;
	}

	function item_text(item: LuaValue): Result<string, string> {
		const text = serialize(item);
		return text.ok ? ok(`item(${text.value});\n`) : text;
	}

	function load(username: User, host: string | undefined, datastore: string): Result<LuaValue | undefined, string> {
		const loaded = load_file(getpath(username, host, datastore));
		if (!loaded.ok) log("error", "Cannot read the store %s of %s: %s", datastore, owner(username, host), loaded.error);
		return loaded;
	}

	function owner(username: User, host: string | undefined): string {
		return username === undefined ? (host ?? "the server") : `${username}@${host}`;
	}

	function refuse(username: User, host: string | undefined, datastore: string, error: string): { ok: false; error: string } {
		log("error", "Cannot write the store %s of %s: %s", datastore, owner(username, host), error);
		return failed(error);
	}

	function peek(username: User, host: string | undefined, datastore: string): Result<LuaValue | undefined, string> {
		const path = getpath(username, host, datastore);
		const stamp = files.stamp(path);
		const known = shared.get(path);
		if (stamp.ok && stamp.value !== undefined && stamp.value === known?.stamp) return ok(known.value);
		const loaded = load(username, host, datastore);
		shared.set(
			path,
			loaded.ok && stamp.ok && stamp.value !== undefined ? { stamp: stamp.value, value: loaded.value } : undefined,
		);
		return loaded;
	}

	function store(
		username: User,
		host: string | undefined,
		datastore: string,
		data: LuaTable | undefined,
		is_given_away = false,
	): Result<true, string> {
		const asked = consult(username, host, datastore, data);
		if (asked === undefined) return ok(true);
		const path = getpath(asked.username, asked.host, asked.datastore);
		const table = asked.data ?? {};
		const text = serialize(table);
		if (!text.ok) return refuse(username, host, datastore, `${path}: ${text.error} cannot be stored`);
		const problem = overwriting_problem(path);
		if (problem !== undefined) return refuse(username, host, datastore, problem);
		if (entries(table).length === 0) {
			if (exists(path)) files.remove(path);
			return ok(true);
		}
		const content = Buffer.from(`return ${text.value};\n`, "latin1");
		// Nothing is written where nothing has changed. The list of all rooms, for instance, is stored with each room that is
		// saved.
		const present = files.read(path);
		if (present.ok && present.value?.equals(content)) return ok(true);
		const written = files.write(path, content);
		if (!written.ok) return refuse(username, host, datastore, written.error);
		const stamp = files.stamp(path);
		if (stamp.ok && stamp.value !== undefined) {
			readable.set(path, stamp.value);
			if (is_given_away && asked.data === data) shared.set(path, { stamp: stamp.value, value: table });
		}
		return ok(true);
	}

	function exists(path: string): boolean {
		const stamp = files.stamp(path);
		return !stamp.ok || stamp.value !== undefined;
	}

	function list_append(username: User, host: string | undefined, datastore: string, data: LuaValue): Result<true, string> {
		const asked = consult(username, host, datastore, is_table(data) ? data : undefined);
		if (asked === undefined) return ok(true);
		const path = getpath(username, host, datastore, "list");
		const text = item_text(data);
		if (!text.ok) return refuse(username, host, datastore, `${path}: ${text.error} cannot be stored`);
		const appended = lists.append(path, text.value);
		return appended.ok ? ok(true) : refuse(username, host, datastore, appended.error);
	}

	function list_store(
		username: User,
		host: string | undefined,
		datastore: string,
		data: readonly LuaValue[] | undefined,
	): Result<true, string> {
		if (consult(username, host, datastore) === undefined) return ok(true);
		const path = getpath(username, host, datastore, "list");
		const written: Buffer[] = [];
		for (const item of data ?? []) {
			const text = item_text(item);
			if (!text.ok) return refuse(username, host, datastore, `${path}: ${text.error} cannot be stored`);
			written.push(Buffer.from(text.value, "latin1"));
		}
		// Without entries, the list is removed, whatever is in it.
		const readable_list = written.length === 0 ? ok(undefined) : list_load(username, host, datastore);
		if (!readable_list.ok) return refuse(username, host, datastore, `not stored: ${readable_list.error}`);
		const replaced = lists.replace(path, written);
		return replaced.ok ? ok(true) : refuse(username, host, datastore, replaced.error);
	}

	function list_open(username: User, host: string | undefined, datastore: string): Result<StoredList | undefined, string> {
		const opened = lists.open(getpath(username, host, datastore, "list"));
		if (!opened.ok) log("error", "Cannot read the store %s of %s: %s", datastore, owner(username, host), opened.error);
		return opened;
	}

	function list_load(username: User, host: string | undefined, datastore: string): Result<LuaValue[] | undefined, string> {
		const opened = list_open(username, host, datastore);
		if (!opened.ok) return opened;
		const list = opened.value;
		if (list === undefined) return ok(undefined);
		const bytes = list.bytes(0, list.length);
		if (!bytes.ok) return bytes;
		const items: LuaValue[] = [];
		for (let index = 0; index < list.length; index++) {
			const item = list.parse(index, bytes.value.subarray(list.start(index), list.start(index + 1)));
			if (!item.ok) {
				log("error", "Cannot read the store %s of %s: %s", datastore, owner(username, host), item.error);
				return item;
			}
			items.push(item.value);
		}
		return ok(items);
	}

	function list_rewrite(list: StoredList, pieces: readonly (number | Run | LuaTable)[]): Result<true, string> {
		const written: ListPiece[] = [];
		for (const piece of pieces) {
			const text = typeof piece === "number" || piece instanceof Run ? ok(piece) : item_text(piece);
			if (!text.ok) return failed(`${list.path}: ${text.error} cannot be stored`);
			written.push(text.value);
		}
		const done = lists.rewrite(list, written);
		return done.ok ? ok(true) : done;
	}

	async function list_shorten(list: StoredList, kept: readonly Run[], of: number): Promise<Result<boolean, string>> {
		if (!lists.can_shorten(list)) return ok(false);
		const copy = await copy_kept(list, kept, of);
		if (!copy.ok) return copy;
		const done = files.writing(() => lists.change_over(list, copy.value));
		if (!done.ok || done.value !== "taken") await drop_copy(list);
		return done.ok ? ok(done.value !== "changed") : done;
	}

	function list_shift(username: User, host: string | undefined, datastore: string, trim_to: number): Result<true, string> {
		if (!Number.isInteger(trim_to) || trim_to < 1) return failed("invalid-argument");
		const opened = list_open(username, host, datastore);
		if (!opened.ok) return opened;
		const list = opened.value;
		if (list === undefined || trim_to === 1) return ok(true);
		return list_rewrite(list, [new Run(trim_to - 1, list.length)]);
	}

	function users(host: string | undefined, datastore: string, typ = "keyval"): Result<string[], string> {
		const extension = `.${extensions[typ] ?? typ}`;
		const names = files.names(`${host_folder(host)}/${store_encode(datastore)}`);
		if (!names.ok) return names;
		const own = names.value.filter((name) => name.endsWith(extension));
		return ok(own.map((name) => path_decode(name.slice(0, -extension.length))));
	}

	function stores(username: string | true | undefined, host: string | undefined, typ = "keyval"): Result<string[], string> {
		const extension = extensions[typ] ?? typ;
		const folder = host_folder(host);
		const names = files.names(folder);
		if (!names.ok) return names;
		if (username === undefined) {
			const own = names.value.filter((name) => name.endsWith(`.${extension}`));
			return ok(own.map((name) => path_decode(name.slice(0, -extension.length - 1))));
		}
		const found = names.value.filter((name) => files.is_folder(`${folder}/${name}`)).map(path_decode);
		return ok(username === true ? found : found.filter((name) => exists(getpath(username, host, name, extension))));
	}

	function purge(username: string, host: string | undefined): Result<true, string> {
		const all = stores(true, host);
		if (!all.ok) return all;
		for (const datastore of all.value) {
			const list = getpath(username, host, datastore, "list");
			const doomed = [getpath(username, host, datastore), list, index_path(list), summary_path(list)];
			const names = files.names(`${host_folder(host)}/${store_encode(datastore)}`);
			for (const name of names.ok ? names.value : []) {
				if (name.startsWith(`${path_encode(username)}.list.cut-`))
					doomed.push(`${host_folder(host)}/${store_encode(datastore)}/${name}`);
			}
			for (const path of doomed) if (exists(path)) files.remove(path);
		}
		return ok(true);
	}

	return {
		get troubles() {
			return files.troubles;
		},
		set_data_path(path) {
			data_path = path;
		},
		add_callback(callback) {
			if (callbacks.includes(callback)) return false;
			callbacks.push(callback);
			return true;
		},
		remove_callback(callback) {
			const index = callbacks.indexOf(callback);
			if (index >= 0) callbacks.splice(index, 1);
			return index >= 0;
		},
		getpath,
		name_problem: (username, host, datastore) => path_problem(getpath(username, host, datastore, "list")),
		host_problem: (host) => files.folder_problem(host_folder(host)),
		load,
		peek,
		store: (...given) => files.writing(() => store(...given)),
		append_raw: (username, host, datastore, ext, data) =>
			files.writing(() => files.append(getpath(username, host, datastore, ext), data)),
		store_raw(filename, data) {
			const written = files.writing(() => files.write(filename, data));
			return written.ok ? ok(true) : written;
		},
		list_append: (...given) => files.writing(() => list_append(...given)),
		list_store: (...given) => files.writing(() => list_store(...given)),
		list_load,
		list_open,
		list_rewrite: (...given) => files.writing(() => list_rewrite(...given)),
		list_shorten,
		list_shift: (...given) => files.writing(() => list_shift(...given)),
		summary_of: (list) => new AsideFile(summary_path(list.path)),
		build_list_index(username, host, datastore) {
			const opened = list_open(username, host, datastore);
			if (!opened.ok) return opened;
			const list = opened.value;
			if (list === undefined) return ok(undefined);
			const places = Array.from({ length: list.length }, (_, index) => list.start(index));
			return ok(places.map((start, index) => ({ start, length: list.start(index + 1) - start })));
		},
		users,
		stores,
		mend_lists: (since) => mend_lists(files, lists, data_path, since),
		purge: (username, host) => files.writing(() => purge(username, host)),
		path_encode,
		path_decode,
	};
}
