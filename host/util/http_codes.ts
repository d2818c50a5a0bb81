// Counterpart: net/http/codes.lua

import { STATUS_CODES } from "node:http";

/** Names that differ from Node's: those of RFC 9110, and what lies beyond it. */
const names: ReadonlyMap<number, string> = new Map([
	[413, "Content Too Large"],
	[418, "I'm a teapot"],
	[422, "Unprocessable Content"],
]);
/** Node knows this one, the registry of status codes does not. */
const unassigned = new Set([509]);

/** The name of a status code in the IANA registry, such as `Not Found`; undefined where it has none. */
export function code_name(code: number): string | undefined {
	return unassigned.has(code) ? undefined : (names.get(code) ?? STATUS_CODES[code]);
}

/** Code and name, as in a status line: `404 Not Found`; `299 Unassigned` without a name. */
export function code_text(code: number): string {
	return `${code} ${code_name(code) ?? "Unassigned"}`;
}
