// Counterpart: lfunc.c of Lua 5.4 (luaF_newtbcupval, luaF_close): variables that are to be closed where their block ends

import { closing_mark } from "./attributes.ts";
import { type LuaThread, lfunc, lua, type Prototype, type Table, TString, TValue } from "./fengari.ts";
import { nil, string_value, tags } from "./live_table.ts";
import { fail } from "./operators.ts";

/** Has closures keep their variables; as fengari has it, which the machine replaces for what errors end. */
export const { luaF_close } = lfunc;

/** Functions that are such marks. */
const marks = new WeakSet<Prototype>();

/** Searches compiled code for marks. */
export function find_marks(prototype: Prototype): void {
	for (const inner of prototype.p) {
		if (inner.k.some(({ value }) => value instanceof TString && value.text === closing_mark)) marks.add(inner);
		else find_marks(inner);
	}
}

/** Whether a function is a mark and not part of the code. */
export function is_mark(prototype: Prototype): boolean {
	return marks.has(prototype);
}

function close_method(L: LuaThread, value: TValue): TValue {
	const metatable =
		value.type === tags.table || value.type === tags.userdata ? (value.value as { metatable: Table | null }).metatable : null;
	if (metatable === null) return nil;
	L.stack[L.top++] = new TValue(tags.table, metatable);
	L.stack[L.top++] = string_value("__close");
	lua.lua_rawget(L, -2);
	const slot = L.stack[L.top - 1] ?? nil;
	const method = new TValue(slot.type, slot.value);
	lua.lua_pop(L, 2);
	return method;
}

/** Notes that a slot is to be closed when its block ends, unless it is nil or false. */
export function mark_for_closing(L: LuaThread, slot: number, name: string): void {
	const value = L.stack[slot] ?? nil;
	if (value.type === tags.nil || value.value === false) return;
	if (close_method(L, value).ttisnil()) fail(L, `variable '${name}' got a non-closable value`);
	L.closing ??= [];
	L.closing.push(slot);
}

/** Whether something from a slot on is to be closed. */
export function closes(L: LuaThread, level: number): boolean {
	const last = L.closing?.at(-1);
	return last !== undefined && last >= level;
}

/** Removes the last slot from a level on, and returns its value. */
function take(L: LuaThread, level: number): TValue | undefined {
	const last = L.closing?.at(-1);
	if (last === undefined || last < level) return undefined;
	L.closing?.pop();
	const value = L.stack[last] ?? nil;
	return new TValue(value.type, value.value);
}

/** Closes variables from a slot on, the last one first, when code leaves a block normally. */
export function close_from(L: LuaThread, level: number): void {
	for (let value = take(L, level); value !== undefined; value = take(L, level)) {
		push_call(L, value, nil);
		lua.lua_call(L, 2, 0);
	}
}

/** The same when an error leaves the block; it is on top of the stack, and an error in closing replaces it. */
export function close_after_error(L: LuaThread, level: number): void {
	for (let value = take(L, level); value !== undefined; value = take(L, level)) {
		const error = L.stack[L.top - 1] ?? nil;
		push_call(L, value, new TValue(error.type, error.value));
		lua.lua_pcall(L, 2, 0, 0);
	}
}

/**
 * Closes what a coroutine still has open, from another thread.
 * @param error why it ended, if with an error
 * @returns that, or the last error in closing
 */
export function close_coroutine_variables(L: LuaThread, coroutine: LuaThread, error: TValue | undefined): TValue | undefined {
	let last = error;
	for (let value = take(coroutine, 0); value !== undefined; value = take(coroutine, 0)) {
		push_call(L, value, last ?? nil);
		if (lua.lua_pcall(L, 2, 0, 0) === lua.LUA_OK) continue;
		const raised = L.stack[L.top - 1] ?? nil;
		last = new TValue(raised.type, raised.value);
		lua.lua_pop(L, 1);
	}
	return last;
}

function push_call(L: LuaThread, value: TValue, error: TValue): void {
	lua.lua_checkstack(L, 4);
	const method = close_method(L, value);
	for (const one of [method, value, error]) L.stack[L.top++] = new TValue(one.type, one.value);
}
