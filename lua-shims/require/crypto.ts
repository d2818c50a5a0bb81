// Counterpart: util-src/crypto.c

import { constants, createCipheriv, createDecipheriv, diffieHellman, type KeyObject, sign, verify } from "node:crypto";
import type { LuaContext } from "../context.ts";
import {
	type Arguments,
	bad_argument,
	boolean_value,
	buffer_value,
	bytes_at,
	integer_at,
	make_library,
	text_at,
} from "../vm/arguments.ts";
import type { TValue } from "../vm/fengari.ts";
import { nil, string_value } from "../vm/live_table.ts";
import { ObjectKind } from "../vm/userdata.ts";
import type { NativeFunction } from "../vm/vm.ts";
import { decode_signature, encode_signature } from "./ecdsa.ts";
import { key_of_point, key_type, new_key, public_half, public_point, read_key } from "./openssl/keys.ts";

interface Key {
	readonly key: KeyObject;
}

/** How long a number of a signature may be, in bytes: those of P-521. */
const most_signature_bytes = 66;

/** Ciphers with a tag say whether what they decrypt is what was encrypted. */
const ciphers = {
	aes_128_gcm: { algorithm: "aes-128-gcm", key_length: 16, iv_length: 12, tag_length: 16 },
	aes_256_gcm: { algorithm: "aes-256-gcm", key_length: 32, iv_length: 12, tag_length: 16 },
	aes_256_ctr: { algorithm: "aes-256-ctr", key_length: 32, iv_length: 16, tag_length: 0 },
} as const;
type CipherKind = (typeof ciphers)[keyof typeof ciphers];

function cipher_arguments(args: Arguments, name: string, { key_length, iv_length }: CipherKind): [Buffer, Buffer, Buffer] {
	const [key, iv, text] = [bytes_at(args, 1, name), bytes_at(args, 2, name), bytes_at(args, 3, name)];
	if (key.length !== key_length) throw new Error(`key must be ${key_length} bytes`);
	if (iv.length !== iv_length) throw new Error(`iv must be ${iv_length} bytes`);
	if (args.length > 3) throw new Error(`Expected 3 arguments, got ${args.length}`);
	return [key, iv, text];
}

function encrypt(name: string, kind: CipherKind): NativeFunction {
	return (args) => {
		const [key, iv, text] = cipher_arguments(args, name, kind);
		if (kind.algorithm === "aes-256-ctr") {
			const cipher = createCipheriv(kind.algorithm, key, iv);
			return buffer_value(Buffer.concat([cipher.update(text), cipher.final()]));
		}
		const cipher = createCipheriv(kind.algorithm, key, iv);
		return buffer_value(Buffer.concat([cipher.update(text), cipher.final(), cipher.getAuthTag()]));
	};
}

function decrypt(name: string, kind: CipherKind): NativeFunction {
	return (args) => {
		const [key, iv, text] = cipher_arguments(args, name, kind);
		if (kind.algorithm === "aes-256-ctr") {
			const cipher = createDecipheriv(kind.algorithm, key, iv);
			return buffer_value(Buffer.concat([cipher.update(text), cipher.final()]));
		}
		const end = text.length - kind.tag_length;
		if (end < 0) throw new Error(`ciphertext must be at least ${kind.tag_length} bytes (including tag)`);
		const cipher = createDecipheriv(kind.algorithm, key, iv);
		cipher.setAuthTag(text.subarray(end));
		try {
			return buffer_value(Buffer.concat([cipher.update(text.subarray(0, end)), cipher.final()]));
		} catch {
			return [nil, string_value("verify-failed")];
		}
	};
}

/** `util.crypto`. */
export function crypto_library(host: LuaContext): TValue {
	const own_key = ({ key }: Key, name: string): KeyObject => {
		if (key.type !== "private") throw bad_argument(1, name, "private key expected, got public key only");
		return key;
	};
	const kind: ObjectKind<Key> = new ObjectKind<Key>(host.vm, "util.crypto key", () => ({
		methods: {
			get_type: ({ key }) => string_value(key_type(key)),
			public_pem: ({ key }) => string_value(public_half(key).export({ type: "spki", format: "pem" }).toString()),
			private_pem: (key) => string_value(own_key(key, "private_pem").export({ type: "pkcs8", format: "pem" }).toString()),
			public_raw({ key }) {
				const point = public_point(key);
				if (point !== undefined) return buffer_value(point);
				const { x } = public_half(key).export({ format: "jwk" });
				return x === undefined ? nil : buffer_value(Buffer.from(x, "base64url"));
			},
			derive(key, args) {
				const peer = kind.target_at(args, 2, "derive");
				try {
					return buffer_value(diffieHellman({ privateKey: own_key(key, "derive"), publicKey: public_half(peer.key) }));
				} catch {
					throw new Error("pkey:derive failed");
				}
			},
		},
	}));

	/** A key of the right kind. */
	function key_at(args: Arguments, name: string, type: string): Key {
		const key = kind.target_at(args, 1, name);
		if (key_type(key.key) === type) return key;
		throw bad_argument(1, name, `unexpected key type: got '${key_type(key.key)}', expected '${type}'`);
	}

	/** `…_sign` and `…_verify` of one algorithm. */
	function signatures(name: string, type: string, digest: string | null, padding?: number): { [name: string]: NativeFunction } {
		const with_key = (key: KeyObject) => (padding === undefined ? { key } : { key, padding });
		return {
			[`${name}_sign`](args) {
				const key = own_key(key_at(args, `${name}_sign`, type), `${name}_sign`);
				return buffer_value(sign(digest, bytes_at(args, 2, `${name}_sign`), with_key(key)));
			},
			[`${name}_verify`](args) {
				const key = public_half(key_at(args, `${name}_verify`, type).key);
				const [text, signature] = [bytes_at(args, 2, `${name}_verify`), bytes_at(args, 3, `${name}_verify`)];
				return boolean_value(verify(digest, text, with_key(key), signature));
			},
		};
	}

	const functions: { [name: string]: NativeFunction } = { ...signatures("ed25519", "ED25519", null) };
	for (const digest of ["sha256", "sha384", "sha512"]) {
		Object.assign(
			functions,
			signatures(`ecdsa_${digest}`, "id-ecPublicKey", digest),
			signatures(`rsassa_pkcs1_${digest}`, "rsaEncryption", digest, constants.RSA_PKCS1_PADDING),
			signatures(`rsassa_pss_${digest}`, "rsaEncryption", digest, constants.RSA_PKCS1_PSS_PADDING),
		);
	}
	for (const [name, cipher] of Object.entries(ciphers)) {
		functions[`${name}_encrypt`] = encrypt(`${name}_encrypt`, cipher);
		functions[`${name}_decrypt`] = decrypt(`${name}_decrypt`, cipher);
	}
	return make_library(host.vm, {
		...functions,
		generate_ed25519_keypair: (_args, L) => kind.value(L, { key: new_key("ED25519", undefined, 0) }),
		generate_p256_keypair: (_args, L) => kind.value(L, { key: new_key("EC", "prime256v1", 0) }),
		import_private_pem(args, L) {
			const text = bytes_at(args, 1, "import_private_pem");
			const key = text.includes("-----BEGIN") ? read_key(text, "private") : undefined;
			return key === undefined ? nil : kind.value(L, { key });
		},
		import_public_pem(args, L) {
			const text = bytes_at(args, 1, "import_public_pem");
			const key = text.includes("-----BEGIN PUBLIC KEY-----") ? read_key(text, "public") : undefined;
			return key === undefined ? nil : kind.value(L, { key });
		},
		import_public_ec_raw(args, L) {
			const point = bytes_at(args, 1, "import_public_ec_raw");
			const curve = text_at(args, 2, "import_public_ec_raw");
			try {
				return kind.value(L, { key: key_of_point(point, curve) });
			} catch {
				return nil;
			}
		},
		parse_ecdsa_signature(args) {
			const numbers = decode_signature(bytes_at(args, 1, "parse_ecdsa_signature"));
			const size = integer_at(args, 2, "parse_ecdsa_signature");
			if (size < 0 || size > most_signature_bytes) throw new Error("requested signature size exceeds supported limit");
			if (numbers === undefined) return nil;
			return numbers.map((number) => {
				if (number.length > size) throw new Error("encoded integers exceed requested size");
				return buffer_value(Buffer.concat([Buffer.alloc(size - number.length), number]));
			});
		},
		build_ecdsa_signature(args) {
			const [r, s] = [bytes_at(args, 1, "build_ecdsa_signature"), bytes_at(args, 2, "build_ecdsa_signature")];
			for (const [index, number] of [r, s].entries()) {
				if (number.length > most_signature_bytes)
					throw bad_argument(index + 1, "build_ecdsa_signature", "the number is too large");
			}
			return buffer_value(encode_signature(r, s));
		},
	});
}
