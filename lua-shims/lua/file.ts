// Counterpart: C's FILE: a file that is read and written through buffers, synchronously.

import { randomBytes } from "node:crypto";
import { closeSync, fstatSync, openSync, readSync, unlinkSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { max_length } from "../vm/opcodes.ts";

const chunk_size = 16_384;
/** Written data are passed on when there is this much. */
const write_buffer_size = 65_536;
const newline = 10;
const no_bytes = Buffer.alloc(0);
const max_numeral_length = 200;

/** Reading a file that was opened for writing, or the other way round. */
function wrong_way(): Error {
	return Object.assign(new Error("bad file descriptor"), { code: "EBADF", errno: -9 });
}

/** Opens a new file that has no name, for reading and writing, which is gone when it is closed. */
export function open_nameless(): number {
	const path = join(tmpdir(), `lua_${randomBytes(9).toString("base64url")}`);
	const fd = openSync(path, "wx+", 0o600);
	unlinkSync(path);
	return fd;
}

/** A file that is open. Its methods throw the errors of Node's file functions. */
export class OpenFile {
	/** Where the next bytes are read from or written to; null where the system keeps count, as of a pipe. */
	private position: number | null;
	/** What was read from the file but not yet from this. */
	private unread: Buffer = no_bytes;
	private pending: Buffer[] = [];
	private pending_size = 0;
	/** Whether what is written goes out at once. */
	unbuffered = false;
	closed = false;
	private readonly appends: boolean;
	private readonly readable: boolean;
	private readonly writable: boolean;

	/** @param flags how it was opened, such as `r+` */
	constructor(
		private readonly fd: number,
		flags: string,
	) {
		this.appends = flags.startsWith("a");
		this.readable = flags.startsWith("r") || flags.includes("+");
		this.writable = flags !== "r";
		this.position = fstatSync(fd).isFile() ? 0 : null;
	}

	/** Opens a file in one of C's modes, such as `r+b`. */
	static open(path: Buffer, mode: string): OpenFile {
		const flags = mode.replaceAll("b", "");
		return new OpenFile(openSync(path, flags, 0o666), flags);
	}

	private fill(size = chunk_size): boolean {
		if (!this.readable) throw wrong_way();
		this.flush();
		const chunk = Buffer.allocUnsafe(size);
		const count = readSync(this.fd, chunk, 0, size, this.position);
		if (count === 0) return false;
		if (this.position !== null) this.position += count;
		const read = chunk.subarray(0, count);
		this.unread = this.unread.length === 0 ? read : Buffer.concat([this.unread, read]);
		return true;
	}

	private take(count: number): Buffer {
		const taken = this.unread.subarray(0, count);
		this.unread = this.unread.subarray(count);
		return taken;
	}

	/** At most so many bytes; undefined at the end. Asking for 0 bytes gives empty text before the end. */
	read(count: number): Buffer | undefined {
		if (count === 0) return this.unread.length > 0 || this.fill() ? no_bytes : undefined;
		while (this.unread.length < count) {
			if (!this.fill(Math.max(chunk_size, Math.min(count - this.unread.length, 2 ** 24)))) break;
		}
		return this.unread.length === 0 ? undefined : this.take(count);
	}

	/** All of the rest. */
	read_all(): Buffer {
		const parts: Buffer[] = [this.unread];
		let length = this.unread.length;
		this.unread = no_bytes;
		while (this.fill(write_buffer_size)) {
			length += this.unread.length;
			// devices have no end
			if (length > max_length) throw new RangeError("not enough memory");
			parts.push(this.unread);
			this.unread = no_bytes;
		}
		return Buffer.concat(parts);
	}

	/** The next line, with or without its end; undefined at the end of the file. */
	read_line(with_end: boolean): Buffer | undefined {
		let searched = 0;
		for (;;) {
			const end = this.unread.indexOf(newline, searched);
			if (end >= 0) {
				const line = this.take(end + 1);
				return with_end ? line : line.subarray(0, end);
			}
			searched = this.unread.length;
			if (!this.fill()) return searched === 0 ? undefined : this.take(searched);
		}
	}

	private peek(): string {
		return this.unread.length > 0 || this.fill() ? String.fromCharCode(this.unread[0] ?? 0) : "";
	}

	/** The longest beginning of a numeral, after blanks, as Lua reads one; what cannot be part of it stays. */
	read_numeral(): string {
		while (/^[ \t\n\v\f\r]$/.test(this.peek())) this.take(1);
		let text = "";
		const accept = (set: string): boolean => {
			const next = this.peek();
			if (next === "" || !set.includes(next) || text.length >= max_numeral_length) return false;
			text += next;
			this.take(1);
			return true;
		};
		const digits = (set: string): number => {
			let count = 0;
			while (accept(set)) count++;
			return count;
		};
		accept("+-");
		let count = 0;
		let hexadecimal = false;
		if (accept("0")) {
			if (accept("xX")) hexadecimal = true;
			else count = 1;
		}
		const set = hexadecimal ? "0123456789abcdefABCDEF" : "0123456789";
		count += digits(set);
		if (accept(".")) count += digits(set);
		if (count > 0 && accept(hexadecimal ? "pP" : "eE")) {
			accept("+-");
			digits("0123456789");
		}
		return text;
	}

	/** Writes bytes, which may change afterwards. */
	write(bytes: Buffer): void {
		if (!this.writable) throw wrong_way();
		if (this.unread.length > 0) {
			if (this.position !== null) this.position -= this.unread.length;
			this.unread = no_bytes;
		}
		this.pending.push(Buffer.from(bytes));
		this.pending_size += bytes.length;
		if (this.unbuffered || this.pending_size >= write_buffer_size) this.flush();
	}

	/** Passes written data to the system. */
	flush(): void {
		if (this.pending_size === 0) return;
		const bytes = this.pending.length === 1 && this.pending[0] ? this.pending[0] : Buffer.concat(this.pending);
		this.pending = [];
		this.pending_size = 0;
		for (let done = 0; done < bytes.length; ) {
			const count = writeSync(this.fd, bytes, done, bytes.length - done, this.appends ? null : this.position);
			done += count;
			if (this.position !== null) this.position += count;
		}
		if (this.appends && this.position !== null) this.position = fstatSync(this.fd).size;
	}

	/** Changes the position; returns the new one. */
	seek(whence: "set" | "cur" | "end", offset: number): number {
		this.flush();
		if (this.position === null) throw Object.assign(new Error("illegal seek"), { code: "ESPIPE", errno: -29 });
		const start = whence === "set" ? 0 : whence === "end" ? fstatSync(this.fd).size : this.position - this.unread.length;
		if (start + offset < 0) throw Object.assign(new Error("invalid argument"), { code: "EINVAL", errno: -22 });
		this.position = start + offset;
		this.unread = no_bytes;
		return this.position;
	}

	/** Closes the file; written data are passed on before. */
	close(): void {
		this.closed = true;
		try {
			this.flush();
		} finally {
			closeSync(this.fd);
		}
	}
}
