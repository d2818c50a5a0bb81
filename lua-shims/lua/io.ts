// Counterpart: Lua's liolib.c

import type { LuaContext } from "../context.ts";
import {
	type Arguments,
	bad_argument,
	boolean_value,
	buffer_value,
	bytes_at,
	is_none,
	is_string,
	kept,
	make_library,
	number_at,
	numeral_value,
	optional_integer_at,
	optional_text_at,
	text_at,
	type_name,
} from "../vm/arguments.ts";
import { type Table, TValue, Udata } from "../vm/fengari.ts";
import { nil, number_value, string_value, tags } from "../vm/live_table.ts";
import { float_text } from "../vm/number_text.ts";
import { text_of } from "../vm/text.ts";
import type { LuaThread, NativeFunction } from "../vm/vm.ts";
import { OpenFile, open_nameless } from "./file.ts";
import { run_command } from "./process.ts";
import { attempt, failure, path_of, system_error } from "./system_error.ts";

type Answer = readonly TValue[] | TValue | undefined;

/** What lies behind a Lua file: a file, or a line-by-line way into the log. */
interface Stream {
	/** Undefined for the standard streams. */
	readonly file: OpenFile | undefined;
	/** What closing returns, where that is not true. */
	readonly closed?: () => readonly TValue[];
	/** Receives what is written to a standard stream. */
	readonly log?: (text: string) => void;
	partial: string;
}

const refused_popen: readonly TValue[] = [
	nil,
	string_value("io.popen is not offered to modules: it would run another program"),
	number_value(38),
];

const valid_mode = /^[rwa]\+?b*$/;
const whences = ["set", "cur", "end"] as const;

/** Numbers as `%d` and `%.14g` write them. */
function written(args: Arguments, index: number, name: string): Buffer {
	const value = args[index - 1];
	if (value?.type === tags.float) {
		return Buffer.from(float_text("g", Number(value.value), { flags: "", width: -1, precision: 14 }));
	}
	return bytes_at(args, index, name);
}

/** `io`: files of the system; the standard streams are the server's log, and there is nothing to read from its input. */
export function io_library(host: LuaContext): TValue {
	const { vm, server } = host;
	const streams = new WeakMap<object, Stream>();
	const open_files = new Set<OpenFile>();
	const metatable: Table = vm.new_table();
	// A file that is no longer reachable is closed after its data are written, as by Lua's garbage collector.
	const forgotten = new FinalizationRegistry<OpenFile>(close_quietly);

	function close_quietly(file: OpenFile): void {
		open_files.delete(file);
		if (file.closed) return;
		try {
			file.close();
		} catch (error) {
			server.logger("io")("error", "A file could not be written: %s", system_error(error).message);
		}
	}

	server.events.add_handler("server-stopped", () => {
		for (const file of open_files) close_quietly(file);
		return undefined;
	});

	function file_value(L: LuaThread, stream: Stream): TValue {
		const userdata = new Udata(L, 0);
		userdata.metatable = metatable;
		streams.set(userdata, stream);
		if (stream.file) {
			open_files.add(stream.file);
			forgotten.register(userdata, stream.file);
		}
		return new TValue(tags.userdata, userdata);
	}

	function stream_of(value: TValue | undefined): Stream | undefined {
		return typeof value?.value === "object" && value.value !== null ? streams.get(value.value) : undefined;
	}

	/** The stream of a file that has to be open. */
	function open_stream(args: Arguments, name: string): Stream {
		const stream = stream_of(args[0]);
		if (!stream) throw bad_argument(1, name, `FILE* expected, got ${type_name(args[0])}`);
		if (stream.file?.closed) throw new Error("attempt to use a closed file");
		return stream;
	}

	function standard(name: string, level: "info" | "warn"): Stream {
		return { file: undefined, log: (text) => server.logger(name)(level, "%s", text), partial: "" };
	}

	// ------------------------------------------------------------------------------------------------- reading and writing

	function read_one(file: OpenFile, args: Arguments, index: number, name: string): TValue | undefined {
		const format = args[index - 1];
		if (format !== undefined && !is_string(format) && typeof format.value === "number") {
			const bytes = file.read(Math.max(0, number_at(args, index, name)));
			return bytes === undefined ? undefined : buffer_value(Uint8Array.from(bytes));
		}
		switch (text_at(args, index, name).replace(/^\*/, "").charAt(0)) {
			case "n":
				return numeral_value(file.read_numeral());
			case "l":
			case "L": {
				const line = file.read_line(text_at(args, index, name).replace(/^\*/, "").startsWith("L"));
				return line === undefined ? undefined : buffer_value(Uint8Array.from(line));
			}
			case "a":
				return buffer_value(Uint8Array.from(file.read_all()));
			default:
				throw bad_argument(index, name, "invalid format");
		}
	}

	/** Reads by the formats from an argument on; a line where there are none. What cannot be read is nil, and the last result. */
	function read(stream: Stream, args: Arguments, from: number, name: string): Answer {
		const formats = args.length < from ? [...args, string_value("l")] : args;
		const results: TValue[] = [];
		for (let index = Math.min(from, formats.length); index <= formats.length; index++) {
			const result = stream.file ? read_one(stream.file, formats, index, name) : undefined;
			results.push(result ?? nil);
			if (result === undefined) break;
		}
		return results;
	}

	function write(stream: Stream, args: Arguments, from: number, file: TValue, name: string): Answer {
		return attempt(undefined, () => {
			for (let index = from; index <= args.length; index++) {
				const bytes = written(args, index, name);
				if (stream.file) stream.file.write(bytes);
				else if (stream.log) {
					const lines = (stream.partial + text_of(bytes)).split("\n");
					stream.partial = lines.pop() ?? "";
					for (const line of lines) stream.log(line);
				}
			}
			return file;
		});
	}

	function close(stream: Stream): Answer {
		const { file } = stream;
		if (!file) return [nil, string_value("cannot close standard file")];
		open_files.delete(file);
		return attempt(undefined, () => {
			file.close();
			return stream.closed?.() ?? boolean_value(true);
		});
	}

	/** An iterator that reads by formats; one that ends closes the file where it was opened for it. */
	function lines(stream: Stream, formats: Arguments, closes: boolean): TValue {
		const kept_formats = formats.map(kept);
		return vm.native(() => {
			if (stream.file?.closed) throw new Error("file is already closed");
			let results: Answer;
			try {
				results = read(stream, kept_formats, 1, "lines");
			} catch (error) {
				throw new Error(system_error(error).message);
			}
			if (closes && Array.isArray(results) && results[0]?.ttisnil() === true) close(stream);
			return results;
		});
	}

	function flush(args: Arguments): Answer {
		const { file } = open_stream(args, "flush");
		return attempt(undefined, () => {
			file?.flush();
			return boolean_value(true);
		});
	}

	const methods: { [name: string]: NativeFunction } = {
		read: (args) => attempt(undefined, () => read(open_stream(args, "read"), args, 2, "read")),
		write: (args) => write(open_stream(args, "write"), args, 2, kept(args[0]), "write"),
		lines: (args) => lines(open_stream(args, "lines"), args.slice(1), false),
		close: (args) => close(open_stream(args, "close")),
		flush,
		seek(args) {
			const { file } = open_stream(args, "seek");
			const named = optional_text_at(args, 2, "seek") ?? "cur";
			const whence = whences.find((known) => known === named);
			if (whence === undefined) throw bad_argument(2, "seek", `invalid option '${named}'`);
			const offset = optional_integer_at(args, 3, "seek", 0);
			return attempt(undefined, () => {
				if (!file) throw Object.assign(new Error("illegal seek"), { code: "ESPIPE", errno: -29 });
				return number_value(file.seek(whence, offset));
			});
		},
		setvbuf(args) {
			const { file } = open_stream(args, "setvbuf");
			const mode = text_at(args, 2, "setvbuf");
			if (!["no", "full", "line"].includes(mode)) throw bad_argument(2, "setvbuf", `invalid option '${mode}'`);
			return attempt(undefined, () => {
				if (file && mode === "no") file.flush();
				if (file) file.unbuffered = mode === "no";
				return boolean_value(true);
			});
		},
	};
	const close_at_end: NativeFunction = ([file]) => {
		const stream = stream_of(file);
		if (stream?.file && !stream.file.closed) close(stream);
		return undefined;
	};
	const shown: NativeFunction = ([file]) => {
		const stream = stream_of(file);
		return string_value(stream?.file?.closed ? "file (closed)" : `file (0x${identity(file)})`);
	};
	const numbers = new WeakMap<object, number>();
	let last_number = 0x55000000;
	function identity(value: TValue | undefined): string {
		const object = value?.value;
		if (typeof object !== "object" || object === null) return "0";
		let number = numbers.get(object);
		if (number === undefined) {
			last_number += 0x1e0;
			number = last_number;
			numbers.set(object, number);
		}
		return number.toString(16).padStart(12, "0");
	}
	const index = make_library(host.vm, methods);
	vm.raw_set(metatable, "__index", index);
	vm.raw_set(metatable, "__name", string_value("FILE*"));
	vm.raw_set(metatable, "__tostring", vm.native(shown));
	vm.raw_set(metatable, "__close", vm.native(close_at_end));

	// --------------------------------------------------------------------------------------------------------- the library

	const stdin: Stream = { file: undefined, partial: "" };
	let input: TValue = nil;
	let output: TValue = nil;

	function open(L: LuaThread, path: Buffer, mode: string): TValue {
		return file_value(L, { file: OpenFile.open(path_of(path), mode), partial: "" });
	}

	/** `io.input` and `io.output`: a file, or the name of one to open. */
	function choose(
		args: Arguments,
		L: LuaThread,
		mode: string,
		name: string,
		set: (file: TValue) => void,
		get: () => TValue,
	): Answer {
		const [given] = args;
		if (is_none(given)) return get();
		if (stream_of(given)) set(kept(given));
		else {
			const path = bytes_at(args, 1, name);
			try {
				set(open(L, path, mode));
			} catch (error) {
				throw new Error(`cannot open file '${text_of(path)}' (${system_error(error).message})`);
			}
		}
		return get();
	}

	/** Runs a command of the system to its end, and returns its output. */
	function run_program(args: Arguments, L: LuaThread): Answer {
		const command = bytes_at(args, 1, "popen");
		const mode = optional_text_at(args, 2, "popen") ?? "r";
		if (mode !== "r") return [nil, string_value(`io.popen is only offered for reading, not in mode '${mode}'`), number_value(38)];
		return attempt(text_of(command), () => {
			const { fd, answer } = run_command(command, vm.timeout);
			return file_value(L, { file: new OpenFile(fd, "r"), partial: "", closed: () => answer });
		});
	}

	const library = make_library(host.vm, {
		open(args, L) {
			const path = bytes_at(args, 1, "open");
			const mode = optional_text_at(args, 2, "open") ?? "r";
			if (!valid_mode.test(mode)) throw bad_argument(2, "open", "invalid mode");
			return attempt(text_of(path_of(path)), () => open(L, path, mode));
		},
		lines(args, L) {
			if (is_none(args[0])) return lines(open_stream([input], "lines"), args.slice(1), false);
			const path = bytes_at(args, 1, "lines");
			let file: TValue;
			try {
				file = open(L, path, "r");
			} catch (error) {
				throw new Error(`${text_of(path)}: ${system_error(error).message}`);
			}
			const stream = stream_of(file);
			return [stream ? lines(stream, args.slice(1), true) : nil, nil, nil, file];
		},
		read: (args) => attempt(undefined, () => read(open_stream([input], "read"), args, 1, "read")),
		write: (args) => write(open_stream([output], "write"), args, 1, output, "write"),
		close: (args) => close(open_stream(args.length === 0 ? [output] : args, "close")),
		flush: () => flush([output]),
		input: (args, L) =>
			choose(
				args,
				L,
				"r",
				"input",
				(file) => (input = file),
				() => input,
			),
		output: (args, L) =>
			choose(
				args,
				L,
				"w",
				"output",
				(file) => (output = file),
				() => output,
			),
		type(args) {
			if (args.length === 0) throw bad_argument(1, "type", "value expected");
			const stream = stream_of(args[0]);
			return stream ? string_value(stream.file?.closed ? "closed file" : "file") : nil;
		},
		tmpfile(_args, L) {
			try {
				return file_value(L, { file: new OpenFile(open_nameless(), "w+"), partial: "" });
			} catch (error) {
				return failure(error);
			}
		},
		popen: (args, L) => (host.serves === "configuration" ? run_program(args, L) : refused_popen),
	});
	// the streams need a thread to be made with
	vm.call(
		vm.native((_args, L) => {
			const table = library.value as Table;
			input = file_value(L, stdin);
			output = file_value(L, standard("stdout", "info"));
			vm.raw_set(table, "stdin", input);
			vm.raw_set(table, "stdout", output);
			vm.raw_set(table, "stderr", file_value(L, standard("stderr", "warn")));
			return undefined;
		}),
		[],
	);
	return library;
}
