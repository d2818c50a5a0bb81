// Counterpart: util/format.lua (what a message shows of its arguments)

import { format } from "node:util";

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what a line of a log must not hold
const invisible = /[\u0000-\u0008\u000a-\u001f\u007f-\u009f]/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what a line of a log must not hold
const control = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

/** Pictures of control characters, U+2400 and on; the later ones have none. */
function picture(character: string): string {
	const code = character.charCodeAt(0);
	if (code < 0x20) return String.fromCharCode(0x2400 + code);
	return code === 0x7f ? "\u2421" : "\ufffd";
}

/**
 * Text as a log shows it: nothing in it can look like another line, or control a terminal. Lines after the first are
 * indented.
 */
export function visible(text: string): string {
	return invisible.test(text) ? text.replace(control, picture).replace(/\n\t?/g, "\n\t") : text;
}

function printable(value: unknown): unknown {
	return typeof value === "object" && value !== null && !(value instanceof Error) ? String(value) : value;
}

/** A message with its arguments: `%q` quotes as Lua's does, everything else is Node's. */
export function format_message(message: string, args: readonly unknown[]): string {
	const text = args.length === 0 ? message : format(message.replaceAll("%q", "%j"), ...args.map(printable));
	return visible(text);
}
