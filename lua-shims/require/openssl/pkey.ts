// Counterpart: luaossl's openssl.c (openssl.pkey)

import {
	constants,
	createPublicKey,
	diffieHellman,
	type KeyObject,
	privateDecrypt,
	publicEncrypt,
	sign,
	verify,
} from "node:crypto";
import type { LuaContext } from "../../context.ts";
import {
	type Arguments,
	boolean_value,
	buffer_value,
	bytes_at,
	is_none,
	is_string,
	make_library,
	optional_integer_at,
	optional_text_at,
	text_at,
} from "../../vm/arguments.ts";
import { type Table, TValue } from "../../vm/fengari.ts";
import { nil, number_value, string_value, tags } from "../../vm/live_table.ts";
import { ObjectKind } from "../../vm/userdata.ts";
import type { LuaThread } from "../../vm/vm.ts";
import { type Bignum, number_of_bytes } from "./bignum.ts";
import type { Digest } from "./digests.ts";
import { key_of_point, key_type, new_key, parameters, public_half, public_point, read_key, rsa_key_of } from "./keys.ts";

/** A key. */
interface Pkey {
	readonly key: KeyObject;
}

/** The names of an RSA key's numbers, by those in JSON. */
const rsa_names = { n: "n", e: "e", d: "d", p: "p", q: "q", dmp1: "dp", dmq1: "dq", iqmp: "qi" } as const;

function pem_of(key: KeyObject): string {
	return key.type === "private"
		? key.export({ type: "pkcs8", format: "pem" }).toString()
		: key.export({ type: "spki", format: "pem" }).toString();
}

/** Reads a key that is private, if it may be, or public. Throws where it is none. */
function parse_key(text: Buffer, kind: string | undefined, curve: string | undefined): KeyObject {
	const wants = kind === undefined || kind === "*" ? undefined : kind;
	if (wants === "public" && curve !== undefined) return key_of_point(text, curve);
	const found =
		(wants === "public" ? undefined : read_key(text, "private")) ?? (wants === "private" ? undefined : read_key(text, "public"));
	if (found === undefined) throw new Error(`pkey.new: there is no ${wants ?? "private or public"} key in what was given`);
	return found;
}

/** `openssl.pkey`. */
export function pkey_library(host: LuaContext, digests: ObjectKind<Digest>, bignums: ObjectKind<Bignum>): TValue {
	const { vm } = host;
	const field = (table: TValue, name: string): TValue => vm.index(table, string_value(name));

	/** A new key as a table describes it: `type`, `bits`, `curve`, or the numbers `n` and `e`. */
	function key_from_table(args: Arguments): KeyObject {
		const [options = nil] = args;
		if (!is_none(field(options, "n")) && !is_none(field(options, "e"))) {
			return rsa_key_of(bytes_at([field(options, "n")], 1, "n"), bytes_at([field(options, "e")], 1, "e"));
		}
		const type = optional_text_at([field(options, "type")], 1, "type") ?? "RSA";
		return new_key(
			type,
			optional_text_at([field(options, "curve")], 1, "curve"),
			optional_integer_at([field(options, "bits")], 1, "bits", 2048),
		);
	}

	/** The numbers of a key, by their names. */
	function parameters_value(key: KeyObject, L: LuaThread): TValue {
		const table: Table = vm.new_table();
		const add = (name: string, bytes: Buffer | undefined): void => {
			if (bytes !== undefined) vm.raw_set(table, name, bignums.value(L, { number: number_of_bytes(bytes) }));
		};
		const numbers = parameters(key);
		const bytes = (text: string | undefined): Buffer | undefined =>
			text === undefined ? undefined : Buffer.from(text, "base64url");
		if (key.asymmetricKeyType === "ec") {
			add("pub_key", public_point(key));
			add("priv_key", bytes(numbers.d));
		} else for (const [name, json_name] of Object.entries(rsa_names)) add(name, bytes(numbers[json_name]));
		return new TValue(tags.table, table);
	}

	function padding_of(value: TValue | undefined): number {
		if (value === undefined || value.type !== tags.table) return constants.RSA_PKCS1_PADDING;
		return optional_integer_at([field(value, "rsaPadding")], 1, "rsaPadding", constants.RSA_PKCS1_PADDING);
	}

	const kind: ObjectKind<Pkey> = new ObjectKind<Pkey>(vm, "EVP_PKEY*", () => ({
		methods: {
			type: ({ key }) => string_value(key_type(key)),
			sign({ key }, args) {
				const digest = digests.target_at(args, 2, "sign");
				if (key.type !== "private") throw new Error("pkey:sign: missing private key");
				return buffer_value(sign(digest.algorithm, digest.data(), key));
			},
			verify({ key }, args) {
				const signature = bytes_at(args, 2, "verify");
				const digest = digests.target_at(args, 3, "verify");
				return boolean_value(verify(digest.algorithm, digest.data(), public_half(key), signature));
			},
			encrypt: ({ key }, args) =>
				buffer_value(publicEncrypt({ key: public_half(key), padding: padding_of(args[2]) }, bytes_at(args, 2, "encrypt"))),
			decrypt({ key }, args) {
				if (key.type !== "private") throw new Error("pkey:decrypt: missing private key");
				return buffer_value(privateDecrypt({ key, padding: padding_of(args[2]) }, bytes_at(args, 2, "decrypt")));
			},
			derive({ key }, args) {
				const peer = kind.target_at(args, 2, "derive");
				return buffer_value(diffieHellman({ privateKey: key, publicKey: public_half(peer.key) }));
			},
			getParameters: ({ key }, _args, L) => parameters_value(key, L),
			toPEM: ({ key }, args) =>
				(args.length < 2 ? ["public"] : args.slice(1).map((_, index) => text_at(args, index + 2, "toPEM"))).map((which) => {
					if (which === "public" || which === "PublicKey") return string_value(pem_of(public_half(key)));
					if (key.type !== "private") throw new Error("pkey:toPEM: missing private key");
					return string_value(pem_of(key));
				}),
			tostring({ key }, args) {
				const format = optional_text_at(args, 2, "tostring") ?? "PEM";
				if (format === "DER") return buffer_value(public_half(key).export({ type: "spki", format: "der" }));
				return string_value(pem_of(public_half(key)));
			},
		},
		metamethods: { __tostring: (args) => string_value(pem_of(public_half(kind.target_at(args, 1, "tostring").key))) },
	}));
	return make_library(vm, {
		new(args, L) {
			const [given] = args;
			if (given?.type === tags.table) return kind.value(L, { key: key_from_table(args) });
			if (is_none(given)) return kind.value(L, { key: new_key("RSA", undefined, 2048) });
			const text =
				is_string(given) && bytes_at(args, 1, "new").includes("-----BEGIN CERTIFICATE")
					? Buffer.from(pem_of(createPublicKey(bytes_at(args, 1, "new"))))
					: bytes_at(args, 1, "new");
			return kind.value(L, { key: parse_key(text, optional_text_at(args, 3, "new"), optional_text_at(args, 4, "new")) });
		},
		RSA_PKCS1_PADDING: number_value(constants.RSA_PKCS1_PADDING),
		RSA_NO_PADDING: number_value(constants.RSA_NO_PADDING),
		RSA_PKCS1_OAEP_PADDING: number_value(constants.RSA_PKCS1_OAEP_PADDING),
	});
}
