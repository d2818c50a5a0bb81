// Counterpart: util/encodings.c

import { create_skeleton } from "../../host/util/confusables.ts";
import * as encodings from "../../host/util/encodings.ts";
import type { LuaContext } from "../context.ts";
import {
	bad_argument,
	boolean_value,
	buffer_value,
	bytes_at,
	is_none,
	make_library,
	text_at,
	type_name,
} from "../vm/arguments.ts";
import type { TValue } from "../vm/fengari.ts";
import { nil, number_value, string_value } from "../vm/live_table.ts";
import type { NativeFunction } from "../vm/vm.ts";

function prep(name: string, prepare: (text: string, strict: boolean) => string | undefined): NativeFunction {
	return (args) => {
		const text = text_at(args, 1, name);
		const strict = args[1];
		if (!is_none(strict) && typeof strict.value !== "boolean")
			throw bad_argument(2, name, `boolean expected, got ${type_name(strict)}`);
		const prepared = prepare(text, strict?.value === true);
		return prepared === undefined ? nil : string_value(prepared);
	};
}

/** Converts a domain name; nil for text that is not UTF-8. */
function domain(name: string, convert: (text: string) => string | undefined): NativeFunction {
	return (args) => {
		const text = text_at(args, 1, name);
		const converted = encodings.utf8_valid(text) ? convert(text) : undefined;
		return converted === undefined ? nil : string_value(converted);
	};
}

/** `util.encodings`. */
export function encodings_library(host: LuaContext): TValue {
	let skeleton_of: ((text: string) => string) | undefined;
	return make_library(host.vm, {
		confusable: {
			skeleton(args) {
				const text = text_at(args, 1, "skeleton");
				if (!encodings.utf8_valid(text)) return nil;
				skeleton_of ??= create_skeleton();
				return string_value(skeleton_of(text));
			},
		},
		base64: {
			encode: (args) => string_value(encodings.base64_encode(bytes_at(args, 1, "encode"))),
			decode(args) {
				const bytes = encodings.base64_decode(bytes_at(args, 1, "decode"));
				return bytes === undefined ? undefined : buffer_value(bytes);
			},
		},
		stringprep: {
			nameprep: prep("nameprep", encodings.nameprep),
			nodeprep: prep("nodeprep", encodings.nodeprep),
			resourceprep: prep("resourceprep", encodings.resourceprep),
			saslprep: prep("saslprep", encodings.saslprep),
		},
		idna: {
			to_ascii: domain("to_ascii", encodings.idna_to_ascii),
			to_unicode: domain("to_unicode", encodings.idna_to_unicode),
		},
		utf8: {
			valid: (args) => boolean_value(encodings.utf8_valid(bytes_at(args, 1, "valid"))),
			length(args) {
				const length = encodings.utf8_length(bytes_at(args, 1, "length"));
				return length === undefined ? [nil, string_value("invalid utf8")] : number_value(length);
			},
		},
		version: string_value("-3.14"),
	});
}
