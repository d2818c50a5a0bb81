// No counterpart: what systemd is told of the server (sd_notify(3)); Prosody says nothing to it.

import type { Log } from "../core/types.ts";
import { load_datagrams } from "../util/datagram.ts";

/** Says something to systemd, such as `READY=1`; nothing where it does not listen. */
export type Tell = (state: string) => void;

type Environment = Readonly<Record<string, string | undefined>>;

/** The longest path of a socket, in bytes. Source: unix(7). */
const longest_path = 107;

/** Where systemd listens. Answers undefined where nobody does, or where there is no such path. */
function socket_path({ NOTIFY_SOCKET: path = "" }: Environment): string | undefined {
	if (!/^[/@]./.test(path) || Buffer.byteLength(path) > longest_path) return undefined;
	// A name that begins with @ is no file
	return path.startsWith("@") ? `\0${path.slice(1)}` : path;
}

/** How often systemd wants to hear from this process, in milliseconds; undefined where it does not. Source: sd_watchdog_enabled(3). */
export function watchdog_interval({ WATCHDOG_USEC, WATCHDOG_PID }: Environment, pid: number): number | undefined {
	const microseconds = Number(WATCHDOG_USEC);
	if (!Number.isInteger(microseconds) || microseconds <= 0) return undefined;
	if (WATCHDOG_PID !== undefined && Number(WATCHDOG_PID) !== pid) return undefined;
	// Twice as often as has to be
	return Math.max(1, Math.floor(microseconds / 2000));
}

/** What systemd is told while the configuration is read again: also when that began, in microseconds. Source: sd_notify(3). */
export const reloading = (): string => `RELOADING=1\nMONOTONIC_USEC=${process.hrtime.bigint() / 1000n}`;

/**
 * Connects with systemd where it has started this process and wants to hear from it (`Type=notify`), and keeps its watchdog quiet as
 * long as the event loop runs.
 * @param environment what systemd has put its wishes into
 */
export async function tell_systemd(log: Log, environment: Environment = process.env): Promise<Tell> {
	const path = socket_path(environment);
	if (path === undefined) {
		if (environment["NOTIFY_SOCKET"])
			log("warn", "NOTIFY_SOCKET: expected the path of a socket, got %s", environment["NOTIFY_SOCKET"]);
		return () => {};
	}
	const send = await load_datagrams();
	if (send === undefined) {
		log("error", "systemd waits for word of this server, which cannot be given: the package node-unix-socket is not installed");
		return () => {};
	}
	const tell: Tell = (state) => send(path, state, (problem) => log("warn", "Could not tell systemd %s: %s", state, problem));
	const interval = watchdog_interval(environment, process.pid);
	if (interval !== undefined) setInterval(() => tell("WATCHDOG=1"), interval).unref();
	return tell;
}
