// Counterpart: core/storagemanager.lua (storage-provider): drivers in Lua, for the host

import type {
	ArchiveItem,
	ArchivePage,
	ArchiveQuery,
	ArchiveStore,
	KeyvalStore,
	MapStore,
	StorageDriver,
	StorageError,
	StoreKey,
	StoreMap,
	StoreTypes,
	StoreValue,
} from "../host/core/types.ts";
import { failed, ok, type Result } from "../host/util/error.ts";
import { Stanza } from "../host/util/stanza.ts";
import type { LuaContext } from "./context.ts";
import { removal_mark, StoreReader } from "./store_values.ts";
import { optional_text } from "./vm/arguments.ts";
import { TValue } from "./vm/fengari.ts";
import { is_function, nil, string_value, tags } from "./vm/live_table.ts";
import { LuaError } from "./vm/vm.ts";

type Outcome<Value> = Result<Value, StorageError>;

/** One store of a driver in Lua. */
class LuaStore {
	constructor(
		readonly host: LuaContext,
		private readonly store: TValue,
		private readonly what: string,
	) {}

	has(name: string): boolean {
		return is_function(this.field(name));
	}

	field(name: string): TValue {
		return this.host.vm.index(this.store, string_value(name));
	}

	/** Calls a method; an error value where it raises an error, or returns nil and a reason. */
	call(name: string, ...args: readonly unknown[]): Outcome<readonly TValue[]> {
		const { vm, border } = this.host;
		const method = this.field(name);
		if (!is_function(method)) return failed({ text: `${this.what} has no method ${name}`, refused: true });
		try {
			const results = vm.call(method, [this.store, ...args.map((arg) => (arg === undefined ? nil : border.deep_table(arg)))]);
			const [first = nil, reason] = results;
			const why = optional_text(reason);
			if ((first.ttisnil() || first.value === false) && why !== undefined) {
				return failed(why === "item-not-found" ? { text: why, condition: "item-not-found" } : { text: why });
			}
			return ok(results);
		} catch (error) {
			if (error instanceof LuaError) return failed({ text: `${this.what}: ${error.message}` });
			throw error;
		}
	}

	done(name: string, ...args: readonly unknown[]): Outcome<void> {
		const called = this.call(name, ...args);
		if (!called.ok) return called;
		const [answer = nil] = called.value;
		return answer.ttisnil() || answer.value === false ? failed({ text: `${this.what}: ${name} failed` }) : ok(undefined);
	}

	value(name: string, ...args: readonly unknown[]): Outcome<StoreValue | undefined> {
		const called = this.call(name, ...args);
		if (!called.ok) return called;
		const [found = nil] = called.value;
		if (found.ttisnil()) return ok(undefined);
		return new StoreReader(this.host).value(found);
	}

	/** All steps of the iterator that a method returns. */
	steps(results: readonly TValue[]): TValue[][] {
		const { vm } = this.host;
		const [next = nil, state = nil] = results;
		const steps: TValue[][] = [];
		if (!is_function(next)) return steps;
		let [, , control = nil] = results;
		for (;;) {
			const step = [...vm.call(next, [state, control])];
			control = step[0] ?? nil;
			if (control.ttisnil()) return steps;
			steps.push(step);
		}
	}

	users(): Outcome<string[]> {
		const called = this.call("users");
		return called.ok ? ok(this.steps(called.value).map(([name = nil]) => this.host.vm.to_string(name))) : called;
	}
}

function keyval_store(store: LuaStore): KeyvalStore {
	const get_table = (user: string | undefined): Outcome<StoreMap | undefined> => {
		const found = store.value("get", user);
		if (!found.ok) return found;
		const { value } = found;
		if (value === undefined || typeof value !== "object") return ok(undefined);
		if (value instanceof Map) return ok(value);
		return ok(
			new Map<StoreKey, StoreValue>(Array.isArray(value) ? value.map((item, index) => [index + 1, item]) : entries(value)),
		);
	};
	return {
		get_table,
		get(user) {
			const found = get_table(user);
			if (!found.ok || found.value === undefined) return found.ok ? ok(undefined) : found;
			return ok(Object.fromEntries([...found.value].filter(([key]) => typeof key === "string")));
		},
		set: (user, data) => store.done("set", user, data),
		set_table: (user, data) => store.done("set", user, data === undefined || data.size === 0 ? undefined : data),
		users: () => store.users(),
	};
}

function* entries(record: { [key: string]: StoreValue | undefined }): Generator<[string, StoreValue]> {
	for (const [key, value] of Object.entries(record)) if (value !== undefined) yield [key, value];
}

function map_store(store: LuaStore): MapStore {
	const { host } = store;
	return {
		get: (user, key) => store.value("get", user, key),
		set: (user, key, value) => store.done("set", user, key, value),
		set_keys(user, values) {
			if (!store.has("set_keys")) {
				for (const [key, value] of values) {
					const set = store.done("set", user, key, value);
					if (!set.ok) return set;
				}
				return ok(undefined);
			}
			const mark = store.field("remove");
			const gone = mark.ttisnil() ? removal_mark(host) : mark;
			return store.done("set_keys", user, new Map([...values].map(([key, value]) => [key, value ?? gone])));
		},
		get_all(key) {
			const found = store.value("get_all", key);
			if (!found.ok) return found;
			const { value } = found;
			if (typeof value !== "object" || value instanceof Map || Array.isArray(value)) return ok(new Map());
			return ok(new Map(entries(value)));
		},
		delete_all: (key) => store.done("delete_all", key),
	};
}

function archive_store(store: LuaStore): ArchiveStore {
	const { host } = store;
	const { border } = host;
	const caps = store.field("caps");
	const can = (name: string): boolean => caps.type === tags.table && host.vm.index(caps, string_value(name)).value === true;
	const quota = caps.type === tags.table ? host.vm.index(caps, string_value("quota")).value : undefined;
	const item_of = ([id = nil, stanza = nil, when = nil, with_whom = nil]: readonly TValue[]): ArchiveItem | undefined => {
		const known = border.from_lua(stanza);
		if (!(known instanceof Stanza) || typeof when.value !== "number") return undefined;
		return { id: host.vm.to_string(id), stanza: known, when: when.value, with: optional_text(with_whom) ?? "" };
	};
	const query_table = (query: ArchiveQuery | undefined): unknown =>
		query === undefined ? undefined : { ...query, ids: query.ids && [...query.ids] };
	const archive: ArchiveStore = {
		caps: {
			total: can("total"),
			...(typeof quota === "number" ? { quota } : {}),
			full_id_range: can("full_id_range"),
			ids: can("ids"),
			truncate: can("truncate"),
			wildcard_delete: can("wildcard_delete"),
		},
		append(user, id, stanza, when, with_whom) {
			const called = store.call("append", user, id, stanza, when, with_whom);
			if (!called.ok) return called;
			return ok(host.vm.to_string(called.value[0] ?? nil));
		},
		find(user, query) {
			const called = store.call("find", user, query_table(query));
			if (!called.ok) return called;
			const [next = nil, total = nil] = called.value;
			const items: ArchiveItem[] = [];
			for (const step of store.steps([next])) {
				const item = item_of(step);
				if (item) items.push(item);
			}
			const page: ArchivePage = typeof total.value === "number" ? { items, total: total.value } : { items };
			return ok(page);
		},
		find_later: async (user, query) => archive.find(user, query),
		get(user, id) {
			if (store.has("get")) {
				const called = store.call("get", user, id);
				if (called.ok) return ok(item_of([string_value(id), ...called.value]));
				return called.error.condition === "item-not-found" ? ok(undefined) : called;
			}
			const found = archive.find(user, { key: id, limit: 1 });
			return found.ok ? ok(found.value.items[0]) : found;
		},
		set: (user, id, stanza, when, with_whom) => store.done("set", user, id, stanza, when, with_whom),
		delete(user, query) {
			const called = store.call("delete", user, query_table(query));
			if (!called.ok) return called;
			const [count = nil] = called.value;
			return ok(typeof count.value === "number" ? count.value : 0);
		},
		summary(user, query) {
			const called = store.call("summary", user, query_table(query));
			if (!called.ok) return called;
			const [summary = nil] = called.value;
			const part = (name: string): Map<unknown, unknown> => {
				const table = summary.type === tags.table ? host.vm.index(summary, string_value(name)) : nil;
				const copied = table.type === tags.table ? border.copy(table) : {};
				return copied instanceof Map ? copied : new Map(Object.entries(Object(copied)));
			};
			const [counts, earliest, latest] = [part("counts"), part("earliest"), part("latest")];
			return ok(
				new Map(
					[...counts].map(([with_whom, count]) => [
						String(with_whom),
						{ count: Number(count), first: Number(earliest.get(with_whom) ?? 0), last: Number(latest.get(with_whom) ?? 0) },
					]),
				),
			);
		},
		users: () => store.users(),
	};
	return archive;
}

const makers: { [Kind in keyof StoreTypes]: (store: LuaStore) => StoreTypes[Kind] } = {
	keyval: keyval_store,
	map: map_store,
	archive: archive_store,
};

/** A store that Lua has made, such as one around another. */
export function store_from_lua<Kind extends keyof StoreTypes>(
	host: LuaContext,
	kind: Kind,
	value: TValue,
	name: string,
): StoreTypes[Kind] {
	return makers[kind](new LuaStore(host, new TValue(value.type, value.value), `the ${kind} store ${name}`));
}

/** A `storage-provider` of Lua. */
export function storage_from_lua(host: LuaContext, item: TValue): StorageDriver {
	const { vm } = host;
	const name = optional_text(vm.index(item, string_value("name"))) ?? "";
	const driver = new LuaStore(host, item, `the storage driver ${name}`);
	const open = (store: string, kind: keyof StoreTypes): Outcome<LuaStore> => {
		const opened = driver.call("open", store, kind);
		if (!opened.ok) return opened;
		const [value = nil] = opened.value;
		if (value.type !== tags.table) return failed({ text: "unsupported-store" });
		return ok(new LuaStore(host, value, `the ${kind} store ${store} of the storage driver ${name}`));
	};
	return {
		name,
		open(store, kind) {
			const opened = open(store, kind);
			return opened.ok ? ok(makers[kind](opened.value)) : opened;
		},
		purge(user) {
			return driver.has("purge") ? driver.done("purge", user) : ok(undefined);
		},
	};
}
