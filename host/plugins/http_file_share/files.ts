// Counterpart: plugins/mod_http_file_share.lua (where files lie, as util/datamanager.lua has it)

import { closeSync, existsSync, fsync, mkdirSync, openSync, renameSync, rmSync, unlink, writeSync } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { promisify } from "node:util";
import type { BodySink, Log } from "../../core/types.ts";
import { path_encode } from "../../util/file_names.ts";
import { short as new_id } from "../../util/id.ts";

const flush = promisify(fsync);
const remove = promisify(unlink);
/** What a crash has left of uploads is removed after this time, in milliseconds. */
const rest_time = 86_400_000;

function has_code(error: unknown, code: string): boolean {
	return error instanceof Error && "code" in error && error.code === code;
}

/** A file that is being uploaded, beside the place that it will have. */
export class Incoming implements BodySink {
	private size = 0;
	private is_open = true;

	private constructor(
		private readonly file: number,
		private readonly part: string,
		private readonly path: string,
		private readonly expected: number,
		private readonly ended: (incoming: Incoming) => void,
	) {}

	/** Throws where no file can be written there. */
	static open(path: string, expected: number, ended: (incoming: Incoming) => void): Incoming {
		const part = `${path}~${new_id()}`;
		return new Incoming(openSync(part, "wx"), part, path, expected, ended);
	}

	/** False where that is more than was announced, so that nobody fills the disk, and where nobody waits for it any more. */
	write(chunk: Buffer): boolean {
		if (!this.is_open) return false;
		this.size += chunk.length;
		if (this.size > this.expected) return false;
		for (let written = 0; written < chunk.length; ) written += writeSync(this.file, chunk, written);
		return true;
	}

	/** Gives the file its name once it is on the disk. `"size"` where it has another size than was announced; throws where it fails. */
	async finish(): Promise<"done" | "size" | "exists"> {
		if (this.size !== this.expected) {
			this.discard();
			return "size";
		}
		await flush(this.file);
		if (!this.is_open) return "size";
		this.close();
		try {
			if (existsSync(this.path)) return "exists";
			renameSync(this.part, this.path);
			return "done";
		} finally {
			rmSync(this.part, { force: true });
		}
	}

	/** The client is gone, or something is wrong. */
	discard(): void {
		if (!this.is_open) return;
		this.close();
		rmSync(this.part, { force: true });
	}

	private close(): void {
		this.is_open = false;
		this.ended(this);
		closeSync(this.file);
	}
}

/** The files of one host. */
export class Files {
	private readonly folder: string;
	private readonly incoming = new Set<Incoming>();

	/** @param data_path the server's data folder */
	constructor(data_path: string, host: string) {
		this.folder = `${data_path}/${path_encode(host)}/http_file_share`;
	}

	path_of(slot: string): string {
		return `${this.folder}/${path_encode(slot)}.bin`;
	}

	has(slot: string): boolean {
		return existsSync(this.path_of(slot));
	}

	/** Throws where no file can be written. */
	receive(slot: string, expected: number): Incoming {
		mkdirSync(this.folder, { recursive: true });
		const incoming = Incoming.open(this.path_of(slot), expected, (ended) => void this.incoming.delete(ended));
		this.incoming.add(incoming);
		return incoming;
	}

	/** Cuts off what is being uploaded, since nobody will be there to finish it. */
	close(): void {
		for (const incoming of [...this.incoming]) incoming.discard();
	}

	/** Removes a file, or sees that it is gone already; answers with what is in the way. */
	async remove(slot: string): Promise<string | undefined> {
		try {
			await remove(this.path_of(slot));
			return undefined;
		} catch (error) {
			if (has_code(error, "ENOENT")) return undefined;
			return error instanceof Error ? error.message : String(error);
		}
	}

	/** The size of a file; undefined where there is none. */
	async size(slot: string): Promise<number | undefined> {
		try {
			return (await stat(this.path_of(slot))).size;
		} catch {
			return undefined;
		}
	}

	/**
	 * Removes what is left of uploads that a crash has cut off.
	 * @param end whole files from before that time go, too, in seconds since 1970
	 */
	async sweep(log: Log, end = 0): Promise<void> {
		const names = await readdir(this.folder).catch(() => []);
		for (const name of names) {
			// Prosody's have nothing behind the `~`
			const is_rest = /\.bin~[\w-]*$/.test(name);
			if (!(is_rest || (end > 0 && name.endsWith(".bin")))) continue;
			const path = `${this.folder}/${name}`;
			const found = await stat(path).catch(() => undefined);
			if (found === undefined || (is_rest ? Date.now() - found.mtimeMs < rest_time : found.mtimeMs >= end * 1000)) continue;
			await remove(path).then(
				() => log("info", is_rest ? "Removed the rest of an upload that was cut off: %s" : "Removed an expired file: %s", path),
				(error: unknown) => log("warn", "Could not remove the rest of an upload: %s", error),
			);
		}
	}
}
