// Counterpart: strerror(3): what goes wrong with files as C says it, which modules compare and show.

import type { TValue } from "../vm/fengari.ts";
import { nil, number_value, string_value } from "../vm/live_table.ts";

const messages: { readonly [code: string]: string } = {
	EPERM: "Operation not permitted",
	ENOENT: "No such file or directory",
	EINTR: "Interrupted system call",
	EIO: "Input/output error",
	ENXIO: "No such device or address",
	EBADF: "Bad file descriptor",
	EAGAIN: "Resource temporarily unavailable",
	ENOMEM: "Cannot allocate memory",
	EACCES: "Permission denied",
	EBUSY: "Device or resource busy",
	EEXIST: "File exists",
	EXDEV: "Invalid cross-device link",
	ENODEV: "No such device",
	ENOTDIR: "Not a directory",
	EISDIR: "Is a directory",
	EINVAL: "Invalid argument",
	ENFILE: "Too many open files in system",
	EMFILE: "Too many open files",
	ETXTBSY: "Text file busy",
	EFBIG: "File too large",
	ENOSPC: "No space left on device",
	ESPIPE: "Illegal seek",
	EROFS: "Read-only file system",
	EMLINK: "Too many links",
	EPIPE: "Broken pipe",
	ENAMETOOLONG: "File name too long",
	ENOSYS: "Function not implemented",
	ENOTEMPTY: "Directory not empty",
	ELOOP: "Too many levels of symbolic links",
	EDQUOT: "Disk quota exceeded",
};

/** What went wrong in a call of the system, with its number. */
export interface SystemError {
	readonly message: string;
	readonly number: number;
}

/** What an exception of Node's file functions stands for; anything else is thrown on. */
export function system_error(error: unknown): SystemError {
	if (!(error instanceof Error) || !("code" in error) || typeof error.code !== "string") throw error;
	const number = "errno" in error && typeof error.errno === "number" ? Math.abs(error.errno) : 22;
	return { message: messages[error.code] ?? error.message, number };
}

/** nil, why, and the number of the error, as Lua's libraries answer; `what` stands before the reason. */
export function failure(error: unknown, what?: string): readonly TValue[] {
	const { message, number } = system_error(error);
	return [nil, string_value(what === undefined ? message : `${what}: ${message}`), number_value(number)];
}

/** Runs something that may fail in the system; see {@link failure}. */
export function attempt(
	what: string | undefined,
	run: () => TValue | readonly TValue[] | undefined,
): TValue | readonly TValue[] | undefined {
	try {
		return run();
	} catch (error) {
		return failure(error, what);
	}
}

/** A path as the system takes it: bytes, which end where C's strings do. */
export function path_of(bytes: Buffer): Buffer {
	const end = bytes.indexOf(0);
	return end < 0 ? bytes : bytes.subarray(0, end);
}
