// Counterpart: LuaFileSystem (lfs.c, version 1.8)

import {
	linkSync,
	lstatSync,
	mkdirSync,
	readdirSync,
	readlinkSync,
	rmdirSync,
	type Stats,
	statSync,
	symlinkSync,
	unlinkSync,
	utimesSync,
	writeFileSync,
} from "node:fs";
import type { LuaContext } from "../context.ts";
import { attempt, path_of, system_error } from "../lua/system_error.ts";
import {
	type Arguments,
	bad_argument,
	boolean_value,
	buffer_value,
	bytes_at,
	is_string,
	is_true,
	kept,
	make_library,
	optional_number_at,
	optional_text_at,
	text_at,
} from "../vm/arguments.ts";
import { TValue } from "../vm/fengari.ts";
import { nil, number_value, string_value, tags, text_of_string } from "../vm/live_table.ts";
import { text_of } from "../vm/text.ts";

type Answer = readonly TValue[] | TValue | undefined;

function mode_of(stats: Stats): string {
	if (stats.isFile()) return "file";
	if (stats.isDirectory()) return "directory";
	if (stats.isSymbolicLink()) return "link";
	if (stats.isSocket()) return "socket";
	if (stats.isFIFO()) return "named pipe";
	if (stats.isCharacterDevice()) return "char device";
	return stats.isBlockDevice() ? "block device" : "other";
}

function permissions_of({ mode }: Stats): string {
	return [..."rwxrwxrwx"].map((letter, index) => ((mode >> (8 - index)) & 1 ? letter : "-")).join("");
}

const seconds = (milliseconds: number): TValue => number_value(Math.floor(milliseconds / 1000));

const attributes: { readonly [name: string]: (stats: Stats) => TValue } = {
	mode: (stats) => string_value(mode_of(stats)),
	dev: ({ dev }) => number_value(dev),
	ino: ({ ino }) => number_value(ino),
	nlink: ({ nlink }) => number_value(nlink),
	uid: ({ uid }) => number_value(uid),
	gid: ({ gid }) => number_value(gid),
	rdev: ({ rdev }) => number_value(rdev),
	access: ({ atimeMs: atime_ms }) => seconds(atime_ms),
	modification: ({ mtimeMs: mtime_ms }) => seconds(mtime_ms),
	change: ({ ctimeMs: ctime_ms }) => seconds(ctime_ms),
	size: ({ size }) => number_value(size),
	permissions: (stats) => string_value(permissions_of(stats)),
	blocks: ({ blocks }) => number_value(blocks),
	blksize: ({ blksize }) => number_value(blksize),
};

/** `lfs`. The working folder belongs to the whole server and cannot be changed. */
export function lfs_library(host: LuaContext): TValue {
	const { vm } = host;

	/** What is known about a file: one attribute, or all in a table. */
	function describe(args: Arguments, name: string, find: (path: Buffer) => Stats, of_link: boolean): Answer {
		const path = path_of(bytes_at(args, 1, name));
		let stats: Stats;
		try {
			stats = find(path);
		} catch (error) {
			const { message, number } = system_error(error);
			return [nil, string_value(`cannot obtain information from file '${text_of(path)}': ${message}`), number_value(number)];
		}
		const [, wanted] = args;
		const target = (): TValue => buffer_value(Uint8Array.from(readlinkSync(path, { encoding: "buffer" })));
		if (is_string(wanted)) {
			const attribute = text_of_string(wanted);
			if (of_link && attribute === "target") return stats.isSymbolicLink() ? target() : nil;
			const show = Object.hasOwn(attributes, attribute) ? attributes[attribute] : undefined;
			if (!show) throw new Error(`invalid attribute name '${attribute}'`);
			return show(stats);
		}
		const table = wanted?.type === tags.table ? kept(wanted) : new TValue(tags.table, vm.new_table());
		for (const attribute in attributes) {
			const show = attributes[attribute];
			if (show) vm.set_index(table, string_value(attribute), show(stats));
		}
		if (of_link && stats.isSymbolicLink()) vm.set_index(table, string_value("target"), target());
		return table;
	}

	function change(args: Arguments, name: string, run: (path: Buffer) => void): Answer {
		return attempt(undefined, () => {
			run(path_of(bytes_at(args, 1, name)));
			return boolean_value(true);
		});
	}

	/** The names in a folder: an iterator, and an object with which it can be ended early. */
	function dir(args: Arguments): Answer {
		const path = path_of(bytes_at(args, 1, "dir"));
		let left: Buffer[] | undefined;
		try {
			left = [Buffer.from("."), Buffer.from(".."), ...readdirSync(path, { encoding: "buffer" })];
		} catch (error) {
			throw new Error(`cannot open ${text_of(path)}: ${system_error(error).message}`);
		}
		const next = (): Answer => {
			if (left === undefined) throw new Error("closed directory");
			const name = left.shift();
			if (name !== undefined) return buffer_value(Uint8Array.from(name));
			left = undefined;
			return nil;
		};
		const close = (): undefined => {
			left = undefined;
			return undefined;
		};
		const folder = make_library(host.vm, { next, close });
		(folder.value as { metatable: unknown }).metatable = make_library(host.vm, { __close: close }).value;
		return [vm.native(next), folder, nil, folder];
	}

	function touch(args: Arguments): Answer {
		const now = Date.now() / 1000;
		const access = optional_number_at(args, 2, "touch", now);
		const modification = optional_number_at(args, 3, "touch", access);
		return change(args, "touch", (path) => utimesSync(path, access, modification));
	}

	function link(args: Arguments): Answer {
		const target = path_of(bytes_at(args, 1, "link"));
		const path = path_of(bytes_at(args, 2, "link"));
		return change(args, "link", () => (is_true(args[2]) ? symlinkSync(target, path) : linkSync(target, path)));
	}

	/** A lock of a folder: a file that exists as long as the lock is held. */
	function lock_dir(args: Arguments): Answer {
		const path = `${text_at(args, 1, "lock_dir")}/lockfile.lfs`;
		try {
			writeFileSync(path, String(process.pid), { flag: "wx" });
		} catch (error) {
			const { message } = system_error(error);
			return [nil, string_value(message)];
		}
		return make_library(host.vm, {
			free() {
				unlinkSync(path);
				return undefined;
			},
		});
	}

	function setmode(args: Arguments): Answer {
		const mode = optional_text_at(args, 2, "setmode") ?? "binary";
		if (mode !== "binary" && mode !== "text") throw bad_argument(2, "setmode", `invalid option '${mode}'`);
		return [boolean_value(true), string_value("binary")];
	}

	/** File locks are only for other programs, and no other program shares files with a module. */
	const lock = (): Answer => boolean_value(true);

	return make_library(host.vm, {
		attributes: (args) => describe(args, "attributes", (path) => statSync(path), false),
		symlinkattributes: (args) => describe(args, "symlinkattributes", (path) => lstatSync(path), true),
		dir,
		mkdir: (args) => change(args, "mkdir", (path) => mkdirSync(path, 0o775)),
		rmdir: (args) => change(args, "rmdir", (path) => rmdirSync(path)),
		currentdir: () => string_value(process.cwd()),
		chdir: (args) => [
			nil,
			string_value(`Unable to change working directory to '${text_at(args, 1, "chdir")}': it is that of the whole server`),
		],
		touch,
		link,
		lock_dir,
		setmode,
		lock,
		unlock: lock,
		_VERSION: string_value("LuaFileSystem 1.8.0"),
		_COPYRIGHT: string_value(""),
	});
}
