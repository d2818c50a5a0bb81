// No counterpart: Prosody writes a list anew, and everybody waits.

import { statSync } from "node:fs";
import type { ArchiveQuery, ArchiveStore, DeleteQuery, Log, StorageError } from "../../core/types.ts";
import { Run, type StoredList } from "../../util/datamanager/lists.ts";
import type { Datamanager } from "../../util/datamanager.ts";
import { failed, ok, type Result } from "../../util/error.ts";
import type { Contents } from "./contents.ts";

/** What an archive store works with. */
export interface ArchivePlace {
	readonly datamanager: Datamanager;
	readonly host: string;
	readonly store: string;
	/** The most items one user may have. */
	readonly item_limit: number;
	readonly log: Log;
}

/** A list with what is known of its entries. */
export interface Opened {
	readonly list: StoredList;
	readonly contents: Contents;
}

export function between_turns(): Promise<void> {
	return new Promise((resolve) => setImmediate(resolve));
}

/** What removing entries between turns needs of an archive store. */
interface ShorteningNeeds {
	readonly place: ArchivePlace;
	look(user: string | undefined): Result<Opened | undefined, StorageError>;
	users(): Result<string[], StorageError>;
	delete_at_once(user: string | undefined, query: DeleteQuery): Result<number, StorageError>;
	/** The list consists of these entries now. */
	shortened(user: string | undefined, contents: Contents, pieces: readonly Run[]): void;
}

/** How often it is begun again where a list is changed otherwise meanwhile. */
const attempts = 3;

/** The entries that are left, of so many. */
function others(doomed: readonly Run[], of: number): Run[] {
	const left: Run[] = [];
	let from = 0;
	for (const run of doomed) {
		if (run.from > from) left.push(new Run(from, run.from));
		from = run.to;
	}
	if (from < of) left.push(new Run(from, of));
	return left;
}

/** How many entries of a list are on the disk: what this turn has added may not be there yet. */
function count_on_disk({ path, ...list }: StoredList, length: number, start: (index: number) => number): number {
	const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
	let count = length;
	while (count > 0 && start(count) > size) count--;
	return list.terminated ? count : 0;
}

async function in_pieces<Answer>(work: Generator<void, Answer>): Promise<Answer> {
	for (;;) {
		const step = work.next();
		if (step.done) return step.value;
		await between_turns();
	}
}

/** Only these are looked for block by block. */
function is_simple({ after, before, ids, key, limit }: ArchiveQuery): boolean {
	return [after, before, ids, key, limit].every((one) => one === undefined);
}

/** Deletes from archives so that nobody waits: a long list is copied without what is deleted, and the copy takes its place. */
export function create_shortening(needs: ShorteningNeeds): Pick<Required<ArchiveStore>, "delete_later"> {
	const { datamanager } = needs.place;

	/** How many entries were removed; undefined where the list was changed otherwise meanwhile, or it is no long list. */
	async function try_once(user: string | undefined, query: ArchiveQuery): Promise<Result<number | undefined, StorageError>> {
		const looked = needs.look(user);
		if (!looked.ok) return looked;
		const { list, contents } = looked.value ?? {};
		if (list === undefined || !contents?.matching || !list.is_large || !is_simple(query)) return ok(undefined);
		const ready = await in_pieces(contents.get_ready());
		if (!ready.ok) return ready;
		const of = count_on_disk(list, list.length, (index) => list.start(index));
		const doomed = await in_pieces(contents.matching(query, of));
		if (!doomed.ok || doomed.value.length === 0) return doomed.ok ? ok(0) : doomed;
		const kept = others(doomed.value, of);
		const done = await datamanager.list_shorten(list, kept, of);
		if (!done.ok) return failed({ text: done.error });
		if (!done.value) return ok(undefined);
		needs.shortened(user, contents, others(doomed.value, list.length));
		return ok(doomed.value.reduce((sum, { from, to }) => sum + to - from, 0));
	}

	async function delete_of(user: string | undefined, query: ArchiveQuery): Promise<Result<number, StorageError>> {
		for (let attempt = 0; attempt < attempts; attempt++) {
			const done = await try_once(user, query);
			if (!done.ok) return done;
			if (done.value !== undefined) return ok(done.value);
		}
		return needs.delete_at_once(user, query);
	}

	return {
		async delete_later(user, query) {
			if (user !== true) return delete_of(user, query);
			const names = needs.users();
			if (!names.ok) return names;
			let deleted = 0;
			for (const name of [...names.value, undefined]) {
				const done = await delete_of(name, query);
				if (!done.ok) return done;
				deleted += done.value;
				await between_turns();
			}
			return ok(deleted);
		},
	};
}
