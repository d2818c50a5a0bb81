// Counterpart: core/loggingmanager.lua (its sinks)

import { closeSync, existsSync, openSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { clock_at, format_clock } from "../util/date.ts";
import { adopt_file, file_mode } from "../util/file_owner.ts";
import { visible } from "./log_text.ts";
import { goes_to_journal, open_syslog, type SyslogOptions, with_journal_level } from "./syslog.ts";
import type { LogLevel } from "./types.ts";

/** Where log lines go, from which level on. `to` is `console`, a file, syslog, or what takes each line as it is: a test, say. */
export interface LogSink {
	readonly to: "console" | { readonly file: string } | { readonly syslog: SyslogOptions } | Pick<Sink, "write">;
	readonly level: LogLevel;
	/** The only levels that go there, where that is not all from `level` on. */
	readonly only?: readonly LogLevel[];
	/** What stands before each line, in the letters of C's strftime, or false for nothing. Prosody's way by default, nothing on a console. */
	readonly timestamps?: string | false;
	/** How wide the column of names is, at least. By default 20 on a console, and in a file there are no columns. */
	readonly source_width?: number;
}

/** What stands before each line of a file. */
export const default_timestamps = "%b %d %H:%M:%S ";

/** What lines of a log go to. */
export interface Sink {
	write(name: string, level: LogLevel, text: string): void;
	close(): void;
}

/** Colours on a terminal; they are Prosody's. */
const styles: { readonly [Level in LogLevel]: readonly [on: string, off: string] } = {
	debug: ["", ""],
	info: ["\u001b[1m", "\u001b[0m"],
	warn: ["\u001b[1;33m", "\u001b[0m"],
	error: ["\u001b[1;31m", "\u001b[0m"],
};
const console_width = 20;

/** Makes lines: `Nov 30 01:02:03 NAME<tab>LEVEL<tab>TEXT`, or with a column for names. */
function line_maker({ timestamps, source_width }: LogSink, is_coloured: boolean) {
	let width = source_width;
	let second = 0;
	let stamp = "";
	return (name: string, level: LogLevel, text: string): string => {
		const now = Math.floor(Date.now() / 1000);
		if (timestamps !== undefined && timestamps !== false && now !== second) {
			second = now;
			stamp = visible(format_clock(timestamps, clock_at(now, false)));
		}
		const [on, off] = is_coloured ? styles[level] : ["", ""];
		const source = visible(name);
		if (width === undefined) return `${stamp}${source}\t${on}${level}${off}\t${text}\n`;
		width = Math.max(source.length + 2, width);
		return `${stamp}${source.padEnd(width)}${on}${level}${off}\t${text}\n`;
	};
}

function complain(path: string, error: unknown): void {
	process.stderr.write(`enjamb: cannot write the log file ${path}: ${error instanceof Error ? error.message : error}\n`);
}

function open_file(path: string): number | undefined {
	try {
		const is_new = !existsSync(path);
		const file = openSync(path, "a", file_mode);
		if (is_new) adopt_file(file, dirname(path));
		return file;
	} catch (error) {
		complain(path, error);
		return undefined;
	}
}

function file_sink(options: LogSink, path: string): Sink {
	const make_line = line_maker({ timestamps: default_timestamps, ...options }, false);
	const file = open_file(path);
	let is_failing = false;
	return {
		write(name, level, text) {
			if (file === undefined) return;
			const bytes = Buffer.from(make_line(name, level, text));
			try {
				for (let written = 0; written < bytes.length; ) written += writeSync(file, bytes, written);
				is_failing = false;
			} catch (error) {
				// A full disk must not stop the server; it is reported once
				if (!is_failing) complain(path, error);
				is_failing = true;
			}
		},
		close() {
			if (file !== undefined) closeSync(file);
		},
	};
}

/** Lines on the console; the journal also gets their levels. */
function console_sink(options: LogSink): Sink {
	const is_journal = goes_to_journal(process.stdout.fd);
	const is_coloured = process.stdout.isTTY === true && process.env["NO_COLOR"] === undefined;
	const make_line = line_maker({ source_width: console_width, ...options }, is_coloured);
	return {
		write(name, level, text) {
			const line = make_line(name, level, text);
			process.stdout.write(is_journal ? with_journal_level(level, line) : line);
		},
		close() {},
	};
}

/** Lines for syslog; where nobody listens there, the console gets them, which nothing in Prosody does. */
function syslog_sink(options: LogSink, syslog: SyslogOptions): Sink {
	const to_console = console_sink(options);
	let is_told = false;
	const failed = (problem: string): void => {
		if (!is_told) process.stderr.write(`enjamb: cannot write to syslog: ${problem}\n`);
		is_told = true;
	};
	const write = open_syslog(syslog, failed);
	return write === undefined ? to_console : { write, close() {} };
}

/** Opens a sink; a file that cannot be opened is named on the standard error stream, and what is logged there is lost. */
export function open_sink(options: LogSink): Sink {
	const { to } = options;
	if (to === "console") return console_sink(options);
	if ("file" in to) return file_sink(options, to.file);
	return "syslog" in to ? syslog_sink(options, to.syslog) : { write: to.write, close() {} };
}
