// Counterpart: util-src/pposix.c (syslog_open, syslog_log)

import { existsSync, fstatSync } from "node:fs";
import { load_datagrams } from "../util/datagram.ts";
import { clock_at, format_clock } from "../util/date.ts";
import type { LogLevel } from "./types.ts";

/** Where syslog listens. */
export const syslog_socket = "/dev/log";

/** Facilities by name. Source: syslog(3), RFC 3164 §4.1.1. */
const facilities: ReadonlyMap<string, number> = new Map([
	["kern", 0],
	["user", 1],
	["mail", 2],
	["daemon", 3],
	["auth", 4],
	["syslog", 5],
	["lpr", 6],
	["news", 7],
	["uucp", 8],
	["cron", 9],
	["authpriv", 10],
	...Array.from({ length: 8 }, (_, number): [string, number] => [`local${number}`, 16 + number]),
]);
/** Prosody's choice: an error is critical there. */
const severities: { readonly [Level in LogLevel]: number } = { debug: 7, info: 6, warn: 4, error: 2 };
/** What systemd calls levels of lines that are printed. Source: sd-daemon(3). */
const journal_levels: { readonly [Level in LogLevel]: number } = { debug: 7, info: 6, warn: 4, error: 3 };

/** Who writes to syslog, and as what. */
export interface SyslogOptions {
	/** What lines begin with. */
	readonly name: string;
	readonly facility: string;
	/** The socket, where that is not the system's. */
	readonly path?: string;
}

/**
 * Makes what sends lines to syslog.
 * @param failed told of what is in the way
 * @returns undefined where no syslog listens
 */
export function open_syslog(
	{ name, facility, path = syslog_socket }: SyslogOptions,
	failed: (problem: string) => void,
): ((source: string, level: LogLevel, text: string) => void) | undefined {
	if (!existsSync(path)) return undefined;
	const base = 8 * (facilities.get(facility) ?? 3);
	/** Lines that came before it was known how to send them; undefined afterwards. */
	let early: string[] | undefined = [];
	let send = (line: string): void => void early?.push(line);
	void load_datagrams().then((send_datagram) => {
		if (send_datagram === undefined) failed("the package node-unix-socket is not installed");
		send = (line) => send_datagram?.(path, line, failed);
		for (const line of early ?? []) send(line);
		early = undefined;
	});
	return (source, level, text) => {
		const stamp = format_clock("%b %e %H:%M:%S", clock_at(Math.floor(Date.now() / 1000), false));
		send(`<${base + severities[level]}>${stamp} ${name}[${process.pid}]: ${source}: ${text}`);
	};
}

/** Whether what is written to a file descriptor goes to systemd's journal. Source: systemd.exec(5), $JOURNAL_STREAM. */
export function goes_to_journal(fd: number, stream = process.env["JOURNAL_STREAM"]): boolean {
	if (stream === undefined) return false;
	try {
		const { dev, ino } = fstatSync(fd, { bigint: true });
		return stream === `${dev}:${ino}`;
	} catch {
		return false;
	}
}

/** Text for the journal, with its level before each line. */
export function with_journal_level(level: LogLevel, text: string): string {
	return text.replace(/^(?=[\s\S])/gm, `<${journal_levels[level]}>`);
}
