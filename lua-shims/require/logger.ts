// Counterpart: util/logger.lua

import type { LogLevel } from "../../host/core/types.ts";
import type { LuaContext } from "../context.ts";
import { format_message } from "../log_format.ts";
import {
	type Arguments,
	boolean_value,
	function_at,
	is_none,
	kept,
	make_library,
	optional_text_at,
	text_at,
} from "../vm/arguments.ts";
import type { TValue } from "../vm/fengari.ts";
import { nil, string_value } from "../vm/live_table.ts";

const levels: readonly LogLevel[] = ["debug", "info", "warn", "error"];

function known_level(level: string | undefined): LogLevel | undefined {
	return levels.find((known) => known === level);
}

interface Sink {
	readonly handle: TValue;
	write(name: string, level: LogLevel, message: TValue, args: Arguments): void;
}

/**
 * `util.logger`: lines go to the log of the server, and to sinks that Lua code adds.
 * Sinks get what is logged through this library, not what the host logs itself.
 */
export function logger_library(host: LuaContext): TValue {
	const { vm, server } = host;
	const sinks = new Map<LogLevel, Sink[]>(levels.map((level) => [level, []]));
	/** A sink that fails must not get the message about its own failure. */
	let telling = false;

	function write(name: string, level: LogLevel, args: Arguments): void {
		const [message = nil, ...rest] = args;
		// the text is only made where lines of that level are logged
		const text = vm.logged(() => format_message(vm, message.ttisnil() ? "nil" : vm.to_string(message), rest));
		server.logger(name)(level, "%s", text);
		const told = sinks.get(level) ?? [];
		if (telling || told.length === 0) return;
		vm.watch?.stop();
		telling = true;
		try {
			for (const sink of [...told]) sink.write(name, level, message, rest);
		} finally {
			telling = false;
		}
	}

	/** A function that logs at one level. */
	function make_logger(args: Arguments): TValue {
		const name = text_at(args, 1, "make_logger");
		const level = known_level(text_at(args, 2, "make_logger"));
		return vm.logger((line) => {
			if (level !== undefined) write(name, level, line);
			return undefined;
		});
	}

	function add(level: string, sink: Sink): void {
		const known = known_level(level);
		if (known !== undefined) sinks.get(known)?.push(sink);
	}

	return make_library(host.vm, {
		init(args) {
			const name = text_at(args, 1, "init");
			return vm.logger((line) => {
				const level = known_level(optional_text_at(line, 1, "log"));
				if (level !== undefined) write(name, level, line.slice(1));
				return undefined;
			});
		},
		make_logger,
		new: make_logger,
		reset() {
			for (const added of sinks.values()) added.length = 0;
			return undefined;
		},
		add_level_sink(args) {
			const callback = function_at(args, 2, "add_level_sink");
			add(text_at(args, 1, "add_level_sink"), {
				handle: callback,
				write: (name, level, message, rest) => {
					vm.call(callback, [string_value(name), string_value(level), message, ...rest]);
				},
			});
			return undefined;
		},
		add_simple_sink(args) {
			const callback = function_at(args, 1, "add_simple_sink");
			const handle = vm.native(([name = nil, level = nil, message = nil, ...rest]) => {
				vm.call(callback, [name, level, string_value(format_message(vm, vm.to_string(message), rest))]);
				return undefined;
			});
			const sink: Sink = {
				handle,
				write: (name, level, message, rest) => {
					vm.call(handle, [string_value(name), string_value(level), message, ...rest]);
				},
			};
			const wanted = is_none(args[1]) ? levels : host.border.copy(kept(args[1]));
			for (const level of Array.isArray(wanted) ? wanted : []) add(String(level), sink);
			return handle;
		},
		remove_sink(args) {
			const handle = args[0]?.value;
			let removed = false;
			for (const [level, added] of sinks) {
				const left = added.filter((sink) => sink.handle.value !== handle);
				removed ||= left.length < added.length;
				sinks.set(level, left);
			}
			return removed ? boolean_value(true) : nil;
		},
	});
}
