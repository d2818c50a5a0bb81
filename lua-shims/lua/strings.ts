// Counterpart: lstrlib.c (string.char, string.rep)

import { bad_argument, buffer_value, bytes_at, integer_at, optional_bytes_at } from "../require/arguments.ts";
import type { NativeFunction } from "../vm.ts";

/** Longer strings would take the server's memory from everybody else. */
const max_length = 2 ** 28;

/** `string.char`. */
export const char: NativeFunction = (args) => {
	const bytes = new Uint8Array(args.length);
	for (let index = 0; index < args.length; index++) {
		const code = integer_at(args, index + 1, "char");
		if (code < 0 || code > 255) throw bad_argument(index + 1, "char", "value out of range");
		bytes[index] = code;
	}
	return buffer_value(bytes);
};

/** `string.rep`, up to a limit. */
export const repeat: NativeFunction = (args) => {
	const text = bytes_at(args, 1, "rep");
	const count = integer_at(args, 2, "rep");
	const separator = optional_bytes_at(args, 3, "rep");
	if (count <= 0) return buffer_value(new Uint8Array());
	const unit = separator === undefined ? text : Buffer.concat([text, separator]);
	const length = unit.length * count - (separator?.length ?? 0);
	if (length > max_length) throw new Error("resulting string too large");
	if (length === 0) return buffer_value(new Uint8Array());
	return buffer_value(Buffer.alloc(length, unit));
};
