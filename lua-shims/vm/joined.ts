// Counterpart: lauxlib.c (luaL_Buffer)

import { buffer_value } from "./arguments.ts";
import type { LuaThread, TValue } from "./fengari.ts";
import { spend_bytes } from "./guard.ts";
import { max_length } from "./opcodes.ts";

/** A string that is put together of parts, each of which counts against the time that code may run. */
export class Joined {
	private readonly parts: Uint8Array[] = [];
	private length = 0;

	constructor(private readonly thread: LuaThread) {}

	/** Throws where it becomes longer than strings may be. */
	add(part: Uint8Array): void {
		this.length += part.length;
		if (this.length > max_length) throw new Error("resulting string too large");
		spend_bytes(this.thread, part.length);
		this.parts.push(part);
	}

	/** All of it. */
	value(): TValue {
		return buffer_value(Buffer.concat(this.parts, this.length));
	}
}
