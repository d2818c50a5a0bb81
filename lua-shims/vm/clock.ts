// No counterpart: stops Lua code that goes on too long, or takes too much memory.

import { type LuaThread, lauxlib, lua, TString, TValue } from "./fengari.ts";
import { string_value } from "./live_table.ts";

/** How many instructions run between two looks at the clock: well below a millisecond. */
const instructions_between_looks = 20_000;

/** Where the innermost Lua code is, as `file:line: `. */
function position(L: LuaThread): string {
	for (let level = 0; level < 8; level++) {
		lauxlib.luaL_where(L, level);
		const text = L.stack[L.top - 1]?.value;
		const found = text instanceof TString ? text.text : "";
		lua.lua_pop(L, 1);
		if (found !== "") return found;
	}
	return "";
}

/** The time and memory that code of one Lua state may take. */
export class Clock {
	private started = 0;
	private timed_out = false;
	/** How much memory the process may use before code is stopped, in bytes; no limit where it is not set. */
	memory_limit: number | undefined;

	/** @param limit in seconds */
	constructor(private limit: number) {}

	/** Runs something that may take longer; the time is in seconds. */
	with_timeout<Value>(timeout: number, run: () => Value): Value {
		const before = this.limit;
		this.limit = timeout;
		try {
			return run();
		} finally {
			this.limit = before;
		}
	}

	/** The host begins to call Lua. */
	start({ l_G }: LuaThread): void {
		this.started = 0;
		this.timed_out = false;
		l_G.instructions = instructions_between_looks;
	}

	private too_long(): string {
		return `ran longer than ${this.limit} s (lua_hook_timeout) and was stopped`;
	}

	private too_large(): string | undefined {
		if (this.memory_limit === undefined) return undefined;
		const { heapUsed: heap_used, external } = process.memoryUsage();
		return heap_used + external > this.memory_limit ? "took too much memory and was stopped" : undefined;
	}

	/** Raises an error where the time is over. */
	look(L: LuaThread): void {
		const { l_G } = L;
		l_G.instructions = instructions_between_looks;
		const now = performance.now();
		if (this.started === 0) this.started = now;
		const problem = this.timed_out || now - this.started >= this.limit * 1000 ? this.too_long() : this.too_large();
		if (problem === undefined) return;
		// Once it is over, every further instruction fails as well, so code cannot go on by catching the error.
		this.timed_out = true;
		l_G.instructions = 0;
		const guard = l_G.guard;
		// what is run to describe the error must not fail as well
		l_G.guard = undefined;
		// a function that has just been called has used all the room it asked for
		lua.lua_checkstack(L, 20);
		try {
			const { type, value } = string_value(`${position(L)}${problem}`);
			L.stack[L.top++] = new TValue(type, value);
			lua.lua_error(L);
		} finally {
			l_G.guard = guard;
		}
	}
}
