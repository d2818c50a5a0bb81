// Counterpart: lcorolib.c, for calls from the host whose code may wait (util.async): each has a thread of its own, taken from those
// that are free

import { failed, ok } from "../../host/util/error.ts";
import { type Outcome, Waiting } from "../../host/util/waiting.ts";
import { close_coroutine_variables } from "./closing.ts";
import { type LuaCFunction, type LuaState, type LuaThread, lauxlib, lua, TValue } from "./fengari.ts";
import { nil, string_value, tags } from "./live_table.ts";
import { text_of } from "./text.ts";

export type Values = readonly TValue[];

/** What a native function returns when Lua has to wait; Lua goes on with the values later. */
export type WaitingValues = Waiting<Values>;

const no_values: Values = [];

/** How many unused threads are kept. */
const most_idle = 64;

function is_thread(value: unknown): value is LuaThread {
	return typeof value === "object" && value !== null && "l_G" in value && "stack" in value;
}

/** Removes all values from a thread's stack. */
function take_all(thread: LuaThread): Values {
	const count = lua.lua_gettop(thread);
	if (count === 0) return no_values;
	const values: TValue[] = [];
	for (let at = thread.top - count; at < thread.top; at++) {
		const slot = thread.stack[at] ?? nil;
		values.push(new TValue(slot.type, slot.value));
	}
	lua.lua_settop(thread, 0);
	return values;
}

/** Why code in a thread failed: the error value, and the calls that led there. */
export interface ThreadFailure {
	readonly raised: TValue;
	readonly traceback: string;
}

function failure_of(L: LuaState & LuaThread, thread: LuaThread): ThreadFailure {
	const slot = thread.stack[thread.top - 1] ?? nil;
	const raised = new TValue(slot.type, slot.value);
	lua.lua_checkstack(L, 4);
	L.stack[L.top++] = new TValue(raised.type, raised.value);
	lauxlib.luaL_tolstring(L, -1);
	lauxlib.luaL_traceback(L, thread, lua.lua_tolstring(L, -1), 0);
	const bytes = lua.lua_tolstring(L, -1);
	const traceback = bytes === null ? "" : text_of(bytes);
	lua.lua_pop(L, 3);
	const last = close_coroutine_variables(L, thread, raised);
	return { raised: last ?? raised, traceback };
}

/** The threads of calls that may wait. */
export class Threads {
	private readonly idle: LuaThread[] = [];
	/** Waiting threads, and what to call once they have ended. */
	private readonly waiting = new Map<unknown, (outcome: Outcome<Values>) => void>();
	/** Goes on with a thread, as util.async does; whoever loads that sets it. */
	resume: ((thread: TValue) => void) | undefined;

	/** @param error_of makes an error of the host */
	constructor(private readonly error_of: (failure: ThreadFailure) => Error) {}

	/** A thread with nothing on its stack. */
	take(L: LuaThread): LuaThread {
		const free = this.idle.pop();
		if (free !== undefined) return free;
		const made = lua.lua_newthread(L);
		lua.lua_pop(L, 1);
		if (!is_thread(made)) throw new Error("the Lua machine makes no threads");
		return made;
	}

	/** The result of starting or resuming a thread from another one. */
	settle(L: LuaThread, thread: LuaThread, status: number): Values | WaitingValues {
		if (status === lua.LUA_OK) return this.give_back(thread);
		if (status !== lua.LUA_YIELD) throw this.error_of(failure_of(L, thread));
		lua.lua_pop(thread, lua.lua_gettop(thread));
		return new Waiting((settle) => this.waiting.set(thread, settle));
	}

	/**
	 * Lua's `coroutine.resume`, after which whoever waits for the thread goes on: not within what resumed it, but in the same pass of the
	 * event loop.
	 */
	resumed(L: LuaThread, resume: LuaCFunction): number {
		const thread = L.stack[L.ci.funcOff + 1]?.value;
		const settle = this.waiting.size === 0 ? undefined : this.waiting.get(thread);
		if (settle === undefined || !is_thread(thread)) return resume(L);
		const count = resume(L);
		if (thread.status === lua.LUA_YIELD) return count;
		this.waiting.delete(thread);
		let outcome: Outcome<Values>;
		if (thread.status === lua.LUA_OK) {
			const values: TValue[] = [];
			for (let at = L.top - count + 1; at < L.top; at++) {
				const slot = L.stack[at] ?? nil;
				values.push(new TValue(slot.type, slot.value));
			}
			outcome = ok(values);
			this.give_back(thread);
		} else {
			const message = L.stack[L.top - 1] ?? nil;
			thread.stack[thread.top++] = new TValue(message.type, message.value);
			outcome = failed(this.error_of(failure_of(L, thread)));
		}
		queueMicrotask(() => settle(outcome));
		lua.lua_pop(L, count);
		L.stack[L.top++] = new TValue(tags.boolean, true);
		return 1;
	}

	/** Has the thread that calls a native function wait; where it must not, the answer is just true. */
	wait(L: LuaThread, waiting: WaitingValues): number {
		if (L.nny > 0 || this.resume === undefined) {
			L.stack[L.top++] = new TValue(tags.boolean, true);
			return 1;
		}
		const { resume } = this;
		let outcome: Outcome<Values> | undefined;
		let waits = false;
		waiting.ended((known) => {
			outcome = known;
			if (waits) resume(new TValue(tags.thread, L));
		});
		const go_on = (): number => {
			if (outcome === undefined) return 0;
			if (!outcome.ok) {
				const { error } = outcome;
				L.stack[L.top++] = string_value(error instanceof Error ? error.message : String(error));
				return lua.lua_error(L);
			}
			lua.lua_checkstack(L, outcome.value.length);
			for (const value of outcome.value) L.stack[L.top++] = new TValue(value.type, value.value);
			return outcome.value.length;
		};
		if (outcome !== undefined) return go_on();
		waits = true;
		L.stack[L.top++] = string_value("wait");
		return lua.lua_yieldk(L, 1, 0, go_on);
	}

	private give_back(thread: LuaThread): Values {
		const values = take_all(thread);
		if (this.idle.length < most_idle) this.idle.push(thread);
		return values;
	}
}
