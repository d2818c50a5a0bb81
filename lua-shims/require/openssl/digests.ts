// Counterpart: luaossl's openssl.c (openssl.digest, openssl.hmac, openssl.rand, openssl.kdf)

import { createHash, createHmac, type Hmac, hkdfSync, pbkdf2Sync, randomBytes, randomInt } from "node:crypto";
import type { LuaContext } from "../../context.ts";
import {
	type Arguments,
	bad_argument,
	boolean_value,
	buffer_value,
	bytes_at,
	integer_at,
	is_none,
	make_library,
	optional_text_at,
	table_at,
	text_at,
} from "../../vm/arguments.ts";
import type { TValue } from "../../vm/fengari.ts";
import { number_value, string_value } from "../../vm/live_table.ts";
import { ObjectKind } from "../../vm/userdata.ts";

/** How much data a digest keeps, which has to be there as a whole where it is signed, in bytes. */
const most_data = 2 ** 26;
const most_random_bytes = 2 ** 20;
const most_iterations = 2_000_000;
const most_key_bytes = 2 ** 16;

/** Data that is collected to be hashed or signed. */
export class Digest {
	private readonly chunks: Buffer[] = [];
	private size = 0;

	/** @param algorithm its name in OpenSSL */
	constructor(readonly algorithm: string) {}

	/** Adds data. */
	update(data: Buffer): void {
		this.size += data.length;
		if (this.size > most_data) throw new RangeError(`more than ${most_data} bytes are digested`);
		this.chunks.push(Buffer.from(data));
	}

	/** All that was added. */
	data(): Buffer {
		return Buffer.concat(this.chunks);
	}

	/** The hash of all that was added, after which there is nothing again. */
	final(): Buffer {
		const hash = createHash(this.algorithm).update(this.data()).digest();
		this.chunks.length = 0;
		this.size = 0;
		return hash;
	}
}

/** The name of a digest that there is. Throws where there is none. */
export function digest_at(args: Arguments, index: number, name: string, fallback = "sha1"): string {
	const algorithm = (optional_text_at(args, index, name) ?? fallback).toLowerCase();
	try {
		createHash(algorithm);
		return algorithm;
	} catch {
		throw bad_argument(index, name, `${text_at(args, index, name)}: invalid digest type`);
	}
}

/** Hands each argument from an index on over as bytes. */
export function each_bytes(args: Arguments, from: number, name: string, take: (bytes: Buffer) => void): void {
	for (let index = from; index <= args.length; index++) take(bytes_at(args, index, name));
}

/** The kind of digests. */
export function digest_kind(host: LuaContext): ObjectKind<Digest> {
	return new ObjectKind<Digest>(host.vm, "EVP_MD_CTX*", () => ({
		methods: {
			update(digest, args) {
				each_bytes(args, 2, "update", (bytes) => digest.update(bytes));
				return args[0];
			},
			final(digest, args) {
				each_bytes(args, 2, "final", (bytes) => digest.update(bytes));
				return buffer_value(digest.final());
			},
		},
	}));
}

/** `openssl.digest`. */
export function digest_library(host: LuaContext, kind: ObjectKind<Digest>): TValue {
	return make_library(host.vm, { new: (args, L) => kind.value(L, new Digest(digest_at(args, 1, "new"))) });
}

/** `openssl.hmac`. */
export function hmac_library(host: LuaContext): TValue {
	const kind = new ObjectKind<{ hmac: Hmac }>(host.vm, "HMAC_CTX*", () => ({
		methods: {
			update({ hmac }, args) {
				each_bytes(args, 2, "update", (bytes) => void hmac.update(bytes));
				return args[0];
			},
			final({ hmac }, args) {
				each_bytes(args, 2, "final", (bytes) => void hmac.update(bytes));
				return buffer_value(hmac.digest());
			},
		},
	}));
	return make_library(host.vm, {
		new(args, L) {
			const key = bytes_at(args, 1, "new");
			return kind.value(L, { hmac: createHmac(digest_at(args, 2, "new"), key) });
		},
	});
}

/** `openssl.rand`. */
export function rand_library(host: LuaContext): TValue {
	return make_library(host.vm, {
		bytes(args) {
			const count = integer_at(args, 1, "bytes");
			if (count < 0 || count > most_random_bytes) throw bad_argument(1, "bytes", `expected 0 to ${most_random_bytes}`);
			return buffer_value(randomBytes(count));
		},
		uniform(args) {
			if (is_none(args[0])) return number_value(randomInt(2 ** 48 - 1));
			const end = integer_at(args, 1, "uniform");
			if (end < 2 || end >= 2 ** 48) throw bad_argument(1, "uniform", `[0, ${end}): interval is empty, or too large`);
			return number_value(randomInt(end));
		},
		ready: () => boolean_value(true),
	});
}

/** `openssl.kdf`: HKDF and PBKDF2. */
export function kdf_library(host: LuaContext): TValue {
	const { vm } = host;
	return make_library(host.vm, {
		derive(args) {
			const options = table_at(args, 1, "derive");
			const field = (name: string): TValue => vm.index(options, string_value(name));
			const missing = (name: string): TypeError => bad_argument(1, "derive", `missing '${name}' field`);
			const bytes = (name: string, needed: boolean): Buffer => {
				if (!is_none(field(name))) return bytes_at([field(name)], 1, name);
				if (needed) throw missing(name);
				return Buffer.alloc(0);
			};
			const type = text_at([field("type")], 1, "type");
			if (is_none(field("outlen"))) throw missing("outlen");
			const length = integer_at([field("outlen")], 1, "outlen");
			if (length < 1 || length > most_key_bytes) throw bad_argument(1, "derive", "'outlen' is out of range");
			const digest = digest_at([field("md")], 1, "md");
			if (type === "HKDF") {
				const derived = hkdfSync(digest, bytes("key", true), bytes("salt", false), bytes("info", false), length);
				return buffer_value(Buffer.from(derived));
			}
			if (type !== "PBKDF2") throw bad_argument(1, "derive", "unknown 'type'");
			const iterations = is_none(field("iter")) ? 2048 : integer_at([field("iter")], 1, "iter");
			if (iterations < 1 || iterations > most_iterations) throw bad_argument(1, "derive", "'iter' is out of range");
			return buffer_value(pbkdf2Sync(bytes("pass", true), bytes("salt", false), iterations, length, digest));
		},
	});
}
