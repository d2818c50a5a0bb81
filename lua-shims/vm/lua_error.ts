// No counterpart: what Lua code raises, as the host throws it.

import type { TValue } from "./fengari.ts";

/** An error that Lua code raised and nobody there caught. */
export class LuaError extends Error {
	/**
	 * @param value what was raised
	 * @param traceback the calls that led there, innermost first
	 */
	constructor(
		message: string,
		readonly value: TValue,
		readonly traceback: string,
	) {
		super(message);
		this.name = "LuaError";
		this.stack = traceback === "" ? message : traceback;
	}
}
