// Counterpart: lcorolib.c of Lua 5.4 (coroutine.close), and lbaselib.c (collectgarbage)

import { bad_argument, boolean_value, is_none, kept, optional_text_at, type_name } from "../vm/arguments.ts";
import { close_coroutine_variables } from "../vm/closing.ts";
import { type LuaThread, lua, TValue } from "../vm/fengari.ts";
import { number_value, tags } from "../vm/live_table.ts";
import type { NativeFunction } from "../vm/vm.ts";

const status = { ok: 0, yield: 1 } as const;

function is_thread(value: TValue | undefined): value is TValue & { value: LuaThread } {
	return value?.type === tags.thread;
}

/** `coroutine.close`: ends a coroutine that is not running; returns false and the error where it had ended with one. */
export const close_coroutine: NativeFunction = ([given], L) => {
	if (!is_thread(given)) throw bad_argument(1, "close", `coroutine expected, got ${type_name(given)}`);
	const thread = given.value;
	if (thread.status === status.ok && (thread === L || thread.ci !== thread.base_ci)) {
		throw new Error(`cannot close a ${thread === L ? "running" : "normal"} coroutine`);
	}
	const failed = thread.status !== status.ok && thread.status !== status.yield;
	const error = close_coroutine_variables(L, thread, failed ? kept(thread.stack[thread.top - 1]) : undefined);
	thread.status = status.ok;
	thread.ci = thread.base_ci;
	thread.ci.next = null;
	lua.lua_settop(thread, 0);
	return error === undefined ? boolean_value(true) : [boolean_value(false), error];
};

const bytes_per_unit = 1024;

/**
 * `collectgarbage`: does nothing, since JavaScript decides when to collect. The memory that it returns is that of the whole server.
 */
export const collect_garbage: NativeFunction = (args) => {
	const option = optional_text_at(args, 1, "collectgarbage") ?? "collect";
	switch (option) {
		case "count":
			return new TValue(tags.float, process.memoryUsage().heapUsed / bytes_per_unit);
		case "step":
		case "isrunning":
			return boolean_value(true);
		case "collect":
		case "stop":
		case "restart":
			return number_value(0);
		case "incremental":
		case "generational":
		case "setpause":
		case "setstepmul":
			return is_none(args[1]) ? number_value(0) : kept(args[1]);
		default:
			throw bad_argument(1, "collectgarbage", `invalid option '${option}'`);
	}
};
