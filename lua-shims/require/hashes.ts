// Counterpart: util/hashes.c, util/hmac.lua

import * as hashes from "../../host/util/hashes.ts";
import type { LuaContext } from "../context.ts";
import {
	bad_argument,
	boolean_value,
	buffer_value,
	bytes_at,
	integer_at,
	is_true,
	make_library,
	optional_bytes_at,
} from "../vm/arguments.ts";
import type { TValue } from "../vm/fengari.ts";
import { string_value } from "../vm/live_table.ts";
import type { NativeFunction } from "../vm/vm.ts";

function value_of(digest: Buffer | string): TValue {
	return typeof digest === "string" ? string_value(digest) : buffer_value(digest);
}

const hash =
	(name: string, digest: hashes.Hash): NativeFunction =>
	(args) =>
		value_of(digest(bytes_at(args, 1, name), is_true(args[1])));

const hmac =
	(name: string, digest: hashes.Hmac): NativeFunction =>
	(args) =>
		value_of(digest(bytes_at(args, 1, name), bytes_at(args, 2, name), is_true(args[2])));

/** How many iterations a key may take: a second or two. */
const most_iterations = 2_000_000;

const pbkdf2 =
	(name: string, derive: hashes.Pbkdf2): NativeFunction =>
	(args) => {
		const iterations = integer_at(args, 3, name);
		// it cannot be interrupted
		if (iterations > most_iterations) throw bad_argument(3, name, `at most ${most_iterations} iterations, got ${iterations}`);
		if (iterations < 1) throw bad_argument(3, name, `expected at least one iteration, got ${iterations}`);
		return buffer_value(derive(bytes_at(args, 1, name), bytes_at(args, 2, name), iterations));
	};

const hkdf =
	(name: string, derive: hashes.Hkdf): NativeFunction =>
	(args) => {
		const length = integer_at(args, 1, name);
		if (length < 0) throw bad_argument(1, name, `expected a length, got ${length}`);
		return buffer_value(derive(length, bytes_at(args, 2, name), optional_bytes_at(args, 3, name), bytes_at(args, 4, name)));
	};

const hash_functions = {
	sha1: hashes.sha1,
	sha224: hashes.sha224,
	sha256: hashes.sha256,
	sha384: hashes.sha384,
	sha512: hashes.sha512,
	md5: hashes.md5,
	sha3_256: hashes.sha3_256,
	sha3_512: hashes.sha3_512,
	blake2s256: hashes.blake2s256,
	blake2b512: hashes.blake2b512,
};

const hmac_functions = {
	sha1: hashes.hmac_sha1,
	sha224: hashes.hmac_sha224,
	sha256: hashes.hmac_sha256,
	sha384: hashes.hmac_sha384,
	sha512: hashes.hmac_sha512,
	md5: hashes.hmac_md5,
	sha3_256: hashes.hmac_sha3_256,
	sha3_512: hashes.hmac_sha3_512,
	blake2s256: hashes.hmac_blake2s256,
	blake2b512: hashes.hmac_blake2b512,
};

/** `util.hashes`. */
export function hashes_library(host: LuaContext): TValue {
	const functions: { [name: string]: NativeFunction } = {};
	for (const [name, digest] of Object.entries(hash_functions)) functions[name] = hash(name, digest);
	for (const [name, digest] of Object.entries(hmac_functions)) functions[`hmac_${name}`] = hmac(`hmac_${name}`, digest);
	return make_library(host.vm, {
		...functions,
		// the name before version 0.10
		scram_Hi_sha1: pbkdf2("scram_Hi_sha1", hashes.pbkdf2_hmac_sha1),
		pbkdf2_hmac_sha1: pbkdf2("pbkdf2_hmac_sha1", hashes.pbkdf2_hmac_sha1),
		pbkdf2_hmac_sha256: pbkdf2("pbkdf2_hmac_sha256", hashes.pbkdf2_hmac_sha256),
		hkdf_hmac_sha256: hkdf("hkdf_hmac_sha256", hashes.hkdf_hmac_sha256),
		hkdf_hmac_sha384: hkdf("hkdf_hmac_sha384", hashes.hkdf_hmac_sha384),
		equals: (args) => boolean_value(hashes.equals(bytes_at(args, 1, "equals"), bytes_at(args, 2, "equals"))),
		version: string_value("-3.14"),
	});
}

/** `util.hmac`, as modules from before version 0.9 call it. */
export function hmac_library(host: LuaContext): TValue {
	const names = ["md5", "sha1", "sha224", "sha256", "sha384", "sha512", "blake2s256", "blake2b512"];
	return make_library(
		host.vm,
		Object.fromEntries(names.map((name) => [name, host.libraries.function_of("util.hashes", `hmac_${name}`)])),
	);
}
