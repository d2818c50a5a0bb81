// Counterpart: core/storagemanager.lua, as the Lua side of the host's stores

import type {
	ArchiveItem,
	ArchiveQuery,
	ArchiveStore,
	KeyvalStore,
	MapStore,
	Server,
	StorageError,
	StoreKey,
	StoreTypes,
	StoreValue,
} from "../host/core/types.ts";
import { date } from "../host/util/datetime.ts";
import type { Result } from "../host/util/error.ts";
import * as st from "../host/util/stanza.ts";
import type { LuaContext } from "./context.ts";
import { entries_of, map_to_store, removal_mark, Unstorable, value_to_store } from "./store_values.ts";
import { type Table, TValue } from "./vm/fengari.ts";
import { nil, number_value, string_value, tags, text_of_string } from "./vm/live_table.ts";

type Answer = TValue | readonly TValue[];
type Methods = { readonly [name: string]: (args: readonly TValue[]) => Answer };

/** Makes stores for Lua. */
class StoreViews {
	constructor(private readonly host: LuaContext) {}

	// ------------------------------------------------------------------------------------------------------ arguments

	/** The user; nil is the host itself. */
	private user(value: TValue | undefined): string | undefined {
		if (value === undefined || value.ttisnil()) return undefined;
		return this.text(value, "username");
	}

	private text(value: TValue | undefined, what: string): string {
		const known = value === undefined ? undefined : this.host.border.from_lua(value);
		if (typeof known === "string") return known;
		if (typeof known === "number") return String(known);
		throw new TypeError(`bad argument (${what}): expected string, got ${known === undefined ? "nil" : typeof known}`);
	}

	private key(value: TValue | undefined): StoreKey {
		const known = value === undefined ? undefined : this.host.border.from_lua(value);
		if (typeof known === "string" || typeof known === "number" || typeof known === "boolean") return known;
		throw new TypeError(
			`bad argument (key): expected string, number or boolean, got ${known === undefined ? "nil" : typeof known}`,
		);
	}

	private number(value: TValue | undefined): number | undefined {
		return typeof value?.value === "number" ? value.value : undefined;
	}

	private query(value: TValue | undefined): ArchiveQuery & { truncate?: number } {
		if (value === undefined || value.type !== tags.table) return {};
		const { vm, border } = this.host;
		const field = (name: string): TValue => vm.index(value, string_value(name));
		const text = (name: string): string | undefined => {
			const known = border.from_lua(field(name));
			return typeof known === "string" ? known : undefined;
		};
		const is_set = (name: string): true | undefined => {
			const known = border.from_lua(field(name));
			return known !== undefined && known !== false ? true : undefined;
		};
		let ids: string[] | undefined;
		const given_ids = field("ids");
		if (given_ids.type === tags.table) {
			const items = vm.index(given_ids, string_value("_items"));
			ids = [];
			for (const [key, id] of entries_of(this.host, (items.type === tags.table ? items : given_ids).value as Table)) {
				if (typeof key === "string") ids.push(key);
				else if (id.value !== true) ids.push(text_of_string(id));
			}
		}
		const query = {
			with: text("with"),
			start: this.number(field("start")),
			end: this.number(field("end")),
			after: text("after"),
			before: text("before"),
			reverse: is_set("reverse"),
			ids,
			key: text("key"),
			limit: this.number(field("limit")),
			total: is_set("total"),
			truncate: this.number(field("truncate")),
		};
		return Object.fromEntries(Object.entries(query).filter(([, part]) => part !== undefined));
	}

	private stanza(value: TValue | undefined): st.Stanza {
		const known = value === undefined ? undefined : this.host.border.from_lua(value);
		if (known instanceof st.Stanza) return known;
		const preserialized = value?.type === tags.table ? st.deserialize(this.host.border.copy(value)) : undefined;
		if (preserialized) return preserialized;
		throw new Unstorable("unsupported-datatype");
	}

	// -------------------------------------------------------------------------------------------------------- results

	private failure(error: StorageError): Answer {
		const text =
			error.condition === "item-not-found" || error.condition === "internal-server-error" ? error.condition : error.text;
		return [nil, string_value(error.condition === "item-not-found" ? text : error.text)];
	}

	/** The result of an action: `true`, or `nil` and the reason. */
	private done(result: Result<unknown, StorageError>): Answer {
		return result.ok ? new TValue(tags.boolean, true) : this.failure(result.error);
	}

	private answer<Value>(result: Result<Value, StorageError>, show: (value: Value) => Answer): Answer {
		return result.ok ? show(result.value) : this.failure(result.error);
	}

	/** Lua's iterator over values of several results each. */
	private iterator(items: Iterable<readonly TValue[]>): TValue {
		const iterator = items[Symbol.iterator]();
		return this.host.vm.native(() => {
			const step = iterator.next();
			return step.done === true ? nil : step.value;
		});
	}

	private names(list: readonly string[]): TValue {
		return this.iterator(list.map((name) => [string_value(name)]));
	}

	private is_nothing(value: TValue | undefined): value is undefined {
		return value === undefined || value.ttisnil();
	}

	private is_mark(value: TValue): boolean {
		return value.value === removal_mark(this.host).value;
	}

	// --------------------------------------------------------------------------------------------------------- stores

	keyval(store: KeyvalStore): Methods {
		const { border } = this.host;
		return {
			get: ([username]) => this.answer(store.get_table(this.user(username)), (data) => border.deep_table(data)),
			set: ([username, data]) => {
				if (this.is_nothing(data)) return this.done(store.set_table(this.user(username), undefined));
				if (data.type !== tags.table) throw new Unstorable("a keyval store takes tables only");
				return this.done(store.set_table(this.user(username), map_to_store(this.host, data, "data", 0)));
			},
			users: () => this.answer(store.users(), (users) => this.names(users)),
		};
	}

	map(store: MapStore): Methods {
		const { border } = this.host;
		const value_of = (value: TValue | undefined): StoreValue | undefined =>
			this.is_nothing(value) || this.is_mark(value) ? undefined : value_to_store(this.host, value, "data");
		return {
			get: ([username, key]) => this.answer(store.get(this.user(username), this.key(key)), (value) => border.deep_table(value)),
			set: ([username, key, data]) => this.done(store.set(this.user(username), this.key(key), value_of(data))),
			set_keys: ([username, data]) => {
				if (data?.type !== tags.table) throw new TypeError("bad argument (keydatas): expected table");
				const values = new Map<StoreKey, StoreValue | undefined>();
				for (const [key, item] of entries_of(this.host, data.value as Table)) {
					if (typeof key === "object") throw new Unstorable("data has a table or function as a key");
					values.set(key, value_of(item));
				}
				return this.done(store.set_keys(this.user(username), values));
			},
			get_all: ([key]) => {
				const known = key === undefined ? undefined : border.from_lua(key);
				return this.answer(store.get_all(typeof known === "string" ? known : ""), (found) =>
					found.size === 0 ? nil : border.deep_table(found),
				);
			},
			delete_all: ([key]) => {
				const known = key === undefined ? undefined : border.from_lua(key);
				return this.done(store.delete_all(typeof known === "string" ? known : ""));
			},
		};
	}

	/** Both at once. Source: core/storagemanager.lua of Prosody 13. */
	keyval_plus(keyval: KeyvalStore, map: MapStore): Methods {
		const { get: get_key, set: set_key, set_keys, get_all, delete_all } = this.map(map);
		const { users, ...of_keyval } = this.keyval(keyval);
		const of_map = { get_key, set_key, set_keys, get_key_from_all: get_all, delete_key_from_all: delete_all };
		const all = { ...of_keyval, items: users, ...of_map };
		return Object.fromEntries(Object.entries(all).filter((entry): entry is [string, Methods[string]] => entry[1] !== undefined));
	}

	archive(store: ArchiveStore): Methods {
		const { border } = this.host;
		const item_of = (item: ArchiveItem): readonly TValue[] => [
			border.to_lua(item.stanza),
			number_value(item.when),
			border.to_lua(item.with),
		];
		const user_or_all = (value: TValue | undefined): string | true | undefined =>
			value?.value === true ? true : this.user(value);
		return {
			append: ([username, key, stanza, when, with_whom]) => {
				const id = this.is_nothing(key) ? undefined : this.text(key, "key");
				const time = this.number(when) ?? Date.now() / 1000;
				const kept = this.stanza(stanza);
				return this.answer(
					store.append(this.user(username), id, kept, time, this.is_nothing(with_whom) ? "" : this.text(with_whom, "with")),
					(made) => string_value(made),
				);
			},
			find: ([username, query]) =>
				this.answer(store.find(this.user(username), this.query(query)), ({ items, total }) => [
					this.iterator(items.map((item) => [string_value(item.id), ...item_of(item)])),
					total === undefined ? nil : number_value(total),
				]),
			get: ([username, id]) =>
				this.answer(store.get(this.user(username), this.text(id, "id")), (item) =>
					item === undefined ? [nil, string_value("item-not-found")] : item_of(item),
				),
			set: ([username, id, stanza, when, with_whom]) =>
				this.done(
					store.set(
						this.user(username),
						this.text(id, "id"),
						this.stanza(stanza),
						this.number(when),
						this.is_nothing(with_whom) ? undefined : this.text(with_whom, "with"),
					),
				),
			delete: ([username, query]) =>
				this.answer(store.delete(user_or_all(username), this.query(query)), (count) => number_value(count)),
			summary: ([username, query]) =>
				this.answer(store.summary(this.user(username), this.query(query)), (found) => {
					const by = (part: (entry: { count: number; first: number; last: number }) => number) =>
						border.deep_table(new Map([...found].map(([name, entry]) => [name, part(entry)])));
					return border.table({
						counts: by(({ count }) => count),
						earliest: by(({ first }) => first),
						latest: by(({ last }) => last),
						body: border.table({}),
					});
				}),
			dates: ([username]) =>
				this.answer(store.find(this.user(username), {}), ({ items }) =>
					border.deep_table([...new Set(items.map(({ when }) => date(when)))]),
				),
			users: () => this.answer(store.users(), (users) => this.names(users)),
		};
	}

	/** A store's table, with its methods. */
	table(methods: Methods, fields: { readonly [name: string]: unknown }): TValue {
		const { vm, border } = this.host;
		const value = border.table(fields);
		const table = value.value as Table;
		for (const name in methods) {
			const run = methods[name];
			if (!run) continue;
			vm.raw_set(
				table,
				name,
				vm.native(([, ...args]) => {
					try {
						return run(args);
					} catch (error) {
						if (error instanceof Unstorable) return [nil, string_value(error.message)];
						throw error;
					}
				}),
			);
		}
		return value;
	}
}

function is_kind(kind: string): kind is keyof StoreTypes {
	return kind === "keyval" || kind === "map" || kind === "archive";
}

/** A store for Lua; nil and the reason where it cannot be opened. */
export function open_store(host: LuaContext, server: Server, on: string, name: string, kind: string): TValue | readonly TValue[] {
	const views = new StoreViews(host);
	const refused = (error: StorageError): readonly TValue[] => [nil, string_value(error.text)];
	if (kind === "keyval+") {
		const keyval = server.open_store(on, name, "keyval");
		if (!keyval.ok) return refused(keyval.error);
		const map = server.open_store(on, name, "map");
		if (!map.ok) return refused(map.error);
		return views.table(views.keyval_plus(keyval.value, map.value), { store: name, host: on, remove: removal_mark(host) });
	}
	if (!is_kind(kind)) return [nil, string_value("unsupported-store")];
	const opened = server.open_store(on, name, kind);
	return opened.ok ? store_value(host, kind, opened.value, on, name) : refused(opened.error);
}

type Shown<Kind extends keyof StoreTypes> = readonly [
	methods: (views: StoreViews, store: StoreTypes[Kind]) => Methods,
	fields: (host: LuaContext, store: StoreTypes[Kind]) => { readonly [name: string]: unknown },
];

const shown_as: { readonly [Kind in keyof StoreTypes]: Shown<Kind> } = {
	keyval: [(views, store) => views.keyval(store), () => ({})],
	map: [(views, store) => views.map(store), (host) => ({ remove: removal_mark(host) })],
	archive: [
		(views, store) => views.archive(store),
		({ border }, { caps, name }) => ({ caps: border.deep_table(caps), ...(name ? { name } : {}) }),
	],
};

/** A store that is open, for Lua. */
export function store_value<Kind extends keyof StoreTypes>(
	host: LuaContext,
	kind: Kind,
	store: StoreTypes[Kind],
	on: string,
	name: string,
): TValue {
	const [methods, fields] = shown_as[kind];
	const views = new StoreViews(host);
	return views.table(methods(views, store), { store: name, host: on, ...fields(host, store) });
}

/** `core.storagemanager` for Lua. */
export function create_storage_library(host: LuaContext): TValue {
	const { vm, border, server } = host;
	const text = (value: TValue | undefined, what: string): string => {
		if (value === undefined || (value.type & 15) !== 4) throw new TypeError(`bad argument (${what}): expected string`);
		return text_of_string(value);
	};
	const kind_of = (value: TValue | undefined): string =>
		value === undefined || value.ttisnil() ? "keyval" : text(value, "type");
	const users_of = (store: TValue | readonly TValue[]): TValue | readonly TValue[] =>
		store instanceof TValue ? vm.call(vm.index(store, string_value("users")), [store]) : store;

	const driver = (on: string): TValue => {
		const value = border.table({ name: server.config.get(on, "default_storage") ?? "default" });
		const table = value.value as Table;
		vm.raw_set(
			table,
			"open",
			vm.native(([, store, kind]) => open_store(host, server, on, text(store, "store"), kind_of(kind))),
		);
		vm.raw_set(
			table,
			"purge",
			vm.native(([, username]) => purge(text(username, "username"), on)),
		);
		return value;
	};
	const purge = (username: string, on: string): TValue | readonly TValue[] => {
		const result = server.purge_user(username, on);
		return result.ok ? border.to_lua(true) : [nil, string_value(result.error.text)];
	};
	const library = vm.new_table();
	const add = (name: string, run: (args: readonly TValue[]) => TValue | readonly TValue[] | undefined): void =>
		vm.raw_set(library, name, vm.native(run));
	add("open", ([on, store, kind]) => open_store(host, server, text(on, "host"), text(store, "store"), kind_of(kind)));
	add("users", ([on, store, kind]) => users_of(open_store(host, server, text(on, "host"), text(store, "store"), kind_of(kind))));
	add("initialize_host", () => undefined);
	add("get_driver", ([on]) => driver(text(on, "host")));
	add("load_driver", ([on]) => driver(text(on, "host")));
	add("purge", ([username, on]) => purge(text(username, "username"), text(on, "host")));
	// COMPAT: what Prosody's modules that keep lists ask for
	vm.raw_set(library, "olddm", host.libraries.get("util.datamanager"));
	return new TValue(tags.table, library);
}
