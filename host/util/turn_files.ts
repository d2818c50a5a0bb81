// No counterpart: Prosody writes each file as it goes, and leaves it to the system when that reaches the disk.

import { accessSync, constants, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { Cache } from "./cache.ts";
import { type Disk, real_disk } from "./disk.ts";
import { failed, ok, type Result } from "./error.ts";
import { path_problem } from "./file_names.ts";
import { make_folder } from "./file_owner.ts";
import type { Participant, Turn } from "./turn.ts";
import { bytes_of, type Piece, read_part, slice_pieces } from "./turn_files/pieces.ts";
import { type Change, Preparation } from "./turn_files/preparation.ts";
import { cannot_be_there, describe, error_code, is_missing } from "./turn_files/problems.ts";

/**
 * Files whose changes belong to the turn: reading here shows what was written at once, and it is on the disk when the turn ends.
 * New content goes into a file beside the old one, `NAME~`, which is then renamed, so that a file is always either the old one or
 * the new one, whatever happens. Additions to a file are cut off again where the turn fails.
 */
export class TurnFiles implements Participant {
	private readonly changes = new Map<string, Change>();
	private readonly folders = new Set<string>();
	/** The stamp that a file on the disk had in its turn. */
	private readonly committed = new Cache<string, { disk: string; stamp: string }>(10_000);
	private stamps = 0;
	/** Files that take the place of others in this turn. */
	private readonly ready = new Set<string>();
	/** What was got ready for the commit. */
	private prepared: Preparation | undefined;
	/** Why the turn cannot be stored. */
	private trouble: string | undefined;
	private failures = 0;
	/** Renaming is the least likely to fail. */
	readonly commits_last = true;

	constructor(
		private readonly turn: Turn,
		private readonly disk: Disk = real_disk,
	) {}

	/** A stamp of a file's content: it changes whenever somebody has written the file. Undefined where there is no file. */
	stamp(path: string): Result<string | undefined, string> {
		const change = this.changes.get(path);
		if (change !== undefined) return ok(change.data === undefined ? undefined : change.stamp);
		try {
			const disk = this.disk_stamp(path);
			const known = this.committed.get(path);
			return ok(known?.disk === disk ? known.stamp : disk);
		} catch (error) {
			return cannot_be_there(error) ? ok(undefined) : this.failed(path, "cannot be read", error);
		}
	}

	/**
	 * Does something that writes, and may read for that. Where it fails because of the disk or of other resources of the system,
	 * the turn fails; other errors are for the caller.
	 */
	writing<T>(work: () => Result<T, string>): Result<T, string> {
		const before = this.failures;
		const result = work();
		if (!result.ok && this.failures > before) this.fail(result.error);
		return result;
	}

	private fail(text: string): void {
		this.trouble ??= text;
		this.turn.join(this);
	}

	/** How often the disk has failed so far. */
	get troubles(): number {
		return this.failures;
	}

	/** An error of the disk. */
	private failed(path: string, what: string, error: unknown): { ok: false; error: string } {
		// A wrong name is the caller's mistake
		if (error_code(error) !== "ENAMETOOLONG") this.failures++;
		return { ok: false, error: describe(path, what, error) };
	}

	private disk_stamp(path: string): string {
		const { ino, size, mtimeMs: mtime_ms, ctimeMs: ctime_ms } = statSync(path);
		return `${ino} ${size} ${mtime_ms} ${ctime_ms}`;
	}

	/** A file's content from a position on; undefined where there is no file. */
	read(path: string, start = 0): Result<Buffer | undefined, string> {
		const change = this.changes.get(path);
		if (change === undefined) return start === 0 ? this.read_disk(path) : this.read_range(path, start, undefined);
		if (change.data === undefined) return ok(undefined);
		return this.read_range(path, start, change.length - start);
	}

	private read_disk(path: string): Result<Buffer | undefined, string> {
		try {
			return ok(readFileSync(path));
		} catch (error) {
			return cannot_be_there(error) ? ok(undefined) : this.failed(path, "cannot be read", error);
		}
	}

	/** A part of a file; without a length, all of the rest. */
	read_range(path: string, start: number, length: number | undefined): Result<Buffer, string> {
		const change = this.changes.get(path);
		try {
			const end = length === undefined ? (change?.length ?? statSync(path).size) : start + length;
			const parts: Buffer[] = [];
			for (const piece of this.slice(path, start, end)) parts.push(Buffer.isBuffer(piece) ? piece : read_part(piece));
			const [only = Buffer.alloc(0)] = parts;
			return ok(parts.length > 1 ? Buffer.concat(parts) : only);
		} catch (error) {
			return this.failed(path, "cannot be read", error);
		}
	}

	/** What is between two places of a file, without reading what is on the disk. */
	slice(path: string, start: number, end: number): Piece[] {
		const change = this.changes.get(path);
		const kept = change === undefined ? Number.POSITIVE_INFINITY : (change.kept ?? 0);
		const pieces: Piece[] = [];
		if (start < kept && end > start) pieces.push({ path, start, length: Math.min(end, kept) - start });
		if (change?.data === undefined || end <= kept) return pieces;
		if (change.data.length > 1 && change.data.every((piece) => Buffer.isBuffer(piece))) {
			change.data = [Buffer.concat([...bytes_of(change.data)])];
		}
		pieces.push(...slice_pieces(change.data, Math.max(0, start - kept), end - kept));
		return pieces;
	}

	/** Gives a file new content. Where the folder cannot be written to, this is an error, and the turn is not affected. */
	write(path: string, data: Buffer): Result<void, string> {
		return this.write_pieces(path, [data]);
	}

	/** The same with content that may consist of parts of files, this one too. */
	write_pieces(path: string, data: Piece[]): Result<void, string> {
		const unusable = path_problem(path);
		if (unusable !== undefined) return failed(unusable);
		const problem = this.prepare_folder(path);
		if (problem !== undefined) {
			this.failures++;
			this.fail(problem);
			return failed(problem);
		}
		const length = data.reduce((sum, piece) => sum + piece.length, 0);
		this.change(path, { kept: undefined, data, length, durable: true });
		return ok(undefined);
	}

	/**
	 * Has a file that is on the disk already take the place of another one, with something behind it. Its own name goes when the turn is
	 * over, whether it could be stored or not.
	 */
	take_over(path: string, ready: { readonly path: string; readonly length: number }, rest: Buffer): Result<void, string> {
		this.ready.add(ready.path);
		return this.write_pieces(path, [{ ...ready, start: 0, is_ready: true }, rest]);
	}

	private drop_ready(): void {
		for (const path of this.ready) {
			try {
				this.disk.remove(path);
			} catch {
				// It is written anew, should it be needed again
			}
		}
		this.ready.clear();
	}

	/**
	 * Appends to a file, which is made where there is none; returns where that begins.
	 * @param durable false for what can be computed again: then nobody waits until it is on the disk
	 */
	append(path: string, data: Buffer, durable = true): Result<number, string> {
		const problem = this.prepare_folder(path);
		if (problem !== undefined) {
			this.failures++;
			this.fail(problem);
			return failed(problem);
		}
		const change = this.changes.get(path);
		if (change?.data !== undefined) {
			const start = change.length;
			change.data.push(data);
			change.length += data.length;
			change.stamp = this.new_stamp();
			return ok(start);
		}
		try {
			if (change !== undefined) return this.begin(path, data);
			const kept = statSync(path).size;
			this.change(path, { kept, data: [data], length: kept + data.length, durable });
			return ok(kept);
		} catch (error) {
			if (!cannot_be_there(error)) return this.failed(path, "cannot be written to", error);
			return this.begin(path, data);
		}
	}

	private begin(path: string, data: Buffer): Result<number, string> {
		const written = this.write(path, data);
		return written.ok ? ok(0) : written;
	}

	/** Removes a file, which may not be there. */
	remove(path: string): void {
		this.change(path, { kept: undefined, data: undefined, length: 0, durable: true });
	}

	private change(path: string, change: Omit<Change, "stamp">): void {
		this.changes.set(path, { ...change, stamp: this.new_stamp() });
		this.turn.join(this);
	}

	private new_stamp(): string {
		this.stamps++;
		return `turn ${this.stamps}`;
	}

	/** How long a file is; undefined where there is none. */
	size(path: string): number | undefined {
		const change = this.changes.get(path);
		if (change !== undefined) return change.data === undefined ? undefined : change.length;
		return statSync(path, { throwIfNoEntry: false })?.size;
	}

	/** The names in a folder; none where there is no folder. */
	names(folder: string): Result<string[], string> {
		const names = new Set<string>();
		try {
			for (const name of readdirSync(folder)) names.add(name);
		} catch (error) {
			if (!cannot_be_there(error)) return this.failed(folder, "cannot be listed", error);
		}
		for (const [path, change] of this.changes) {
			if (dirname(path) !== folder) continue;
			const name = path.slice(folder.length + 1);
			if (change.data === undefined) names.delete(name);
			else names.add(name);
		}
		return ok([...names]);
	}

	is_folder(path: string): boolean {
		return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
	}

	/** Why nothing can be kept in a folder; undefined where it can, and where the folder does not exist yet. */
	folder_problem(folder: string): string | undefined {
		try {
			if (!statSync(folder).isDirectory()) return `${folder} is a file: expected a folder`;
			accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
			return undefined;
		} catch (error) {
			return is_missing(error) ? undefined : describe(folder, "files cannot be kept in this folder", error);
		}
	}

	/** Makes sure that a file can be kept in its place; returns why not. */
	private prepare_folder(path: string): string | undefined {
		const folder = dirname(path);
		if (this.folders.has(folder)) return undefined;
		try {
			make_folder(folder);
			accessSync(folder, constants.W_OK | constants.X_OK);
			this.folders.add(folder);
			return undefined;
		} catch (error) {
			const reason = error_code(error) === "EEXIST" ? "there is a file of that name" : undefined;
			const what = "files cannot be kept in this folder";
			return reason === undefined ? describe(folder, what, error) : `${folder}: ${what} (${reason})`;
		}
	}

	prepare(): string | undefined {
		if (this.trouble !== undefined) throw new Error(this.trouble);
		if (this.prepared?.stamps === this.stamps) return undefined;
		this.prepared?.take_back();
		this.prepared = new Preparation(this.disk, this.changes, this.stamps);
		this.prepared.write();
		return undefined;
	}

	commit(): void {
		this.prepare();
		this.prepared?.finish();
		this.prepared = undefined;
		// Before the stamps are taken, since that changes them
		this.drop_ready();
		for (const [path, { data, stamp }] of this.changes) {
			this.committed.set(path, data === undefined ? undefined : { disk: this.disk_stamp(path), stamp });
		}
		this.changes.clear();
	}

	rollback(): void {
		this.prepared?.take_back();
		this.prepared = undefined;
		this.trouble = undefined;
		this.changes.clear();
		this.folders.clear();
		this.drop_ready();
	}
}
