// Counterpart: lauxlib.c (luaL_Buffer)

import { buffer_value } from "./arguments.ts";
import type { LuaThread, TValue } from "./fengari.ts";
import { spend_bytes } from "./guard.ts";
import { max_length } from "./opcodes.ts";

/** A string made of parts, each of which counts towards the time limit. */
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

	/** The whole string. */
	value(): TValue {
		return buffer_value(Buffer.concat(this.parts, this.length));
	}
}
