// Counterpart: core/loggingmanager.lua, util/logger.lua

import { isAbsolute, join } from "node:path";
import { default_timestamps, type LogSink, open_sink, type Sink } from "./log_sinks.ts";
import { format_message } from "./log_text.ts";
import type { SyslogOptions } from "./syslog.ts";
import type { Log, LogLevel } from "./types.ts";

export type { LogSink } from "./log_sinks.ts";

/** Makes loggers by name, as `util.logger.init` does. */
export interface LoggingManager {
	logger(name: string): Log;
	/** Whether lines of that level are logged anywhere, so that callers can skip making costly arguments. */
	wants(level: LogLevel): boolean;
	/** Opens log files anew, after they were moved away. */
	reopen(): void;
	/** Tells of each line, of all levels, until the answer is called. What the watcher logs itself it is not told of. */
	watch(watcher: LogWatcher): () => void;
	/** Logs to other sinks from now on. */
	reconfigure(sinks: readonly LogSink[]): void;
}

/** Told of a line of the log: who wrote it, its level, its text. */
export type LogWatcher = (source: string, level: LogLevel, text: string) => void;

const levels: readonly LogLevel[] = ["debug", "info", "warn", "error"];

function is_level(value: unknown): value is LogLevel {
	return value === "debug" || value === "info" || value === "warn" || value === "error";
}

/** Where targets are that a configuration only names. */
interface LogPlace {
	/** What relative file names are relative to. */
	readonly config_folder: string;
	readonly syslog: SyslogOptions;
}

type Layout = Pick<LogSink, "timestamps" | "source_width">;

function sink(target: unknown, wanted: readonly LogLevel[], place: LogPlace, layout: Layout = {}): LogSink | undefined {
	const [level] = wanted;
	if (typeof target !== "string" || target === "" || target === "*nowhere" || level === undefined) return undefined;
	const goes_on = wanted.length === levels.length - levels.indexOf(level);
	const which = { level, ...(goes_on ? {} : { only: wanted }), ...layout };
	if (target === "*syslog") return { to: { syslog: place.syslog }, ...which };
	if (target.startsWith("*")) return { to: "console", ...which };
	return { to: { file: isAbsolute(target) ? target : join(place.config_folder, target) }, ...which };
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

/** What the lines of a target look like. Source: core/loggingmanager.lua, log_to_file, log_to_stdout. */
function layout_of(table: ReadonlyMap<unknown, unknown>): Layout {
	const [timestamps, width] = [table.get("timestamps"), table.get("source_width")];
	return {
		...(typeof timestamps === "string" ? { timestamps: `${timestamps} ` } : {}),
		...(timestamps === true ? { timestamps: default_timestamps } : timestamps === false ? { timestamps } : {}),
		...(typeof width === "number" ? { source_width: width } : {}),
	};
}

/**
 * Reads the `log` option: a file name or `*console`, a table of level to target, or a list of targets.
 * @param config_folder what relative file names are relative to
 * @param debug the option `debug`: whether a log without levels also has debug messages
 * @param syslog_facility the option of that name
 * @returns the sinks; `*console` where nothing is set
 */
export function read_log_option(
	option: unknown,
	config_folder: string,
	debug = false,
	syslog_facility: unknown = undefined,
): LogSink[] {
	const usual = from(debug ? "debug" : "info");
	const sinks: LogSink[] = [];
	const syslog_of = (table?: ReadonlyMap<unknown, unknown>): SyslogOptions => {
		const [name, facility = syslog_facility] = [table?.get("syslog_name"), table?.get("syslog_facility")];
		return { name: typeof name === "string" ? name : "prosody", facility: typeof facility === "string" ? facility : "daemon" };
	};
	const add = (target: unknown, wanted: readonly LogLevel[], table?: ReadonlyMap<unknown, unknown>) => {
		const made = sink(target, wanted, { config_folder, syslog: syslog_of(table) }, table && layout_of(table));
		if (made) sinks.push(made);
	};
	const add_target = (value: unknown): void => {
		if (typeof value === "string" && value.startsWith("*")) add(value, levels);
		if (typeof value !== "object" || value === null || Array.isArray(value)) return;
		const table = new Map<unknown, unknown>(value instanceof Map ? value : Object.entries(value));
		const to = table.get("to");
		if (typeof to !== "string") return;
		add(to === "file" ? table.get("filename") : `*${to}`, levels_of(table.get("levels")), table);
	};
	if (typeof option === "string") add(option, option.startsWith("*") ? levels : usual);
	else if (Array.isArray(option)) option.forEach(add_target);
	else if (typeof option === "object" && option !== null) {
		const table = new Map<unknown, unknown>(option instanceof Map ? option : Object.entries(option));
		for (const [key, target] of table) {
			if (is_level(key)) add(target, from(key));
			else if (typeof key === "number") add_target(target);
		}
	}
	return sinks.length > 0 || option !== undefined ? sinks : [{ to: "console", level: debug ? "debug" : "info" }];
}

/**
 * Makes the loggers of one server. Files that cannot be written are named on the standard error stream; the other sinks work.
 * @param prefix what stands before the names of loggers
 */
export function create_loggingmanager(given: readonly LogSink[], prefix = ""): LoggingManager {
	let wanted = given;
	let sinks: readonly { readonly accepts: ReadonlySet<LogLevel>; readonly sink: Sink }[] = [];
	let accepted: ReadonlySet<LogLevel> = new Set();

	function open(): void {
		const before = sinks;
		sinks = wanted.map((options) => ({ accepts: new Set(options.only ?? from(options.level)), sink: open_sink(options) }));
		accepted = new Set(sinks.flatMap(({ accepts }) => [...accepts]));
		for (const { sink: old } of before) old.close();
	}
	open();

	const watchers = new Set<LogWatcher>();
	let is_told = false;

	function tell(name: string, level: LogLevel, text: string): void {
		if (is_told) return;
		is_told = true;
		try {
			for (const watcher of watchers) watcher(name, level, text);
		} finally {
			is_told = false;
		}
	}

	return {
		logger:
			(name) =>
			(level, message, ...args) => {
				if (!accepted.has(level) && watchers.size === 0) return;
				const text = format_message(message, args);
				for (const { accepts, sink: to } of sinks) if (accepts.has(level)) to.write(`${prefix}${name}`, level, text);
				tell(name, level, text);
			},
		wants: (level) => accepted.has(level) || watchers.size > 0,
		watch(watcher) {
			watchers.add(watcher);
			return () => void watchers.delete(watcher);
		},
		reopen: open,
		reconfigure(next) {
			wanted = next;
			open();
		},
	};
}
