// Counterpart: tools/migration/prosody-migrator.lua. What `enjamb migrate` does.

import { existsSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, join, sep } from "node:path";
import type { ServerAddress } from "../../core/network_sql/messages.ts";
import type { Result } from "../../util/error.ts";
import { make_folder } from "../../util/file_owner.ts";
import { access_problem } from "../check/storage.ts";
import { Aside } from "./aside.ts";
import { occupied_folder } from "./internal_target.ts";
import { Journal } from "./journal.ts";
import {
	type Location,
	location_name,
	location_text,
	only_sources,
	open_source,
	open_target,
	parse_location,
} from "./location.ts";
import { occupied_server } from "./network_target.ts";
import { grouped, Progress, type ProgressOutput, printable } from "./progress.ts";
import { left_text, store_table } from "./report.ts";
import { occupied_database } from "./sqlite_target.ts";
import { type Observer, rehearse, transfer, type UnitResult, type Verified, verify } from "./transfer.ts";
import { type Source, unit_id, unit_text } from "./types.ts";

/** What {@link run} is told. */
export interface MigrateOptions {
	readonly from: string;
	readonly to: string;
	readonly dry_run: boolean;
	/** Where the journal of a migration to a database over the network lies; the current folder where none is given. */
	readonly folder?: string;
	/** For the report. */
	write(text: string): void;
	/** For progress and complaints. */
	readonly progress: ProgressOutput;
}

/** How many records that cannot be moved are named one by one. */
const named_at_most = 20;

/** Shows progress, and names what cannot be moved. */
class Watcher implements Observer {
	kept = 0;
	private readonly progress: Progress;

	constructor(
		private readonly output: ProgressOutput,
		title: string,
		source: Source,
	) {
		const total = source.units().reduce((sum, { size }) => sum + size, 0);
		this.progress = new Progress(output, title, total);
	}

	advanced(unit: Parameters<Observer["advanced"]>[0], size: number, records: number): void {
		this.progress.advance(size, records, () => unit_text(unit));
	}

	found_done(_unit: unknown, size: number): void {
		this.progress.skip(size);
	}

	kept_aside(_unit: unknown, { place, reason }: { place: string; reason: string }): void {
		this.kept++;
		if (this.kept > named_at_most) return;
		const clear = this.output.is_terminal ? "\r\x1b[K" : "";
		this.output.write(`${clear}Cannot be moved: ${printable(`${place}: ${reason}`)}\n`);
		if (this.kept === named_at_most) this.output.write("More of them are counted, and kept aside, without being named here\n");
	}

	finish(): void {
		this.progress.finish();
	}
}

/** The same place, whatever links lead to it, also of what is not there yet. */
function real(path: string): string {
	const above = dirname(path);
	if (existsSync(path)) return realpathSync(path);
	return above === path ? path : join(real(above), basename(path));
}

/** Why two places cannot be both ends of a migration; undefined where they can. */
function too_close(from: Location, to: Location): string | undefined {
	const [source, target] = [from, to].map((one) => (one.address === undefined ? real(one.path) : location_name(one)));
	if (source === target) return "--from and --to are the same place";
	if (to.kind !== "internal" || !target?.startsWith(`${source}${sep}`)) return undefined;
	return `--to: ${to.path} is in the folder that is read: expected a folder outside of ${from.path}`;
}

/** What a place has where there is something to move. */
const contents: { readonly [Name in Location["kind"]]: string } = {
	internal: "a folder for each host with its stores in it, such as example%2ecom/accounts/romeo.dat",
	sql: "Prosody's tables, prosody and prosodyarchive, with rows in them",
	server: "Prosody's tables, prosody and prosodyarchive, with rows in them",
	ejabberd: "rooms or archives of ejabberd",
	metronome: "a folder for each host with its stores in it",
};

/** Where a migration's journal lies: with its target, and named so that nobody takes it for data. */
function journal_path({ kind, path }: Location): string {
	return kind === "internal" ? join(path, "enjamb.migration") : `${path}.migration`;
}

/** Why nothing may be written to a database over the network; undefined where it is new, or empty. */
function occupied_elsewhere(address: ServerAddress): string | undefined {
	try {
		const what = occupied_server(address);
		return what === undefined ? undefined : `${what}; nothing is ever written over. Name a new one`;
	} catch (error) {
		return error instanceof Error ? error.message : String(error);
	}
}

/** Why nothing may be written to a place; undefined where it is new, or empty. */
function occupied({ kind, path, address }: Location): string | undefined {
	if (address !== undefined) return occupied_elsewhere(address);
	const found = statSync(path, { throwIfNoEntry: false });
	if (found !== undefined && found.isDirectory() !== (kind === "internal")) {
		return kind === "internal" ? `${path} is a file: expected a folder` : `${path} is a folder: expected a file`;
	}
	const folder = kind === "internal" ? path : dirname(path);
	const problem = kind === "sql" && !existsSync(folder) ? `there is no folder ${folder}` : access_problem(folder);
	if (problem !== undefined)
		return `nothing can be written to ${path} (${problem}): expected a place that this user may write to`;
	const advice = "nothing is ever written over. Name a new one";
	try {
		const what = kind === "internal" ? occupied_folder(path) : occupied_database(path);
		return what === undefined ? undefined : `${what}; ${advice}`;
	} catch (error) {
		const text = error instanceof Error ? error.message : String(error);
		return `${text.includes(path) ? text : `${path}: ${text}`}; ${advice}`;
	}
}

/**
 * Moves data from one storage to another, and proves it.
 * @returns the exit status: 0 everything is there, 1 it is not, 3 it is but for records that are kept aside
 */
export async function run(options: MigrateOptions): Promise<0 | 1 | 3> {
	const refuse = (problem: string): 1 => {
		options.progress.write(`enjamb: ${problem.split("\n").map(printable).join("\n")}\n`);
		return 1;
	};
	const from = await parse_location(options.from, options.folder);
	if (!from.ok) return refuse(`--from: ${from.error}`);
	const to = await parse_location(options.to, options.folder);
	if (!to.ok) return refuse(`--to: ${to.error}`);
	if (only_sources.has(to.value.kind)) return refuse(`--to: ${to.value.kind} is something to come from only`);
	const close = too_close(from.value, to.value);
	if (close !== undefined) return refuse(close);
	const source = open_source(from.value);
	if (!source.ok) return refuse(`--from: ${source.error}`);
	try {
		if (source.value.units().length === 0) {
			options.write(left_text(source.value.left_behind()));
			return refuse(`--from: there is nothing to move in ${location_name(from.value)}: expected ${contents[from.value.kind]}`);
		}
		const journal = Journal.open(journal_path(to.value), source.value.name, location_text(to.value));
		if (!journal.ok) return refuse(journal.error);
		const trouble = journal.value.resumed ? undefined : occupied(to.value);
		if (trouble !== undefined) return refuse(`--to: ${trouble}`);
		const aside = new Aside(`${to.value.path}.aside`);
		if (!journal.value.resumed && !aside.is_empty()) {
			return refuse(`--to: ${aside.folder} has what another migration has kept aside; put it away, or name another target`);
		}
		if (options.dry_run) return try_out(source.value, options);
		return move(source.value, from.value, to.value, journal.value, aside, options, refuse);
	} catch (error) {
		if (
			!(
				error instanceof Error &&
				("code" in error || [from.value, to.value].some((one) => error.message.includes(location_name(one))))
			)
		)
			throw error;
		const stays = existsSync(journal_path(to.value)) && !options.dry_run;
		return refuse(`${error.message}${stays ? ". What was moved so far stays; the same command goes on from there" : ""}`);
	} finally {
		source.value.close();
	}
}

function try_out(source: Source, { write, progress }: MigrateOptions): 0 | 3 {
	const watcher = new Watcher(progress, "Reading", source);
	const results = rehearse(source, watcher);
	watcher.finish();
	write(store_table(results) + left_text(source.left_behind()));
	write("Nothing was written.\n");
	return watcher.kept > 0 ? 3 : 0;
}

function move(
	source: Source,
	from: Location,
	to: Location,
	journal: Journal,
	aside: Aside,
	{ write, progress }: MigrateOptions,
	refuse: (problem: string) => 1,
): 0 | 1 | 3 {
	const target = open_target(to);
	if (!target.ok) return refuse(`--to: ${target.error}`);
	const done = [...journal.units.values()].reduce((sum, { items }) => sum + items, 0);
	if (journal.resumed) progress.write(`Going on where an earlier run ended, behind ${grouped(done)} records\n`);
	const moving = new Watcher(progress, "Moving", source);
	let moved: Result<UnitResult[], string>;
	try {
		prepare(to);
		moved = transfer({ source, target: target.value, journal, aside, observer: moving });
	} finally {
		target.value.close();
	}
	moving.finish();
	if (!moved.ok) return refuse(moved.error);
	const verified = check(to, moved.value, progress);
	write(store_table(moved.value) + left_text(source.left_behind()));
	if (!verified.ok) return refuse(`the target does not have what it should: ${verified.error}`);
	const changed = changed_since(source, from, journal);
	if (changed !== undefined) {
		return refuse(
			`${source.name} has changed while it was read (${changed}): stop the server that uses it, remove ${to.address === undefined ? to.path : "what is in the target"}, and begin again`,
		);
	}
	journal.remove();
	write(`Verified: ${grouped(verified.value.items)} records read back from ${target.value.name} are those of ${source.name}\n`);
	write(`Digest of both: ${verified.value.digest}\n`);
	const kept = moved.value.reduce((sum, { aside: count }) => sum + count, 0);
	if (kept === 0) return 0;
	write(`${grouped(kept)} ${kept === 1 ? "record" : "records"} could not be moved, and kept as found in ${aside.folder}\n`);
	return 3;
}

/** Makes the folder that the journal lies in. */
function prepare({ kind, path }: Location): void {
	if (kind === "internal") make_folder(path);
}

/** What of a source has changed since it was read; undefined where nothing has. */
function changed_since(source: Source, from: Location, journal: Journal): string | undefined {
	const again = open_source(from);
	if (!again.ok) return again.error;
	try {
		for (const unit of again.value.units()) {
			if (journal.units.get(unit_id(unit))?.fingerprint !== again.value.fingerprint(unit)) return unit_text(unit);
		}
		return source.units().length === again.value.units().length ? undefined : "something is gone";
	} finally {
		again.value.close();
	}
}

/** Reads the target anew. */
function check(to: Location, results: readonly UnitResult[], progress: ProgressOutput): Result<Verified, string> {
	const written = open_source(to);
	if (!written.ok) return written;
	const watcher = new Watcher(progress, "Verifying", written.value);
	try {
		return verify(results, written.value, watcher);
	} finally {
		watcher.finish();
		written.value.close();
	}
}
