// Counterpart: lstrlib.c of Lua 5.4 (string.char, string.gmatch, string.rep)

import { bad_argument, buffer_value, bytes_at, integer_at, is_none, kept, optional_bytes_at } from "../vm/arguments.ts";
import type { TValue } from "../vm/fengari.ts";
import { nil, number_value } from "../vm/live_table.ts";
import type { NativeFunction, Vm } from "../vm/vm.ts";

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

/**
 * `string.gmatch` with the third argument that it has since Lua 5.4: where to begin.
 * @param original fengari's, which knows only two
 * @param find `string.find`
 */
export function create_gmatch(vm: Vm, original: TValue, find: TValue): NativeFunction {
	return (args) => {
		if (is_none(args[2])) return vm.call(original, args);
		const text = kept(args[0]);
		const pattern = kept(args[1]);
		const { length } = bytes_at(args, 1, "gmatch");
		const given = integer_at(args, 3, "gmatch");
		let position = given > 0 ? given : Math.max(1, length + given + 1);
		let last_end = -1;
		return vm.native(() => {
			while (position <= length + 1) {
				const [start = nil, end = nil, ...captures] = vm.call(find, [text, pattern, number_value(position)]);
				if (start.ttisnil()) break;
				const from = Number(start.value);
				const to = Number(end.value);
				position = Math.max(to + 1, position);
				// nothing is found twice in one place
				if (to < from && to === last_end) {
					position = from + 1;
					continue;
				}
				last_end = to;
				if (captures.length > 0) return captures;
				return buffer_value(Uint8Array.from(bytes_at([text], 1, "gmatch").subarray(from - 1, to)));
			}
			position = length + 2;
			return nil;
		});
	};
}
