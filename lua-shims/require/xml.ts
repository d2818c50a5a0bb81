// Counterpart: util/xml.lua

import { parse } from "../../host/util/xml.ts";
import type { TValue } from "../fengari.ts";
import { nil, string_value } from "../live_table.ts";
import type { LuaHost } from "../lua_host.ts";
import { make_library, text_at } from "./arguments.ts";

/**
 * `util.xml`. A text that is no element answers nil and an error text, as do a document type, comments and processing instructions:
 * these are refused even where the options (Prosody 13) would allow them.
 */
export function xml_library(host: LuaHost): TValue {
	return make_library(host, {
		parse(args) {
			const stanza = parse(text_at(args, 1, "parse"));
			return stanza === undefined ? [nil, string_value("not well-formed")] : host.border.to_lua(stanza);
		},
	});
}
