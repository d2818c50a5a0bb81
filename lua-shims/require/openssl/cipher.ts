// Counterpart: luaossl's openssl.c (openssl.cipher)

import { type CipherGCM, createCipheriv, createDecipheriv, type DecipherGCM, getCipherInfo } from "node:crypto";
import type { LuaContext } from "../../context.ts";
import {
	type Arguments,
	bad_argument,
	boolean_value,
	buffer_value,
	bytes_at,
	integer_at,
	is_none,
	is_true,
	make_library,
	optional_bytes_at,
	text_at,
} from "../../vm/arguments.ts";
import type { TValue } from "../../vm/fengari.ts";
import { nil, string_value } from "../../vm/live_table.ts";
import { ObjectKind } from "../../vm/userdata.ts";
import { each_bytes } from "./digests.ts";

function makes_tag(cipher: object): cipher is CipherGCM {
	return "getAuthTag" in cipher;
}

function takes_tag(cipher: object): cipher is DecipherGCM {
	return "setAuthTag" in cipher;
}

type Running = ReturnType<typeof createCipheriv> | ReturnType<typeof createDecipheriv>;

/** A cipher, and what it does now. */
class CipherState {
	private running: Running | undefined;
	private padding = true;
	private tag: Buffer | undefined;

	constructor(private readonly algorithm: string) {}

	/** Begins to encrypt or decrypt. */
	start(encrypts: boolean, args: Arguments, name: string): void {
		const key = bytes_at(args, 2, name);
		const iv = optional_bytes_at(args, 3, name);
		const { keyLength: key_length, ivLength: iv_length = 0, mode = "" } = getCipherInfo(this.algorithm) ?? { keyLength: 0 };
		if (key.length !== key_length) {
			throw bad_argument(1, name, `${key.length}: invalid key length (should be ${key_length})`);
		}
		const takes_any = mode === "gcm" || mode === "ccm" || mode === "ocb";
		if (iv !== undefined && !takes_any && iv.length !== iv_length) {
			throw bad_argument(2, name, `${iv.length}: invalid IV length (should be ${iv_length})`);
		}
		if (!is_none(args[3])) this.padding = is_true(args[3]);
		const given = iv ?? (iv_length === 0 ? null : Buffer.alloc(iv_length));
		this.running = encrypts ? createCipheriv(this.algorithm, key, given) : createDecipheriv(this.algorithm, key, given);
		this.running.setAutoPadding(this.padding);
		if (!encrypts && this.tag !== undefined) this.set_tag(this.tag);
	}

	private get current(): Running {
		if (this.running === undefined) throw new Error("the cipher was told neither to encrypt nor to decrypt");
		return this.running;
	}

	update(data: Buffer): Buffer {
		return this.current.update(data);
	}

	final(): Buffer {
		return this.current.final();
	}

	get_tag(length: number): Buffer {
		const { current } = this;
		if (!makes_tag(current)) throw new Error("the cipher makes no tag");
		return current.getAuthTag().subarray(0, length);
	}

	set_tag(tag: Buffer): void {
		this.tag = Buffer.from(tag);
		const { running } = this;
		if (running !== undefined && takes_tag(running)) running.setAuthTag(this.tag);
	}
}

/** An error of OpenSSL as an answer. */
function refusal(error: unknown): readonly TValue[] {
	return [nil, string_value(error instanceof Error ? error.message : String(error))];
}

/** `openssl.cipher`. */
export function cipher_library(host: LuaContext): TValue {
	const kind = new ObjectKind<CipherState>(host.vm, "EVP_CIPHER_CTX*", () => ({
		methods: {
			encrypt(cipher, args) {
				cipher.start(true, args, "encrypt");
				return args[0];
			},
			decrypt(cipher, args) {
				cipher.start(false, args, "decrypt");
				return args[0];
			},
			update(cipher, args) {
				const parts: Buffer[] = [];
				try {
					each_bytes(args, 2, "update", (bytes) => parts.push(cipher.update(bytes)));
				} catch (error) {
					return refusal(error);
				}
				return buffer_value(Buffer.concat(parts));
			},
			final(cipher, args) {
				const parts: Buffer[] = [];
				try {
					each_bytes(args, 2, "final", (bytes) => parts.push(cipher.update(bytes)));
					parts.push(cipher.final());
				} catch (error) {
					return refusal(error);
				}
				return buffer_value(Buffer.concat(parts));
			},
			getTag: (cipher, args) => buffer_value(cipher.get_tag(integer_at(args, 2, "getTag"))),
			setTag(cipher, args) {
				cipher.set_tag(bytes_at(args, 2, "setTag"));
				return boolean_value(true);
			},
		},
	}));
	return make_library(host.vm, {
		new(args, L) {
			const algorithm = text_at(args, 1, "new").toLowerCase();
			if (getCipherInfo(algorithm) === undefined) {
				throw bad_argument(1, "new", `${text_at(args, 1, "new")}: invalid cipher type`);
			}
			return kind.value(L, new CipherState(algorithm));
		},
	});
}
