// Counterpart: plugins/mod_storage_internal.lua (archive)

import { is_since } from "../../core/storage_shims.ts";
import type { ArchiveItem, ArchivePage, ArchiveQuery, ArchiveStore, Log, StorageError } from "../../core/types.ts";
import type { StoredList } from "../../util/datamanager/lists.ts";
import type { Datamanager } from "../../util/datamanager.ts";
import * as datetime from "../../util/datetime.ts";
import { failed, ok, type Result } from "../../util/error.ts";
import { type LuaKey, type LuaMap, type LuaTable, type LuaValue, new_record } from "../../util/luatable.ts";
import * as st from "../../util/stanza.ts";
import * as uuid from "../../util/uuid.ts";

/** How many items {@link ArchiveStore.find_later} reads at once. */
const page_size = 100;

/** What an archive store works with. */
export interface ArchivePlace {
	readonly datamanager: Datamanager;
	readonly host: string;
	readonly store: string;
	/** The most items one user may have. */
	readonly item_limit: number;
	readonly log: Log;
}

/** What queries need of an item, so that the rest need not be read. */
interface Heading {
	readonly id: string;
	readonly when: number;
	readonly with: string;
}

/** The headings of a list's entries. */
class Headings {
	/** Undefined for what is no item. */
	readonly all: (Heading | undefined)[] = [];
	/** How many are items. */
	items = 0;

	add(heading: Heading | undefined): void {
		this.all.push(heading);
		if (heading !== undefined) this.items++;
	}

	/** Notes that an entry is not an item. */
	disown(index: number): void {
		if (this.all[index] !== undefined) this.items--;
		this.all[index] = undefined;
	}

	/** The position of an item; `otherwise` without an id, undefined for an unknown id. */
	position(id: string | undefined, otherwise: number): number | undefined {
		if (id === undefined) return otherwise;
		const index = this.all.findIndex((heading) => heading?.id === id);
		return index < 0 ? undefined : index;
	}
}

const not_found = failed<StorageError>({ text: "item-not-found", condition: "item-not-found" });

function trouble(text: string): { ok: false; error: StorageError } {
	return failed({ text });
}

// How items are written: an item's own keys are indented by one tab, and texts have no line breaks.
const key_line = /\n\t\["key"\] = "([!#-&(-[\]-~ ]*)";/;
const when_line = /\n\t\["when"\] = ([\d.]+);/;
const with_line = /\n\t\["with"\] = "([!#-&(-[\]-~ ]*)";/;

/** Reads a heading without the whole item; undefined where that has another form than usual. */
function quick_heading(text: string): Heading | undefined {
	if (!text.startsWith("item({\n") || !text.endsWith(";\n});\n")) return undefined;
	const id = key_line.exec(text)?.[1];
	const when = when_line.exec(text)?.[1];
	const with_whom = with_line.exec(text)?.[1];
	return id === undefined || when === undefined || with_whom === undefined
		? undefined
		: { id, when: Number(when), with: with_whom };
}

function field(item: LuaValue | undefined, key: LuaKey): LuaValue | undefined {
	if (item instanceof Map) return item.get(key);
	return typeof item === "object" && !Array.isArray(item) && typeof key === "string" ? item[key] : undefined;
}

/** The heading of a stored item; old items have no key, and their time only as a stamp. */
function full_heading(item: LuaValue, number: number): Heading | undefined {
	const stamp = field(field(item, "attr"), "stamp");
	const when = field(item, "when") ?? (typeof stamp === "string" ? datetime.parse(stamp) : undefined);
	const key = field(item, "key");
	const with_whom = field(item, "with");
	if (typeof when !== "number" || typeof field(item, "name") !== "string") return undefined;
	return { id: typeof key === "string" ? key : String(number), when, with: typeof with_whom === "string" ? with_whom : "" };
}

/** A stanza as the archives of files keep it: with key, time and partner among its own parts. */
function to_item(stanza: st.Stanza, { id, when, with: with_whom }: Heading): LuaMap {
	const item: LuaMap = new Map(st.preserialize(stanza));
	const attr = new_record();
	for (const name in stanza.attr) {
		const value = stanza.attr[name];
		if (value !== undefined) attr[name] = value;
	}
	attr["stamp"] = datetime.datetime(when);
	item.set("attr", attr).set("key", id).set("when", when).set("with", with_whom);
	return item;
}

/** The stanza of an item; undefined where it holds none. */
function to_stanza(item: LuaValue): st.Stanza | undefined {
	const stanza = st.deserialize(item);
	if (stanza === undefined) return undefined;
	stanza.attr["stamp"] = undefined;
	stanza.attr["stamp_legacy"] = undefined;
	return stanza;
}

function between_turns(): Promise<void> {
	return new Promise((resolve) => setImmediate(resolve));
}

/** What a query selects: entries by number in the order asked for, and how many there are of them without `after` and `before`. */
interface Selection {
	readonly list: StoredList | undefined;
	readonly numbers: number[];
	readonly total: number;
}

/** Archives of one store, each in a list of Prosody's. */
export function archive_store(place: ArchivePlace): ArchiveStore {
	const { datamanager, host, store, item_limit, log } = place;
	const known = new WeakMap<StoredList, Headings>();

	function open(user: string | undefined): Result<StoredList | undefined, StorageError> {
		const list = datamanager.list_open(user, host, store);
		return list.ok ? list : trouble(list.error);
	}

	/** The headings of all entries. Unreadable ones are logged once each time the file is read. */
	function headings_of(list: StoredList): Result<Headings, StorageError> {
		const headings = known.get(list) ?? new Headings();
		known.set(list, headings);
		const first = headings.all.length;
		if (first >= list.length) return ok(headings);
		const bytes = list.bytes(first, list.length);
		if (!bytes.ok) return trouble(bytes.error);
		const text = bytes.value.toString("latin1");
		const offset = list.start(first);
		for (let index = first; index < list.length; index++) {
			const own = text.slice(list.start(index) - offset, list.start(index + 1) - offset);
			headings.add(quick_heading(own) ?? slow_heading(list, index, Buffer.from(own, "latin1")));
		}
		return ok(headings);
	}

	function slow_heading(list: StoredList, index: number, bytes: Buffer): Heading | undefined {
		const item = list.parse(index, bytes);
		const heading = item.ok ? full_heading(item.value, index + 1) : undefined;
		if (heading === undefined) {
			const reason = item.ok ? `${list.path}, entry ${index + 1}: it holds no stanza with its time` : item.error;
			log("warn", "Archive %s of %s: an item is left out, and left as it is: %s", store, host, reason);
		}
		return heading;
	}

	function matches(heading: Heading, query: ArchiveQuery, ids: ReadonlySet<string> | undefined): boolean {
		return (
			(query.key === undefined || heading.id === query.key) &&
			(ids === undefined || ids.has(heading.id)) &&
			(query.with === undefined || heading.with === query.with) &&
			(query.start === undefined || is_since(heading.when, query.start)) &&
			(query.end === undefined || heading.when <= query.end)
		);
	}

	function select(user: string | undefined, query: ArchiveQuery): Result<Selection, StorageError> {
		const opened = open(user);
		if (!opened.ok) return opened;
		const list = opened.value;
		const found = list === undefined ? ok(new Headings()) : headings_of(list);
		if (!found.ok) return found;
		const headings = found.value;
		const wants_range = query.limit !== 0;
		const count = headings.all.length;
		const after = headings.position(wants_range ? query.after : undefined, -1);
		const before = headings.position(wants_range ? query.before : undefined, count);
		if (after === undefined || before === undefined) return not_found;
		const ids = query.ids && new Set(query.ids);
		const limit = query.limit ?? Number.POSITIVE_INFINITY;
		const step = query.reverse ? -1 : 1;
		const numbers: number[] = [];
		let total = 0;
		// The total counts all matching items; without it, items outside the range need not be read.
		const [low, high] = query.total ? [0, count] : [after + 1, before];
		for (let index = query.reverse ? high - 1 : low; index >= low && index < high; index += step) {
			const heading = headings.all[index];
			if (heading === undefined || !matches(heading, query, ids)) continue;
			total++;
			if (numbers.length < limit && index > after && index < before) numbers.push(index);
			if (!query.total && numbers.length >= limit) break;
		}
		return ok({ list, numbers, total });
	}

	/** Reads items by their numbers, leaving out what cannot be read. */
	function read(list: StoredList | undefined, numbers: readonly number[]): Result<ArchiveItem[], StorageError> {
		const items: ArchiveItem[] = [];
		if (list === undefined) return ok(items);
		const headings = headings_of(list);
		if (!headings.ok) return headings;
		for (const index of numbers) {
			const heading = headings.value.all[index];
			const item = list.read(index);
			const stanza = item.ok ? to_stanza(item.value) : undefined;
			if (stanza === undefined || heading === undefined) {
				const reason = item.ok ? `${list.path}, entry ${index + 1}: it holds no stanza` : item.error;
				log("warn", "Archive %s of %s: an item is left out, and left as it is: %s", store, host, reason);
				headings.value.disown(index);
				continue;
			}
			items.push({ ...heading, stanza });
		}
		return ok(items);
	}

	function finish(items: ArchiveItem[], { total }: Selection, query: ArchiveQuery): ArchivePage {
		return query.total ? { items, total } : { items };
	}

	/** Changes entries of a list; those that are not items stay in place. */
	function rewrite(list: StoredList, pieces: readonly (number | LuaTable)[]): Result<void, StorageError> {
		const done = datamanager.list_rewrite(list, pieces);
		return done.ok ? ok(undefined) : trouble(done.error);
	}

	function all_numbers(list: StoredList): number[] {
		return Array.from({ length: list.length }, (_, index) => index);
	}

	function delete_of(user: string | undefined, query: ArchiveQuery & { truncate?: number }): Result<number, StorageError> {
		const selected = select(user, { ...query, total: false, reverse: false, limit: Number.POSITIVE_INFINITY });
		if (!selected.ok) return selected;
		const { list, numbers } = selected.value;
		const kept = Math.min(query.truncate ?? 0, numbers.length);
		const doomed = new Set(query.reverse ? numbers.slice(kept) : numbers.slice(0, numbers.length - kept));
		if (list === undefined || doomed.size === 0) return ok(0);
		const done = rewrite(
			list,
			all_numbers(list).filter((index) => !doomed.has(index)),
		);
		return done.ok ? ok(doomed.size) : done;
	}

	function users(): Result<string[], StorageError> {
		const names = datamanager.users(host, store, "list");
		return names.ok ? names : trouble(names.error);
	}

	const archive: ArchiveStore = {
		caps: { total: true, quota: item_limit, full_id_range: true, ids: true, truncate: true, wildcard_delete: false },
		append(user, id, stanza, when, with_whom) {
			const opened = open(user);
			if (!opened.ok) return opened;
			const list = opened.value;
			const headings = list === undefined ? ok(new Headings()) : headings_of(list);
			if (!headings.ok) return headings;
			const replaced = headings.value.position(id, -1) ?? -1;
			if (headings.value.items >= item_limit && replaced < 0) return trouble("quota-limit");
			const key = id ?? uuid.v7();
			const heading: Heading = { id: key, when, with: with_whom };
			const item = to_item(stanza, heading);
			if (list !== undefined && replaced >= 0) {
				const done = rewrite(list, [...all_numbers(list).filter((index) => headings.value.all[index]?.id !== id), item]);
				return done.ok ? ok(key) : done;
			}
			const appended = datamanager.list_append(user, host, store, item);
			if (!appended.ok) return trouble(appended.error);
			// An entry that was just written need not be read again.
			if (list !== undefined && headings.value.all.length === list.length - 1) headings.value.add(heading);
			return ok(key);
		},
		find(user, query = {}) {
			const selected = select(user, query);
			if (!selected.ok) return selected;
			const items = read(selected.value.list, selected.value.numbers);
			return items.ok ? ok(finish(items.value, selected.value, query)) : items;
		},
		async find_later(user, query = {}) {
			await between_turns();
			const selected = select(user, query);
			if (!selected.ok) return selected;
			const { list, numbers } = selected.value;
			const items: ArchiveItem[] = [];
			for (let index = 0; index < numbers.length; index += page_size) {
				if (index > 0) {
					await between_turns();
					// Numbers belong to this version of the list; where it was written again meanwhile, the rest is searched again.
					const now = open(user);
					if (!now.ok) return now;
					if (now.value !== list) return archive.find(user, query);
				}
				const page = read(list, numbers.slice(index, index + page_size));
				if (!page.ok) return page;
				items.push(...page.value);
			}
			return ok(finish(items, selected.value, query));
		},
		get(user, id) {
			const found = archive.find(user, { key: id, limit: 1 });
			return found.ok ? ok(found.value.items[0]) : found;
		},
		set(user, id, stanza, when, with_whom) {
			const selected = select(user, { key: id, limit: 1 });
			if (!selected.ok) return selected;
			const { list, numbers } = selected.value;
			const [index] = numbers;
			if (list === undefined || index === undefined) return not_found;
			const headings = headings_of(list);
			if (!headings.ok) return headings;
			const heading = headings.value.all[index];
			if (heading === undefined) return not_found;
			const item = to_item(stanza, { id, when: when ?? heading.when, with: with_whom ?? heading.with });
			return rewrite(
				list,
				all_numbers(list).map((number) => (number === index ? item : number)),
			);
		},
		set_many(user, stanzas) {
			const selected = select(user, { ids: [...stanzas.keys()] });
			if (!selected.ok) return selected;
			const { list, numbers } = selected.value;
			if (list === undefined || numbers.length === 0) return ok(undefined);
			const headings = headings_of(list);
			if (!headings.ok) return headings;
			const items = new Map<number, LuaTable>();
			for (const index of numbers) {
				const heading = headings.value.all[index];
				const stanza = stanzas.get(heading?.id ?? "");
				if (heading !== undefined && stanza !== undefined) items.set(index, to_item(stanza, heading));
			}
			return rewrite(
				list,
				all_numbers(list).map((number) => items.get(number) ?? number),
			);
		},
		delete(user, query = {}) {
			if (user !== true) return delete_of(user, query);
			const names = users();
			if (!names.ok) return names;
			let deleted = 0;
			for (const name of [...names.value, undefined]) {
				const done = delete_of(name, query);
				if (!done.ok) return done;
				deleted += done.value;
			}
			return ok(deleted);
		},
		summary(user, query = {}) {
			const selected = select(user, query);
			if (!selected.ok) return selected;
			const { list, numbers } = selected.value;
			const summary = new Map<string, { count: number; first: number; last: number }>();
			const headings = list === undefined ? ok(new Headings()) : headings_of(list);
			if (!headings.ok) return headings;
			for (const index of numbers) {
				const heading = headings.value.all[index];
				if (heading === undefined) continue;
				const { with: with_whom, when } = heading;
				const seen = summary.get(with_whom) ?? { count: 0, first: when, last: when };
				summary.set(with_whom, { count: seen.count + 1, first: Math.min(seen.first, when), last: Math.max(seen.last, when) });
			}
			return ok(summary);
		},
		users,
	};
	return archive;
}
