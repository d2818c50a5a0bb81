// Counterpart: util/xml.lua

import { parse } from "../../host/util/xml.ts";
import type { LuaContext } from "../context.ts";
import { make_library, text_at } from "../vm/arguments.ts";
import type { TValue } from "../vm/fengari.ts";
import { nil, string_value } from "../vm/live_table.ts";

/**
 * `util.xml`. Gives nil and an error text for anything but one element, and for a document type, comments and processing
 * instructions: these are refused even where the options (Prosody 13) would allow them.
 */
export function xml_library(host: LuaContext): TValue {
	return make_library(host.vm, {
		parse(args) {
			const stanza = parse(text_at(args, 1, "parse"));
			return stanza === undefined ? [nil, string_value("not well-formed")] : host.border.to_lua(stanza);
		},
	});
}
