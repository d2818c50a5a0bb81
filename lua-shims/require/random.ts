// Counterpart: util/random.lua, util/crand.c, util/id.lua, util/uuid.lua

import { randomBytes } from "node:crypto";
import * as id from "../../host/util/id.ts";
import * as uuid from "../../host/util/uuid.ts";
import type { LuaContext } from "../context.ts";
import { bad_argument, buffer_value, integer_at, make_library } from "../vm/arguments.ts";
import type { TValue } from "../vm/fengari.ts";
import { string_value } from "../vm/live_table.ts";

/** More at once is a mistake. */
const max_bytes = 2 ** 24;

function count_at(args: readonly TValue[], name: string): number {
	const count = integer_at(args, 1, name);
	if (count < 0) throw bad_argument(1, name, "must be > 0");
	if (count > max_bytes) throw bad_argument(1, name, `expected at most ${max_bytes}, got ${count}`);
	return count;
}

/** `util.random`, and `util.crand` behind it. */
export function random_library(host: LuaContext): TValue {
	return make_library(host.vm, {
		bytes: (args) => buffer_value(randomBytes(count_at(args, "bytes"))),
		// PARITY: older modules seed it, although that was never needed
		seed: () => undefined,
		_source: string_value("OpenSSL"),
	});
}

/** `util.id`. */
export function id_library(host: LuaContext): TValue {
	return make_library(host.vm, {
		tiny: () => string_value(id.tiny()),
		short: () => string_value(id.short()),
		medium: () => string_value(id.medium()),
		long: () => string_value(id.long()),
		custom(args) {
			const make = id.custom(count_at(args, "custom"));
			return host.vm.native(() => string_value(make()));
		},
	});
}

/** `util.uuid`. */
export function uuid_library(host: LuaContext): TValue {
	return make_library(host.vm, {
		v4: () => string_value(uuid.v4()),
		generate: () => string_value(uuid.generate()),
		v7: () => string_value(uuid.v7()),
		get_nibbles: (args) => string_value(uuid.get_nibbles(count_at(args, "get_nibbles"))),
		seed: () => undefined,
	});
}
