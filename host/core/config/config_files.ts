// Counterpart: core/configmanager.lua (its file access) and util/paths.lua (glob_to_pattern)
import { closeSync, constants, fstatSync, openSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { failed, ok, type Result } from "../../util/error.ts";

const reasons: ReadonlyMap<string, string> = new Map([
	["ENOENT", "no such file"],
	["ENOTDIR", "no such file"],
	["EACCES", "permission denied"],
	["EPERM", "permission denied"],
	["ELOOP", "its symbolic links go round in a circle"],
	["EMFILE", "too many files are open"],
]);

/** The words for a system error. */
function reason(problem: unknown): string {
	if (!(problem instanceof Error)) return String(problem);
	const code = "code" in problem && typeof problem.code === "string" ? problem.code : "";
	return reasons.get(code) ?? problem.message;
}

/** The bytes of a regular file that is not larger than the limit; otherwise what is wrong, in words that follow the file's name. */
export function read_limited(path: string, maximum_bytes: number): Result<Buffer, string> {
	if (path.includes("\0")) return failed("the name holds a zero byte");
	let descriptor: number | undefined;
	try {
		// Non-blocking, since opening a named pipe would otherwise wait for its writer.
		descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
		const found = fstatSync(descriptor);
		if (found.isDirectory()) return failed("is a directory; expected a file");
		if (!found.isFile()) return failed("is not a regular file");
		if (found.size > maximum_bytes) return failed(`is larger than ${maximum_bytes} bytes`);
		return ok(readFileSync(descriptor));
	} catch (problem) {
		return failed(reason(problem));
	} finally {
		if (descriptor !== undefined) closeSync(descriptor);
	}
}

/** Whether a name is a pattern. */
export function is_glob(name: string): boolean {
	return /[*?]/.test(name);
}

function glob_to_pattern(glob: string): RegExp {
	const escaped = glob.replace(/[\\^$.|+()[\]{}*?]/g, (character) => {
		if (character === "*") return ".*";
		return character === "?" ? "." : `\\${character}`;
	});
	return new RegExp(`^${escaped}$`, "s");
}

/**
 * The files that match a pattern. Wildcards may only be in its last part, and hidden files never match. Sorted by name (Prosody
 * takes them in the order the file system has them, which differs from machine to machine).
 */
export function expand_glob(path: string): Result<string[], string> {
	const directory = dirname(path);
	if (is_glob(directory)) return failed("wildcards are understood in the last part of a path only");
	const pattern = glob_to_pattern(basename(path));
	try {
		const names = readdirSync(directory).filter((name) => !name.startsWith(".") && pattern.test(name));
		return ok(names.sort().map((name) => join(directory, name)));
	} catch (problem) {
		const why = reason(problem);
		return failed(`cannot list ${directory}: ${why === "no such file" ? "no such directory" : why}`);
	}
}
