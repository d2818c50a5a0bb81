// Counterpart: net/http/server.lua, net/http.lua (content), as it passes between Lua and the host

import { isUtf8 } from "node:buffer";
import type { HttpBody, HttpSource } from "../host/core/types.ts";
import type { LuaContext } from "./context.ts";
import { entries_of } from "./store_values.ts";
import { type Table, TValue } from "./vm/fengari.ts";
import {
	bytes_value,
	is_function,
	type LiveTable,
	nil,
	number_value,
	string_value,
	tags,
	text_of_string,
} from "./vm/live_table.ts";
import { bytes_of } from "./vm/text.ts";

/** A copy of a value that stays valid after the call that it was an argument of. */
export function kept(value: TValue): TValue {
	return new TValue(value.type, value.value);
}

/** Content from Lua: bytes, where it is not plain text. */
export function body_of(value: TValue | undefined): HttpBody | undefined {
	if (value === undefined || value.ttisnil()) return undefined;
	if (typeof value.value === "number") return String(value.value);
	if ((value.type & 15) !== 4) return undefined;
	const bytes = bytes_of(text_of_string(value));
	return isUtf8(bytes) ? text_of_string(value) : bytes;
}

/** A source in Lua that is read piece by piece: an open file, or a table with `read` and `close`. */
export function source_of(host: LuaContext, value: TValue): HttpSource {
	const { vm } = host;
	const source = kept(value);
	const method = (name: string): TValue => vm.index(source, string_value(name));
	return {
		read(bytes) {
			const [piece] = vm.call(method("read"), [source, number_value(bytes)]);
			return piece === undefined || (piece.type & 15) !== 4 ? undefined : bytes_of(text_of_string(piece));
		},
		close() {
			const close = method("close");
			if (is_function(close)) vm.call(close, [source]);
		},
	};
}

/** A sink in Lua that takes content piece by piece: an open file, or a table with `write`. */
export function sink_of(host: LuaContext, value: TValue): { write(chunk: Buffer): unknown } {
	const { vm, border } = host;
	const sink = kept(value);
	return {
		write(chunk) {
			const [answer = nil] = vm.call(vm.index(sink, string_value("write")), [sink, bytes_value(chunk)]);
			return border.from_lua(answer);
		},
	};
}

/** Sets the header fields that a Lua table has. */
export function take_headers(
	host: LuaContext,
	response: { headers: { [name: string]: string | number | undefined } },
	value: TValue,
): void {
	if (value.type !== tags.table) return;
	for (const [name, field] of entries_of(host, value.value as Table | LiveTable)) {
		const known = host.border.from_lua(field);
		if (typeof name === "string" && (typeof known === "string" || typeof known === "number")) response.headers[name] = known;
	}
}
