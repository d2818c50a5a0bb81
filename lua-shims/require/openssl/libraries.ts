// Counterpart: luaossl, as far as modules ask for it: digests, keys, ciphers and numbers; TLS belongs to the host.

import type { LuaContext } from "../../context.ts";
import type { TValue } from "../../vm/fengari.ts";
import { bignum_library } from "./bignum.ts";
import { cipher_library } from "./cipher.ts";
import { digest_kind, digest_library, hmac_library, kdf_library, rand_library } from "./digests.ts";
import { pkey_library } from "./pkey.ts";

/** Makers of the libraries `openssl.*` of one Lua state. They share kinds of objects: a key signs a digest. */
export function openssl_libraries(host: LuaContext): { readonly [name: string]: () => TValue } {
	const once = <Value>(make: () => Value): (() => Value) => {
		let made: { readonly value: Value } | undefined;
		return () => {
			made ??= { value: make() };
			return made.value;
		};
	};
	const digests = once(() => digest_kind(host));
	const bignum = once(() => bignum_library(host));
	return {
		"openssl.digest": () => digest_library(host, digests()),
		"openssl.hmac": () => hmac_library(host),
		"openssl.rand": () => rand_library(host),
		"openssl.kdf": () => kdf_library(host),
		"openssl.cipher": () => cipher_library(host),
		"openssl.bignum": () => bignum().library,
		"openssl.pkey": () => pkey_library(host, digests(), bignum().kind),
		"openssl.pubkey": () => host.libraries.get("openssl.pkey"),
	};
}
