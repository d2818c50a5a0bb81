// Counterpart: util/datamanager.lua

import { dirname } from "node:path";
import type { StoredList } from "../../host/util/datamanager/lists.ts";
import type { StoreCallback } from "../../host/util/datamanager.ts";
import type { Result } from "../../host/util/error.ts";
import { make_folder } from "../../host/util/file_owner.ts";
import { from_entries, is_table, type LuaKey, type LuaTable, type LuaValue, max_depth } from "../../host/util/luatable.ts";
import type { Border } from "../border.ts";
import type { LuaContext } from "../context.ts";
import {
	type Arguments,
	boolean_value,
	bytes_at,
	function_at,
	is_none,
	is_string,
	is_true,
	make_library,
	number_at,
	optional_text_at,
	text_at,
	type_name,
} from "../vm/arguments.ts";
import { type Table, TValue } from "../vm/fengari.ts";
import { type Key, key_of, LiveTable, nil, number_value, string_value, tags, text_of_string } from "../vm/live_table.ts";
import type { NativeFunction } from "../vm/vm.ts";

type Answer = readonly TValue[] | TValue;

/**
 * A Lua value as it is stored in a file. Throws for what util.serialization would not write either: functions, threads, and tables
 * within themselves.
 */
export function stored_value(value: TValue, depth = 0): LuaValue {
	if (is_string(value)) return text_of_string(value);
	if (typeof value.value === "number" || typeof value.value === "boolean") return value.value;
	if (value.type !== tags.table) throw new TypeError(`Can't serialize ${type_name(value)}`);
	if (depth >= max_depth) throw new TypeError(`Can't serialize tables more than ${max_depth} deep in each other`);
	const entries: [LuaKey, LuaValue][] = [];
	for (const [key, item] of entries_of(value.value as Table | LiveTable)) {
		if (typeof key === "object") throw new TypeError("Can't serialize a table as a key");
		entries.push([key, stored_value(item, depth + 1)]);
	}
	return from_entries(entries);
}

function* entries_of(table: Table | LiveTable): Generator<[Key, TValue]> {
	if (table instanceof LiveTable) {
		for (const key of table.keys()) yield [key, table.get(key)];
		return;
	}
	for (let entry = table.f; entry !== undefined; entry = entry.n) {
		const key = key_of(entry.key);
		if (key !== undefined && !entry.value.ttisnil()) yield [key, entry.value];
	}
}

function table_or_none(value: TValue | undefined): LuaTable | undefined {
	if (value === undefined || value.ttisnil() || value.value === false) return undefined;
	const stored = stored_value(value);
	if (!is_table(stored)) throw new TypeError(`expected a table, got ${type_name(value)}`);
	return stored;
}

/** A stored list, whose entries are read when they are needed. */
class ListTable extends LiveTable {
	readonly target = this;

	constructor(
		private readonly border: Border,
		private readonly list: StoredList,
		private readonly close: TValue,
	) {
		super(border.vm.next_id());
	}

	get(key: Key): TValue {
		if (key === "close") return this.close;
		if (typeof key !== "number" || !Number.isInteger(key) || key < 1 || key > this.list.length) return nil;
		const item = this.list.read(key - 1);
		return item.ok ? this.border.deep_table(item.value) : nil;
	}

	set(): void {
		throw new TypeError("a list that was opened can only be read");
	}

	override length(): number {
		return this.list.length;
	}

	keys(): readonly Key[] {
		return Array.from({ length: this.list.length }, (_, index) => index + 1);
	}
}

/** `util.datamanager`: Prosody's files, through the host's own, so that what a module stores joins the turn. */
export function datamanager_library(host: LuaContext): TValue {
	const { vm, border, server } = host;
	const { datamanager } = server;
	const callbacks = new Map<unknown, StoreCallback>();

	const user = (args: Arguments, name: string): string | undefined => optional_text_at(args, 1, name);
	const on_host = (args: Arguments, name: string): string | undefined => optional_text_at(args, 2, name);

	function answer<Value>(result: Result<Value, string>, show: (value: Value) => Answer): Answer {
		return result.ok ? show(result.value) : [nil, string_value(result.error)];
	}
	const done = (): TValue => boolean_value(true);
	const data = (value: LuaValue | undefined): TValue => (value === undefined ? nil : border.deep_table(value));

	/** An iterator over names, as `for name in datamanager.users(…)` takes it. */
	function names(result: Result<readonly string[], string>): TValue {
		const left = result.ok ? [...result.value] : [];
		return vm.native(() => {
			const name = left.shift();
			return name === undefined ? nil : string_value(name);
		});
	}

	/** A Lua callback for the host. */
	function store_callback(callback: TValue): StoreCallback {
		return (username, on, datastore, stored) => {
			const shown = (text: string | undefined): TValue => (text === undefined ? nil : string_value(text));
			const results = vm.call(callback, [shown(username), shown(on), string_value(datastore), data(stored)]);
			const [new_username, new_host, new_datastore, new_data] = results;
			return [
				new_username?.value === false ? false : optional_text_at(results, 1, "callback"),
				is_none(new_host) ? undefined : text_at(results, 2, "callback"),
				is_none(new_datastore) ? datastore : text_at(results, 3, "callback"),
				table_or_none(new_data),
			];
		};
	}

	const functions: { [name: string]: NativeFunction } = {
		set_data_path(args) {
			datamanager.set_data_path(text_at(args, 1, "set_data_path"));
			return undefined;
		},
		add_callback(args) {
			const given = function_at(args, 1, "add_callback");
			if (callbacks.has(given.value)) return undefined;
			const callback = store_callback(given);
			callbacks.set(given.value, callback);
			return datamanager.add_callback(callback) ? boolean_value(true) : undefined;
		},
		remove_callback(args) {
			const given = function_at(args, 1, "remove_callback");
			const callback = callbacks.get(given.value);
			callbacks.delete(given.value);
			return callback !== undefined && datamanager.remove_callback(callback) ? boolean_value(true) : undefined;
		},
		getpath(args) {
			const name = "getpath";
			const path = datamanager.getpath(
				user(args, name),
				on_host(args, name),
				text_at(args, 3, name),
				optional_text_at(args, 4, name) ?? "dat",
			);
			if (is_true(args[4])) make_folder(dirname(path));
			return string_value(path);
		},
		load: (args) => answer(datamanager.load(user(args, "load"), on_host(args, "load"), text_at(args, 3, "load")), data),
		store: (args) =>
			answer(
				datamanager.store(user(args, "store"), on_host(args, "store"), text_at(args, 3, "store"), table_or_none(args[3])),
				done,
			),
		append_raw(args) {
			const name = "append_raw";
			if (!is_string(args[4])) return undefined;
			return answer(
				datamanager.append_raw(
					user(args, name),
					on_host(args, name),
					text_at(args, 3, name),
					text_at(args, 4, name),
					bytes_at(args, 5, name),
				),
				(position) => [boolean_value(true), number_value(position)],
			);
		},
		store_raw: (args) => answer(datamanager.store_raw(text_at(args, 1, "store_raw"), bytes_at(args, 2, "store_raw")), done),
		list_append(args) {
			const name = "list_append";
			const [, , , item] = args;
			if (item === undefined || item.ttisnil() || item.value === false) return undefined;
			return answer(
				datamanager.list_append(user(args, name), on_host(args, name), text_at(args, 3, name), stored_value(item)),
				done,
			);
		},
		list_store(args) {
			const name = "list_store";
			const [, , , list] = args;
			const items = is_none(list) || list.value === false ? undefined : stored_value(list);
			return answer(datamanager.list_store(user(args, name), on_host(args, name), text_at(args, 3, name), sequence(items)), done);
		},
		list_load(args) {
			const name = "list_load";
			return answer(datamanager.list_load(user(args, name), on_host(args, name), text_at(args, 3, name)), (items) =>
				items === undefined ? nil : border.deep_table(items),
			);
		},
		list_open(args) {
			const name = "list_open";
			return answer(datamanager.list_open(user(args, name), on_host(args, name), text_at(args, 3, name)), (list) =>
				list === undefined ? nil : new TValue(tags.table, new ListTable(border, list, vm.native(done))),
			);
		},
		list_shift(args) {
			const name = "list_shift";
			return answer(
				datamanager.list_shift(user(args, name), on_host(args, name), text_at(args, 3, name), number_at(args, 4, name)),
				done,
			);
		},
		build_list_index(args) {
			const name = "build_list_index";
			return answer(datamanager.build_list_index(user(args, name), on_host(args, name), text_at(args, 3, name)), (index) =>
				index === undefined ? nil : border.deep_table(index),
			);
		},
		users: (args) =>
			names(datamanager.users(text_at(args, 1, "users"), text_at(args, 2, "users"), optional_text_at(args, 3, "users"))),
		stores(args) {
			const [username] = args;
			const whose = username?.value === true ? true : optional_text_at(args, 1, "stores");
			return names(datamanager.stores(whose, on_host(args, "stores"), optional_text_at(args, 3, "stores")));
		},
		purge: (args) => answer(datamanager.purge(text_at(args, 1, "purge"), on_host(args, "purge")), done),
		path_encode: (args) => (is_none(args[0]) ? nil : string_value(datamanager.path_encode(text_at(args, 1, "path_encode")))),
		path_decode: (args) => (is_none(args[0]) ? nil : string_value(datamanager.path_decode(text_at(args, 1, "path_decode")))),
	};
	return make_library(host.vm, functions);
}

/** The entries of a list from 1 on; other keys of the table are ignored. */
function sequence(value: LuaValue | undefined): readonly LuaValue[] | undefined {
	if (value === undefined || Array.isArray(value)) return value;
	if (!(value instanceof Map)) return [];
	const items: LuaValue[] = [];
	for (let item = value.get(1); item !== undefined; item = value.get(items.length + 1)) items.push(item);
	return items;
}
