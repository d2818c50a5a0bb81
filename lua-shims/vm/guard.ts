// No counterpart: counts what runs, so that code that goes on too long can be stopped.

import type { LuaThread } from "./fengari.ts";

/**
 * Counts work, also that of native code, as instructions; when there were as many as may run between two looks, the guard
 * looks at the clock and raises an error where the time is over.
 */
export function spend(L: LuaThread, instructions: number): void {
	const { l_G } = L;
	if (l_G.guard === undefined) return;
	l_G.instructions -= instructions;
	if (l_G.instructions < 0) l_G.guard(L);
}

/** How many bytes are copied or compared in the time of one instruction. */
const bytes_per_instruction = 256;

/** The same for work on a given number of bytes. */
export function spend_bytes(L: LuaThread, bytes: number): void {
	if (bytes >= bytes_per_instruction) spend(L, Math.floor(bytes / bytes_per_instruction));
}
