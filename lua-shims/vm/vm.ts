// No counterpart: the Lua that a server's Lua modules share. Prosody runs in one.

import { failed, ok, type Result } from "../../host/util/error.ts";
import { Waiting } from "../../host/util/waiting.ts";
// Lua code runs in our own loop, with Lua's own numbers
import "./patches.ts";
import { readable_code } from "./attributes.ts";
import { Clock } from "./clock.ts";
import { find_marks } from "./closing.ts";
import { type LuaCFunction, type LuaThread, lauxlib, lobject, ltable, lua, lualib, type Table, TValue } from "./fengari.ts";
import { spend } from "./guard.ts";
import { key_value, nil, string_value, tags } from "./live_table.ts";
import { LuaError } from "./lua_error.ts";
import { bytes_of, text_of } from "./text.ts";
import { Threads, type WaitingValues } from "./threads.ts";
import type { Watch } from "./watch.ts";

/** How many instructions count for a call of the host, which may read a file. */
const cost_of_a_call = 100;

/** A function of the host for Lua. Its arguments are only valid while it runs. Where it waits, Lua waits, too. */
export type NativeFunction = (args: readonly TValue[], L: LuaThread) => readonly TValue[] | TValue | WaitingValues | undefined;

export type { LuaThread };
export { LuaError };

const no_results: readonly TValue[] = [];

function is_single(results: readonly TValue[] | TValue | WaitingValues): results is TValue {
	return results instanceof TValue;
}

/** One Lua state. */
export class Vm {
	/** The thread that runs, which calls from the host go to. */
	private current: LuaThread;
	/** How deep calls from the host are nested. */
	private depth = 0;
	private readonly clock: Clock;
	private traceback = "";
	private readonly message_handler: TValue;
	/** Those in which code may wait. */
	readonly threads = new Threads(({ raised, traceback }) => new LuaError(this.describe(raised), raised, traceback));

	/** Functions that do nothing but log; where a line is really written, they stop whoever watches. */
	readonly loggers = new WeakSet<object>();
	/** What is behind functions of libraries. */
	readonly natives = new WeakMap<object, NativeFunction>();
	/** Runs what the host itself does with tables, such as {@link index}. */
	readonly work: TValue = new TValue(tags.native_function, (L: LuaThread) => this.next_work(L));
	private next_work: (L: LuaThread) => number = () => 0;

	/**
	 * @param timeout how long code that the host calls may run, in seconds
	 */
	constructor(readonly timeout: number) {
		const L = lauxlib.luaL_newstate() as LuaThread;
		this.current = L;
		this.clock = new Clock(timeout);
		lualib.luaL_openlibs(L);
		lua.lua_settop(L, 0);
		lua.lua_atnativeerror(L, (thread) => this.on_native_error(thread as LuaThread));
		this.message_handler = new TValue(tags.native_function, (thread: LuaThread) => this.on_error(thread));
		L.l_G.instructions = 0;
		L.l_G.watch = undefined;
		L.l_G.guard = (thread) => this.clock.look(thread);
	}

	/** A number that tables of the host are known by, for `tostring`. */
	next_id(): number {
		return this.current.l_G.id_counter++;
	}

	/** How much memory the process may use before code is stopped, in bytes; no limit where it is not set. */
	set memory_limit(bytes: number | undefined) {
		this.clock.memory_limit = bytes;
	}

	/** Who watches the code that runs. */
	get watch(): Watch | undefined {
		return this.current.l_G.watch;
	}

	set watch(watch: Watch | undefined) {
		this.current.l_G.watch = watch;
	}

	/** An empty table. */
	new_table(): Table {
		return ltable.luaH_new(this.current);
	}

	/** The globals of the state itself, which no module sees. */
	get globals(): Table {
		const L = this.current;
		lua.lua_rawgeti(L, lua.LUA_REGISTRYINDEX, 2);
		const value = this.pop(L);
		return value.value as Table;
	}

	private pop(L: LuaThread): TValue {
		const slot = L.stack[L.top - 1] ?? nil;
		const value = new TValue(slot.type, slot.value);
		lua.lua_pop(L, 1);
		return value;
	}

	// ---------------------------------------------------------------------------------------------------------- tables

	/** An entry of a table, without metamethods. */
	raw_get(table: Table, name: string | number): TValue {
		return ltable.luaH_get(this.current, table, key_value(name));
	}

	/** Sets an entry of a table, without metamethods. */
	raw_set(table: Table, name: string | number, value: TValue): void {
		ltable.luaH_setfrom(this.current, table, key_value(name), value);
		// missing metamethods are searched again
		table.flags = 0;
	}

	/** The same with any key. */
	raw_get_value(table: Table, key: TValue): TValue {
		return ltable.luaH_get(this.current, table, key);
	}

	/** The same with any key. */
	raw_set_value(table: Table, key: TValue, value: TValue): void {
		ltable.luaH_setfrom(this.current, table, key, value);
	}

	/** An entry with metamethods, as `table[key]` in Lua. */
	index(table: TValue, key: TValue): TValue {
		return (
			this.protect((L) => {
				this.push(L, table);
				this.push(L, key);
				lua.lua_gettable(L, -2);
				return 1;
			})[0] ?? nil
		);
	}

	/** `table[key] = value` in Lua. */
	set_index(table: TValue, key: TValue, value: TValue): void {
		this.protect((L) => {
			this.push(L, table);
			this.push(L, key);
			this.push(L, value);
			lua.lua_settable(L, -3);
			return 0;
		});
	}

	/** Lua's `#`, with metamethods. */
	len(value: TValue): number {
		const [length] = this.protect((L) => {
			this.push(L, value);
			lua.lua_len(L, -1);
			return 1;
		});
		return typeof length?.value === "number" ? length.value : 0;
	}

	/** Lua's `tostring`. */
	to_string(value: TValue): string {
		const [text] = this.protect((L) => {
			this.push(L, value);
			lauxlib.luaL_tolstring(L, -1);
			return 1;
		});
		return text === undefined ? "" : text_of((text.value as { getstr(): Uint8Array }).getstr());
	}

	/** All entries of an ordinary table, without metamethods, in the order in which they were added. */
	*entries(table: Table): Generator<[TValue, TValue]> {
		for (let entry = table.f; entry !== undefined; entry = entry.n) yield [entry.key, entry.value];
	}

	// ----------------------------------------------------------------------------------------------------------- calls

	private push(L: LuaThread, value: TValue): void {
		L.stack[L.top++] = new TValue(value.type, value.value);
	}

	/**
	 * Calls a function of the host with values that Lua has no hand in: without Lua where that is possible. Throws what it throws.
	 */
	call_native(callee: TValue, args: readonly TValue[]): readonly TValue[] {
		const run = this.natives.get(callee.value as object);
		if (run === undefined) return this.call(callee, args);
		const results = run(args, this.current);
		if (results === undefined) return no_results;
		if (is_single(results)) return [results];
		if (results instanceof Waiting) throw new Error("the function waits");
		return results;
	}

	/** Calls something from the host; throws a {@link LuaError} where Lua raises an error. */
	call(callee: TValue, args: readonly TValue[]): readonly TValue[] {
		const L = this.current;
		const base = L.top;
		L.l_G.watch?.entered();
		lua.lua_checkstack(L, args.length + 4);
		this.push(L, this.message_handler);
		this.push(L, callee);
		for (const arg of args) this.push(L, arg);
		if (this.depth++ === 0) this.start_clock();
		let status: number;
		try {
			status = lua.lua_pcall(L, args.length, lua.LUA_MULTRET, base - L.ci.funcOff);
		} finally {
			this.depth--;
			this.current = L;
		}
		return this.finish(L, base, status);
	}

	/** The same; where the code waits for something, the answer comes later. */
	call_waiting(callee: TValue, args: readonly TValue[]): readonly TValue[] | WaitingValues {
		const L = this.current;
		const thread = this.threads.take(L);
		L.l_G.watch?.entered();
		lua.lua_checkstack(thread, args.length + 4);
		this.push(thread, callee);
		for (const arg of args) this.push(thread, arg);
		if (this.depth++ === 0) this.start_clock();
		this.current = thread;
		let status: number;
		try {
			status = lua.lua_resume(thread, L, args.length);
		} finally {
			this.depth--;
			this.current = L;
		}
		return this.threads.settle(L, thread, status);
	}

	/** `coroutine.resume`, made of Lua's own. */
	resume_function(resume: LuaCFunction): TValue {
		return new TValue(tags.native_function, (L: LuaThread) => this.threads.resumed(L, resume));
	}

	/** Runs native code with Lua's error handling around it; returns what it leaves on the stack. */
	private protect(run: (L: LuaThread) => number): readonly TValue[] {
		this.next_work = run;
		return this.call(this.work, no_results);
	}

	/** Removes the results from the stack. */
	private finish(L: LuaThread, base: number, status: number): readonly TValue[] {
		if (status !== lua.LUA_OK) {
			const value = this.pop(L);
			while (L.top > base) lua.lua_pop(L, 1);
			const { traceback } = this;
			this.traceback = "";
			if (status < 0) throw new Error("the Lua machine failed");
			throw new LuaError(this.describe(value), value, traceback);
		}
		const count = L.top - base - 1;
		if (count === 0) {
			lua.lua_pop(L, 1);
			return no_results;
		}
		const results: TValue[] = [];
		for (let i = 0; i < count; i++) {
			const slot = L.stack[base + 1 + i] ?? nil;
			results.push(new TValue(slot.type, slot.value));
		}
		lua.lua_pop(L, count + 1);
		return results;
	}

	private describe(value: TValue): string {
		if (value.type === tags.table && (value.value as Table).metatable === null) return "(error object is a table)";
		try {
			return this.to_string(value);
		} catch {
			return "(error object without text)";
		}
	}

	private on_error(L: LuaThread): number {
		if (this.traceback === "") {
			lauxlib.luaL_tolstring(L, 1);
			const message = lua.lua_tolstring(L, -1);
			lua.lua_pop(L, 1);
			lauxlib.luaL_traceback(L, L, message, 1);
			const bytes = lua.lua_tolstring(L, -1);
			this.traceback = bytes === null ? "" : text_of(bytes);
			lua.lua_pop(L, 1);
		}
		return 1;
	}

	/** Makes a Lua error of an exception of the host. */
	private on_native_error(L: LuaThread): number {
		const error = lua.lua_touserdata(L, 1);
		this.push(L, error instanceof LuaError ? error.value : string_value(error instanceof Error ? error.message : String(error)));
		return 1;
	}

	/** A function of the host for Lua. What it throws becomes a Lua error with the caller's position. */
	native(run: NativeFunction): TValue {
		return new TValue(tags.native_function, (L: LuaThread): number => {
			const before = this.current;
			this.current = L;
			L.l_G.instructions -= cost_of_a_call;
			try {
				const first = L.ci.funcOff + 1;
				const results = run(L.top === first ? no_results : L.stack.slice(first, L.top), L);
				if (results === undefined) return 0;
				if (is_single(results)) {
					this.push(L, results);
					return 1;
				}
				if (results instanceof Waiting) return this.threads.wait(L, results);
				lua.lua_checkstack(L, results.length);
				for (const result of results) this.push(L, result);
				return results.length;
			} catch (error) {
				if (!(error instanceof Error)) throw error;
				if (error instanceof LuaError) this.push(L, error.value);
				else {
					lauxlib.luaL_where(L, 1);
					const position = this.pop(L).value as { getstr(): Uint8Array };
					this.push(L, string_value(text_of(position.getstr()) + error.message));
				}
				return lua.lua_error(L);
			} finally {
				this.current = before;
			}
		});
	}

	/** A function for Lua that does nothing but log. It has to use {@link logged} for the text. */
	logger(run: NativeFunction): TValue {
		const value = this.native(run);
		this.loggers.add(value.value as object);
		return value;
	}

	/** The text of a line for the log, which is only made where the line is written. */
	logged(text: () => string): object {
		return {
			toString: () => {
				this.watch?.stop();
				return text();
			},
		};
	}

	/** Compiles a chunk with its environment; the error says where it goes wrong. */
	load(code: Uint8Array, chunk_name: string, environment: TValue): Result<TValue, string> {
		const L = this.current;
		// only inside code that already runs; what the host loads has a time limit of its own
		if (this.depth > 0) spend(L, code.length >> 2);
		const readable = readable_code(code);
		if (!readable.ok) return failed(`${chunk_name.replace(/^[=@]/, "")}:${readable.error}`);
		const { value } = readable;
		const status = lauxlib.luaL_loadbufferx(L, value, value.length, bytes_of(chunk_name), bytes_of("t"));
		if (status !== lua.LUA_OK) {
			const message = this.describe(this.pop(L));
			return failed(message);
		}
		const compiled = L.stack[L.top - 1]?.value;
		if (value !== code && compiled instanceof lobject.LClosure) find_marks(compiled.p);
		this.push(L, environment);
		if (lua.lua_setupvalue(L, -2, 1) === null) lua.lua_pop(L, 1);
		return ok(this.pop(L));
	}

	/** Runs something that may take longer, such as loading a module; the time is in seconds. */
	with_timeout<Value>(timeout: number, run: () => Value): Value {
		return this.clock.with_timeout(timeout, run);
	}

	private start_clock(): void {
		this.traceback = "";
		this.clock.start(this.current);
	}
}
