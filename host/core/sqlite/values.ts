// No counterpart: LuaDBI binds Lua's strings, which are bytes.

import { bytes_of } from "../../util/byte_text.ts";
import type { SqlValue } from "../types.ts";

/** Half of a surrogate pair. */
const lone_surrogate = /\p{Surrogate}/u;

/** Values for the database, in place: text that holds bytes which are no UTF-8 goes as those bytes. */
export function bind(values: SqlValue[]): SqlValue[] {
	for (const [at, value] of values.entries()) {
		if (typeof value === "string" && lone_surrogate.test(value)) values[at] = bytes_of(value);
	}
	return values;
}
