// Counterpart: util/datamanager.lua (encode, decode, store_encode), and what file systems make of the names

import { statSync } from "node:fs";
import { bytes_of, text_of } from "./byte_text.ts";

/** A name as part of a path: all but letters and digits of ASCII as `%2e`. */
export function path_encode(name: string): string {
	return percent_encode(name, /[^A-Za-z0-9]/g);
}

/** A store's name as part of a path, in which `_` stays. */
export function store_encode(name: string): string {
	return percent_encode(name, /[^A-Za-z0-9_]/g);
}

function percent_encode(name: string, special: RegExp): string {
	const bytes = bytes_of(name).toString("latin1");
	return bytes.replace(special, (byte) => `%${byte.charCodeAt(0).toString(16).padStart(2, "0")}`);
}

/** The name that a part of a path is made from. */
export function path_decode(part: string): string {
	const bytes = bytes_of(part).toString("latin1");
	const decoded = bytes.replace(/%([0-9a-fA-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
	return text_of(Buffer.from(decoded, "latin1"));
}

/** The longest name that nearly all file systems allow, in bytes. */
const longest_name = 255;
/** Every file system allows names of up to this many bytes. */
const short_name = 128;
/** The longest suffix that is added to a file's name, except for rests of lists. */
const longest_ending = "~".length;

/** Why no file can have a path, in words; undefined where one can. */
export function path_problem(path: string): string | undefined {
	const longest = Math.max(...path.split("/").map((part) => Buffer.byteLength(part))) + longest_ending;
	const too_long = `${path}: a part of it would be longer than a name of files may be`;
	if (longest > longest_name) return too_long;
	if (longest <= short_name) return undefined;
	try {
		statSync(`${path}~`, { throwIfNoEntry: false });
		return undefined;
	} catch (error) {
		return error instanceof Error && "code" in error && error.code === "ENAMETOOLONG" ? too_long : undefined;
	}
}
