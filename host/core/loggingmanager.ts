// Counterpart: core/loggingmanager.lua, util/logger.lua

import { existsSync, statSync } from "node:fs";
import { dirname, isAbsolute, join } from "node:path";
import { format } from "node:util";
import pino from "pino";
import { prettyFactory } from "pino-pretty";
import { failed, ok, type Result } from "../util/error.ts";
import type { Log, LogLevel } from "./types.ts";

/** Where log lines go, from which level on. `to` is `console` or a file. */
export interface LogSink {
	readonly to: "console" | { readonly file: string };
	readonly level: LogLevel;
	/** The only levels that go there, where that is not all from `level` on. */
	readonly only?: readonly LogLevel[];
}

/** Makes loggers by name, as `util.logger.init` does. */
export interface LoggingManager {
	logger(name: string): Log;
	/** Whether anybody gets lines of that level, so that costly arguments are only made then. */
	wants(level: LogLevel): boolean;
	/** Opens log files anew, after they were moved away (SIGHUP). */
	reopen(): void;
	/** Writes what is still buffered. */
	flush(): void;
}

const levels: readonly LogLevel[] = ["debug", "info", "warn", "error"];

function is_level(value: unknown): value is LogLevel {
	return value === "debug" || value === "info" || value === "warn" || value === "error";
}

function sink(target: unknown, wanted: readonly LogLevel[], config_folder: string): LogSink | undefined {
	const [level] = wanted;
	if (typeof target !== "string" || target === "" || level === undefined) return undefined;
	const goes_on = wanted.length === levels.length - levels.indexOf(level);
	const which = { level, ...(goes_on ? {} : { only: wanted }) };
	// Prosody's "*syslog" needs a daemon's socket; the service manager that starts us keeps what we print.
	if (target.startsWith("*")) return { to: "console", ...which };
	return { to: { file: isAbsolute(target) ? target : join(config_folder, target) }, ...which };
}

/** The levels from one on. */
function from(level: LogLevel): readonly LogLevel[] {
	return levels.slice(levels.indexOf(level));
}

/**
 * The levels that `levels` of a target means: all where nothing is said, one by its name, those in a list, or from `min` to `max`;
 * a `max` without a `min` before it means itself only. Source: core/loggingmanager.lua, get_levels.
 */
function levels_of(option: unknown): readonly LogLevel[] {
	if (option === undefined) return levels;
	if (Array.isArray(option)) return levels.filter((level) => option.includes(level));
	if (typeof option !== "object" || option === null) return levels.filter((level) => level === option);
	const table = new Map<unknown, unknown>(option instanceof Map ? option : Object.entries(option));
	const place = (level: unknown): number => (is_level(level) ? levels.indexOf(level) : -1);
	const [first, last] = [place(table.get("min")), place(table.get("max"))];
	if (first < 0 && last < 0) return [];
	if (first < 0 || (last >= 0 && last < first)) return levels.slice(last, last + 1);
	return levels.slice(first, last < 0 ? undefined : last + 1);
}

/**
 * Reads the `log` option: a file name or `*console`, a table of level to target, or a list of either.
 * @param config_folder what relative file names are relative to
 * @returns the sinks; `*console` from `info` on where nothing is set
 */
export function read_log_option(option: unknown, config_folder: string): LogSink[] {
	const sinks: LogSink[] = [];
	const add = (target: unknown, wanted: readonly LogLevel[]) => {
		const made = sink(target, wanted, config_folder);
		if (made) sinks.push(made);
	};
	const read = (value: unknown): void => {
		if (typeof value === "string") add(value, levels);
		else if (Array.isArray(value)) value.forEach(read);
		else if (value instanceof Map || (typeof value === "object" && value !== null)) {
			const table = new Map<unknown, unknown>(value instanceof Map ? value : Object.entries(value));
			const to = table.get("to");
			if (typeof to === "string") {
				add(to === "file" ? table.get("filename") : `*${to}`, levels_of(table.get("levels")));
				return;
			}
			for (const [key, target] of table) {
				if (is_level(key)) add(target, from(key));
				else if (typeof key === "number") read(target);
			}
		}
	};
	read(option);
	return sinks.length > 0 ? sinks : [{ to: "console", level: "info" }];
}

/**
 * Makes the loggers of one server.
 * @returns an error that names the file where one cannot be written
 */
export function create_loggingmanager(sinks: readonly LogSink[]): Result<LoggingManager, string> {
	const files: ReturnType<typeof pino.destination>[] = [];
	const streams: { level: LogLevel; stream: { write(line: string): void } }[] = [];
	for (const { to, level, only } of sinks) {
		const colorize = to === "console" && process.stdout.isTTY === true && process.env["NO_COLOR"] === undefined;
		const line = prettyFactory({
			colorize,
			translateTime: "SYS:mmm dd HH:MM:ss",
			ignore: "pid,hostname,name",
			messageFormat: "{name}: {msg}",
			singleLine: false,
		});
		const add = (write: (text: string) => void) => {
			const wanted = (text: string) =>
				only === undefined || only.some((name) => text.startsWith(`{"level":${pino.levels.values[name]},`));
			streams.push({ level, stream: { write: (text) => (wanted(text) ? write(line(text)) : undefined) } });
		};
		if (to === "console") {
			add((text) => void process.stdout.write(text));
			continue;
		}
		const folder = dirname(to.file);
		if (!existsSync(folder)) return failed(`cannot write the log file ${to.file}: there is no folder ${folder}`);
		if (existsSync(to.file) && statSync(to.file).isDirectory())
			return failed(`cannot write the log file ${to.file}: it is a folder`);
		try {
			const destination = pino.destination({ dest: to.file, sync: true, append: true });
			files.push(destination);
			add((text) => void destination.write(text));
		} catch (error) {
			return failed(`cannot write the log file ${to.file}: ${error instanceof Error ? error.message : String(error)}`);
		}
	}
	const lowest = levels.find((level) => sinks.some((wanted) => wanted.level === level)) ?? "error";
	const root = pino({ level: sinks.length > 0 ? lowest : "silent", base: null }, pino.multistream(streams));
	return ok({
		logger(name) {
			// No child of pino's for each name: every connection has one, and mostly says nothing.
			const named = { name };
			return (level, message, ...args) => {
				if (root.isLevelEnabled(level)) root[level](named, format_message(message, args));
			};
		},
		wants: (level) => root.isLevelEnabled(level),
		reopen() {
			for (const file of files) file.reopen();
		},
		flush() {
			for (const file of files) file.flushSync();
		},
	});
}

/** `%q` quotes as Lua's does, everything else is Node's. */
function format_message(message: string, args: readonly unknown[]): string {
	return args.length === 0 ? message : format(message.replaceAll("%q", "%j"), ...args.map(printable));
}

function printable(value: unknown): unknown {
	return typeof value === "object" && value !== null && !(value instanceof Error) ? String(value) : value;
}
