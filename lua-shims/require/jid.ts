// Counterpart: util/jid.lua

import * as jid from "../../host/util/jid.ts";
import type { LuaContext } from "../context.ts";
import { type Arguments, boolean_value, is_none, is_true, make_library, optional_text_at } from "../vm/arguments.ts";
import type { TValue } from "../vm/fengari.ts";
import { nil, string_value } from "../vm/live_table.ts";

const none: readonly TValue[] = [];
const no_parts: readonly TValue[] = [nil, nil, nil];

function value_of(text: string | undefined): TValue {
	return text === undefined ? nil : string_value(text);
}

function values_of({ node, host, resource }: jid.JidParts): readonly TValue[] {
	return [value_of(node), value_of(host), value_of(resource)];
}

/** `util.jid`. */
export function jid_library(host: LuaContext): TValue {
	const part =
		(name: string, of: (text: string | undefined) => string | undefined) =>
		(args: Arguments): TValue =>
			value_of(of(optional_text_at(args, 1, name)));
	return make_library(host.vm, {
		split(args) {
			const text = optional_text_at(args, 1, "split");
			if (text === undefined) return none;
			const parts = jid.split(text);
			return parts.host === undefined ? no_parts : values_of(parts);
		},
		bare: part("bare", jid.bare),
		node: part("node", jid.node),
		host: part("host", jid.host),
		resource: part("resource", jid.resource),
		prepped_split(args) {
			const parts = jid.prepped_split(optional_text_at(args, 1, "prepped_split"), is_true(args[1]));
			return parts.host === undefined ? none : values_of(parts);
		},
		prep(args) {
			const text = jid.prep(optional_text_at(args, 1, "prep"), is_true(args[1]));
			return text === undefined ? none : string_value(text);
		},
		join(args) {
			if (is_none(args[1])) return none;
			return value_of(
				jid.join(optional_text_at(args, 1, "join"), optional_text_at(args, 2, "join"), optional_text_at(args, 3, "join")),
			);
		},
		compare: (args) => boolean_value(jid.compare(optional_text_at(args, 1, "compare"), optional_text_at(args, 2, "compare"))),
		escape: part("escape", jid.escape),
		unescape: part("unescape", jid.unescape),
	});
}
