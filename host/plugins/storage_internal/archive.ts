// Counterpart: plugins/mod_storage_internal.lua (archive)

import type { ArchiveItem, ArchivePage, ArchiveQuery, ArchiveStore, StorageError } from "../../core/types.ts";
import { Run, type StoredList } from "../../util/datamanager/lists.ts";
import { failed, ok, type Result } from "../../util/error.ts";
import type { LuaTable } from "../../util/luatable.ts";
import * as uuid from "../../util/uuid.ts";
import { add_to_parts } from "../archive_blocks.lib.ts";
import { type Contents, not_found, type Replacement, type Selection, SmallContents } from "./contents.ts";
import { full_heading, type Heading, to_item, to_stanza } from "./items.ts";
import { LargeContents } from "./large_contents.ts";
import { type ArchivePlace, between_turns, create_shortening, type Opened } from "./shortening.ts";

/** How many items {@link ArchiveStore.find_later} reads at once. */
const page_size = 100;

function trouble(text: string): { ok: false; error: StorageError } {
	return failed({ text });
}

/** A new item, in another's place or behind all entries. */
interface NewItem extends Replacement {
	readonly item: LuaTable;
}

/** The entries that are left when some are not. */
function without(length: number, doomed: readonly number[]): Run[] {
	const left: Run[] = [];
	let from = 0;
	for (const index of doomed) {
		if (index > from) left.push(new Run(from, index));
		from = index + 1;
	}
	if (from < length) left.push(new Run(from, length));
	return left;
}

/** All entries, with new items in the place of some, by number. */
function with_items(length: number, items: ReadonlyMap<number, LuaTable>): (Run | NewItem)[] {
	const pieces: (Run | NewItem)[] = [];
	let from = 0;
	for (const [at, item] of [...items].sort(([a], [b]) => a - b)) {
		if (at > from) pieces.push(new Run(from, at));
		pieces.push({ at, item });
		from = at + 1;
	}
	if (from < length) pieces.push(new Run(from, length));
	return pieces;
}

/** The bytes of some entries, which are read together where they are near each other, as those of a page are. */
class NearBytes {
	private readonly from: number;
	private readonly all: Result<Buffer, string> | undefined;

	constructor(
		private readonly list: StoredList,
		numbers: readonly number[],
	) {
		const [first = 0] = numbers;
		const last = numbers.at(-1) ?? first;
		this.from = Math.min(first, last);
		const to = Math.max(first, last) + 1;
		this.all = numbers.length > 1 && to - this.from <= 2 * numbers.length ? list.bytes(this.from, to) : undefined;
	}

	of(index: number): Result<Buffer, string> {
		if (!this.all?.ok) return this.list.bytes(index, index + 1);
		const start = this.list.start(this.from);
		return ok(this.all.value.subarray(this.list.start(index) - start, this.list.start(index + 1) - start));
	}
}

/** Archives of one store, each in a list of Prosody's. */
export function archive_store(place: ArchivePlace): ArchiveStore {
	const { datamanager, host, store, item_limit, log } = place;
	const known = new WeakMap<StoredList, Contents>();

	function leave_out(reason: string): void {
		log("warn", "Archive %s of %s: an item is left out, and left as it is: %s", store, host, reason);
	}

	/** A list with its contents, which may still have to be read; undefined where there is none. */
	function look(user: string | undefined): Result<Opened | undefined, StorageError> {
		const opened = datamanager.list_open(user, host, store);
		if (!opened.ok) return trouble(opened.error);
		const list = opened.value;
		if (list === undefined) return ok(undefined);
		const contents =
			known.get(list) ??
			(list.is_large ? new LargeContents(list, datamanager.summary_of(list), leave_out) : new SmallContents(list, leave_out));
		known.set(list, contents);
		return ok({ list, contents });
	}

	function open(user: string | undefined): Result<Opened | undefined, StorageError> {
		const looked = look(user);
		if (!looked.ok || looked.value === undefined) return looked;
		const steps = looked.value.contents.get_ready();
		let step = steps.next();
		while (!step.done) step = steps.next();
		return step.value.ok ? looked : step.value;
	}

	function select({ contents }: Opened, query: ArchiveQuery): Result<Selection, StorageError> {
		return contents.select(query);
	}

	/** What a query finds where there is no list. */
	function nothing({ after, before, limit }: ArchiveQuery): Result<Selection, StorageError> {
		return limit !== 0 && (after !== undefined || before !== undefined) ? not_found : ok({ numbers: [], total: 0 });
	}

	/** Reads items by their numbers, leaving out what cannot be read. */
	function read({ list, contents }: Opened, numbers: readonly number[]): ArchiveItem[] {
		const items: ArchiveItem[] = [];
		const bytes = new NearBytes(list, numbers);
		for (const index of numbers) {
			const own = bytes.of(index);
			const item = own.ok ? list.parse(index, own.value) : own;
			const stanza = item.ok ? to_stanza(item.value) : undefined;
			const heading = item.ok ? full_heading(item.value, index + 1) : undefined;
			if (stanza === undefined || heading === undefined) {
				leave_out(item.ok ? `${list.path}, entry ${index + 1}: it holds no stanza` : item.error);
				contents.disown(index);
				continue;
			}
			items.push({ ...heading, stanza });
		}
		return items;
	}

	function finish(items: ArchiveItem[], { total }: Selection, query: ArchiveQuery): ArchivePage {
		return query.total ? { items, total } : { items };
	}

	/** Keeps what is known of a list that consists of these entries now. */
	function note_rewritten(user: string | undefined, contents: Contents, pieces: readonly (Run | Replacement)[]): void {
		const now = datamanager.list_open(user, host, store);
		const kept = now.ok && now.value?.is_large ? contents.kept(now.value, pieces) : undefined;
		if (now.ok && now.value !== undefined && kept !== undefined) known.set(now.value, kept);
	}

	/** Changes entries of a user's list; those that are not items stay in place. */
	function rewrite(
		user: string | undefined,
		{ list, contents }: Opened,
		pieces: readonly (Run | NewItem)[],
	): Result<void, StorageError> {
		const done = datamanager.list_rewrite(
			list,
			pieces.map((piece) => (piece instanceof Run ? piece : piece.item)),
		);
		if (!done.ok) return trouble(done.error);
		note_rewritten(user, contents, pieces);
		return ok(undefined);
	}

	function delete_of(user: string | undefined, query: ArchiveQuery & { truncate?: number }): Result<number, StorageError> {
		const opened = open(user);
		if (!opened.ok) return opened;
		const wanted = { ...query, total: false, reverse: false, limit: Number.POSITIVE_INFINITY };
		const selected = opened.value === undefined ? nothing(wanted) : select(opened.value, wanted);
		if (!selected.ok) return selected;
		const { numbers } = selected.value;
		const kept = Math.min(query.truncate ?? 0, numbers.length);
		const doomed = query.reverse ? numbers.slice(kept) : numbers.slice(0, numbers.length - kept);
		if (opened.value === undefined || doomed.length === 0) return ok(0);
		const done = rewrite(user, opened.value, without(opened.value.list.length, doomed));
		return done.ok ? ok(doomed.length) : done;
	}

	function users(): Result<string[], StorageError> {
		const names = datamanager.users(host, store, "list");
		return names.ok ? names : trouble(names.error);
	}

	const shortening = create_shortening({
		place,
		look,
		users,
		delete_at_once: (user, query) => archive.delete(user, query),
		shortened: note_rewritten,
	});
	const archive: ArchiveStore = {
		caps: { total: true, quota: item_limit, full_id_range: true, ids: true, truncate: true, wildcard_delete: false },
		append(user, id, stanza, when, with_whom) {
			const opened = id === undefined ? look(user) : open(user);
			if (!opened.ok) return opened;
			const there = opened.value;
			const replaced = id === undefined || there === undefined ? ok(undefined) : there.contents.position(id);
			if (!replaced.ok) return replaced;
			if (replaced.value === undefined && (there?.list.length ?? 0) >= item_limit) {
				const counted = open(user);
				if (!counted.ok) return counted;
				if ((counted.value?.contents.items ?? 0) >= item_limit) return trouble("quota-limit");
			}
			const key = id ?? uuid.v7();
			const heading: Heading = { id: key, when, with: with_whom };
			const item = to_item(stanza, heading);
			if (there !== undefined && replaced.value !== undefined) {
				const selected = select(there, { key });
				if (!selected.ok) return selected;
				const { length } = there.list;
				const done = rewrite(user, there, [...without(length, selected.value.numbers), { at: length, item }]);
				return done.ok ? ok(key) : done;
			}
			const appended = datamanager.list_append(user, host, store, item);
			if (!appended.ok) return trouble(appended.error);
			// An entry that was just written need not be read again.
			there?.contents.appended(heading);
			return ok(key);
		},
		takes_long(user) {
			const looked = look(user);
			return looked.ok && looked.value?.contents.takes_long === true;
		},
		find(user, query = {}) {
			const opened = open(user);
			if (!opened.ok) return opened;
			const selected = opened.value === undefined ? nothing(query) : select(opened.value, query);
			if (!selected.ok) return selected;
			const items = opened.value === undefined ? [] : read(opened.value, selected.value.numbers);
			return ok(finish(items, selected.value, query));
		},
		async find_later(user, query = {}) {
			await between_turns();
			const looked = look(user);
			if (!looked.ok) return looked;
			for (const _ of looked.value?.contents.get_ready() ?? []) await between_turns();
			const opened = open(user);
			if (!opened.ok) return opened;
			const selected = opened.value === undefined ? nothing(query) : select(opened.value, query);
			if (!selected.ok) return selected;
			const { numbers } = selected.value;
			const items: ArchiveItem[] = [];
			for (let index = 0; index < numbers.length && opened.value !== undefined; index += page_size) {
				if (index > 0) {
					await between_turns();
					// Numbers belong to this version of the list; where it was written again meanwhile, the rest is searched again.
					const now = look(user);
					if (!now.ok) return now;
					if (now.value?.list !== opened.value.list) return archive.find(user, query);
				}
				items.push(...read(opened.value, numbers.slice(index, index + page_size)));
			}
			return ok(finish(items, selected.value, query));
		},
		get(user, id) {
			const found = archive.find(user, { key: id, limit: 1 });
			return found.ok ? ok(found.value.items[0]) : found;
		},
		set(user, id, stanza, when, with_whom) {
			const opened = open(user);
			if (!opened.ok) return opened;
			if (opened.value === undefined) return not_found;
			const { list, contents } = opened.value;
			const position = contents.position(id);
			if (!position.ok) return position;
			const heading = position.value === undefined ? ok(undefined) : contents.heading(position.value);
			if (!heading.ok) return heading;
			if (position.value === undefined || heading.value === undefined) return not_found;
			const item = to_item(stanza, { id, when: when ?? heading.value.when, with: with_whom ?? heading.value.with });
			return rewrite(user, opened.value, with_items(list.length, new Map([[position.value, item]])));
		},
		set_many(user, stanzas) {
			const opened = open(user);
			if (!opened.ok) return opened;
			if (opened.value === undefined) return ok(undefined);
			const selected = select(opened.value, { ids: [...stanzas.keys()] });
			if (!selected.ok) return selected;
			const items = new Map<number, LuaTable>();
			for (const index of selected.value.numbers) {
				const heading = opened.value.contents.heading(index);
				if (!heading.ok) return heading;
				const stanza = stanzas.get(heading.value?.id ?? "");
				if (heading.value !== undefined && stanza !== undefined) items.set(index, to_item(stanza, heading.value));
			}
			return items.size === 0 ? ok(undefined) : rewrite(user, opened.value, with_items(opened.value.list.length, items));
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
		delete_later: (user, query) => shortening.delete_later(user, query),
		summary(user, query = {}) {
			const summary = new Map<string, { count: number; first: number; last: number }>();
			const opened = open(user);
			if (!opened.ok) return opened;
			const selected = opened.value === undefined ? nothing(query) : select(opened.value, query);
			if (!selected.ok) return selected;
			for (const index of selected.value.numbers) {
				const heading = opened.value === undefined ? ok(undefined) : opened.value.contents.heading(index);
				if (!heading.ok) return heading;
				if (heading.value !== undefined) add_to_parts(summary, heading.value.with, heading.value.when);
			}
			return ok(summary);
		},
		users,
	};
	return archive;
}
