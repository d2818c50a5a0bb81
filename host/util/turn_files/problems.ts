// No counterpart: Prosody passes on what the system says.

/** The system's code for an error, such as ENOENT. */
export function error_code(error: unknown): string {
	if (error instanceof Error) return "code" in error ? String(error.code) : error.message;
	return String(error);
}

/** Whether there is no such file. */
export function is_missing(error: unknown): boolean {
	return error_code(error) === "ENOENT";
}

/** Whether a file cannot be there: also where no file can have such a name. */
export function cannot_be_there(error: unknown): boolean {
	return is_missing(error) || error_code(error) === "ENAMETOOLONG";
}

const reasons: { readonly [code: string]: string } = {
	ENOSPC: "the disk is full",
	EDQUOT: "the disk quota is used up",
	EROFS: "the disk can only be read",
	EACCES: "this user may not do that",
	EPERM: "this user may not do that",
	EIO: "the disk reports an error",
	ENOTDIR: "a part of its path is no folder",
	EISDIR: "it is a folder: expected a file",
	EMFILE: "this process has too many files and connections open",
	ENFILE: "the system has too many files and connections open",
	ENAMETOOLONG: "its name is too long",
};

/** An error of the disk as one line that names the file. */
export function describe(path: string, what: string, error: unknown): string {
	const code = error_code(error);
	const reason = reasons[code];
	return `${path}: ${what} (${reason === undefined ? code : `${reason}, ${code}`})`;
}
