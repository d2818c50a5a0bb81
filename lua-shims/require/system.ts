// Counterpart: util/pposix.c, util/signal.c

import { mkdirSync } from "node:fs";
import { constants, hostname, machine, release, type, version } from "node:os";
import { isatty } from "node:tty";
import type { LuaContext } from "../context.ts";
import { attempt, path_of } from "../lua/system_error.ts";
import { boolean_value, bytes_at, function_at, is_string, make_library, optional_text_at, text_at } from "../vm/arguments.ts";
import type { TValue } from "../vm/fengari.ts";
import { nil, number_value, string_value, tags } from "../vm/live_table.ts";
import type { NativeFunction } from "../vm/vm.ts";

/** The result of what a module must not do to the server's process: nil and the reason. */
function refused(what: string): NativeFunction {
	return () => [nil, string_value(`${what} is for the server as a whole, not for a module`)];
}

/** `util.pposix`: functions that tell about the process, and none that would change it for everybody. */
export function pposix_library(host: LuaContext): TValue {
	const { border } = host;
	return make_library(host.vm, {
		_NAME: string_value("pposix"),
		// the version that both Prosody 0.12 and 13 ask for
		_VERSION: string_value("0.4.0"),
		ENOENT: number_value(2),
		getpid: () => number_value(process.pid),
		getuid: () => number_value(process.getuid?.() ?? 0),
		getgid: () => number_value(process.getgid?.() ?? 0),
		umask: () => string_value(process.umask().toString(8).padStart(3, "0")),
		uname: () =>
			border.table({
				sysname: type(),
				nodename: hostname(),
				release: release(),
				version: version(),
				machine: machine(),
			}),
		mkdir: (args) =>
			attempt(undefined, () => {
				mkdirSync(path_of(bytes_at(args, 1, "mkdir")));
				return boolean_value(true);
			}),
		meminfo() {
			const { heapTotal: heap_total, heapUsed: heap_used, external } = process.memoryUsage();
			return border.table({
				allocated: heap_total,
				allocated_mmap: external,
				used: heap_used,
				unused: heap_total - heap_used,
				returnable: heap_total - heap_used,
			});
		},
		isatty: () => boolean_value(isatty(1)),
		setenv: refused("setenv"),
		setuid: refused("setuid"),
		setgid: refused("setgid"),
		initgroups: refused("initgroups"),
		setrlimit: refused("setrlimit"),
		getrlimit: refused("getrlimit"),
		daemonize: () => [boolean_value(false), string_value("already-daemonized")],
		abort: refused("abort"),
		syslog_open: () => undefined,
		syslog_close: () => undefined,
		syslog_setminlevel: () => undefined,
		syslog_log(args) {
			const level = text_at(args, 1, "syslog_log");
			const known = (["debug", "info", "warn", "error"] as const).find((name) => name === level) ?? "info";
			host.server.logger("syslog")(known, "%s", optional_text_at(args, args.length > 2 ? 3 : 2, "syslog_log") ?? "");
			return undefined;
		},
	});
}

/** `util.signal`: handlers of signals are run beside the server's own, as long as the server runs. */
export function signal_library(host: LuaContext): TValue {
	const { vm, server } = host;
	const log = server.logger("signal");
	const added = new Map<string, () => void>();
	const names = new Map(Object.entries(constants.signals).map(([name, number]) => [number, name]));

	function name_at(args: readonly TValue[], name: string): string {
		const [given] = args;
		const known = is_string(given) ? text_at(args, 1, name) : names.get(Number(given?.value));
		if (known === undefined || !Object.hasOwn(constants.signals, known)) throw new TypeError(`invalid signal in '${name}'`);
		return known;
	}

	function forget(name: string): void {
		const handler = added.get(name);
		if (handler) process.off(name, handler);
		added.delete(name);
	}

	server.events.add_handler("server-stopped", () => {
		for (const name of [...added.keys()]) forget(name);
		return undefined;
	});

	const numbers = Object.fromEntries(Object.entries(constants.signals).map(([name, number]) => [name, number_value(number)]));
	return make_library(host.vm, {
		...numbers,
		signal(args) {
			const name = name_at(args, "signal");
			// these always end the process
			if (["SIGKILL", "SIGSTOP", "SIGTERM", "SIGINT"].includes(name)) {
				// Prosody's mod_posix ends the server on them; this server does so itself
				log("debug", "The signal %s is the server's own: its end is told by the event server-stopping", name);
				return boolean_value(true);
			}
			forget(name);
			if (args[1]?.type === tags.string || args[1] === undefined || args[1].ttisnil()) return boolean_value(true);
			const callback = function_at(args, 2, "signal");
			const handler = (): void => {
				try {
					vm.call(callback, [string_value(name)]);
				} catch (error) {
					log("error", "The handler of %s failed: %s", name, error instanceof Error ? (error.stack ?? error.message) : error);
				}
			};
			added.set(name, handler);
			process.on(name, handler);
			return boolean_value(true);
		},
		raise: refused("raising a signal"),
		kill: refused("sending a signal"),
	});
}
