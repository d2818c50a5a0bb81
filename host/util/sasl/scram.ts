// Counterpart: util/sasl/scram.lua

import { randomBytes } from "node:crypto";
import { base64_decode, base64_encode, nodeprep, saslprep } from "../encodings.ts";
import { failed, ok, type Result } from "../error.ts";
import {
	equals,
	type Hash,
	type Hmac,
	hmac_sha1,
	hmac_sha256,
	hmac_sha512,
	type Pbkdf2,
	pbkdf2_hmac_sha1,
	pbkdf2_hmac_sha256,
	pbkdf2_hmac_sha512,
	sha1,
	sha256,
	sha512,
} from "../hashes.ts";
import { generate as generate_uuid } from "../uuid.ts";
import { type Eventual, go_on, Waiting } from "../waiting.ts";
import {
	type Account,
	type AccountState,
	refuse,
	refuse_account,
	type SaslExchange,
	type SaslMechanism,
	type SaslStep,
	type ScramCredentials,
} from "./mechanism.ts";

/** Iterations for passwords in plain text, which are hashed for each exchange. */
export const plain_iteration_count = 10_000;

/** Names of the hashes that are offered with SCRAM. */
export type ScramHashName = "SHA-1" | "SHA-256" | "SHA-512";

/** What somebody is told whose password cannot be checked now, since too many others wait for that. */
export const busy_text = "Too many others are logging in; try again later.";

/** Entries of profiles. */
const backends = { "SHA-1": "scram_sha_1", "SHA-256": "scram_sha_256", "SHA-512": "scram_sha_512" } as const;

/** What SCRAM computes with, for one hash. */
export interface ScramFunctions {
	/** Bytes in a digest. */
	readonly length: number;
	readonly hash: Hash;
	readonly hmac: Hmac;
	/** RFC 5802's Hi(). */
	readonly pbkdf2: Pbkdf2;
}

/** By hash name. */
export const scram_functions: Readonly<Record<ScramHashName, ScramFunctions>> = {
	"SHA-1": { length: 20, hash: sha1, hmac: hmac_sha1, pbkdf2: pbkdf2_hmac_sha1 },
	"SHA-256": { length: 32, hash: sha256, hmac: hmac_sha256, pbkdf2: pbkdf2_hmac_sha256 },
	"SHA-512": { length: 64, hash: sha512, hmac: hmac_sha512, pbkdf2: pbkdf2_hmac_sha512 },
};

/** The two keys that stand for a password. */
export type ScramKeys = Pick<ScramCredentials, "stored_key" | "server_key">;

/**
 * Turns a password into keys; takes as long as the iterations need.
 * The error says what is wrong with the arguments.
 */
export interface ScramHasher {
	(password: string, salt: Buffer | string, iteration_count: number): Result<ScramKeys, string>;
	/** The same in a thread of libuv's pool. */
	later(password: string, salt: Buffer | string, iteration_count: number): Waiting<Result<ScramKeys, string>>;
}

/** Bytes of two buffers of the same length, each with its counterpart. */
export function xor(left: Buffer, right: Buffer): Buffer {
	return Buffer.from(left.map((byte, index) => byte ^ (right[index] ?? 0)));
}

/** Makes the hasher for one hash. */
export function get_scram_hasher({ hash, hmac, pbkdf2 }: ScramFunctions): ScramHasher {
	function prepare(password: string, iteration_count: number): Result<string, string> {
		if (!Number.isInteger(iteration_count) || iteration_count < 1) {
			return failed(`inappropriate iteration count ${iteration_count}: expected a whole number from 1`);
		}
		const prepared = saslprep(password);
		return prepared === undefined ? failed("password fails SASLprep") : ok(prepared);
	}
	const keys_of = (salted_password: Buffer): ScramKeys => ({
		stored_key: hash(hmac(salted_password, "Client Key")),
		server_key: hmac(salted_password, "Server Key"),
	});
	const hasher = (password: string, salt: Buffer | string, iteration_count: number): Result<ScramKeys, string> => {
		const prepared = prepare(password, iteration_count);
		return prepared.ok ? ok(keys_of(pbkdf2(prepared.value, salt, iteration_count))) : prepared;
	};
	const later: ScramHasher["later"] = (password, salt, iteration_count) => {
		const prepared = prepare(password, iteration_count);
		if (!prepared.ok) return new Waiting((settle) => settle(ok(prepared)));
		return pbkdf2.later(prepared.value, salt, iteration_count).go_on((salted_password) => ok(keys_of(salted_password)));
	};
	return Object.assign(hasher, { later });
}

/** Hashers by the name of the hash. Prosody's `hashers`. */
export const scram_hashers: Readonly<Record<ScramHashName, ScramHasher>> = {
	"SHA-1": get_scram_hasher(scram_functions["SHA-1"]),
	"SHA-256": get_scram_hasher(scram_functions["SHA-256"]),
	"SHA-512": get_scram_hasher(scram_functions["SHA-512"]),
};

/** What an exchange goes on with. */
interface Known extends ScramCredentials {
	/** What the password is known by: it is another one once the password has changed. */
	readonly source: Buffer | string;
}

/** A username as SCRAM writes it, in the form by which accounts are looked up; undefined for an impossible one. */
function validate_username(exchange: SaslExchange, given: string): string | undefined {
	if (/=(?!2C|3D)/.test(given)) return undefined;
	const prepared = saslprep(given.replaceAll("=2C", ",").replaceAll("=3D", "="));
	if (prepared === undefined) return undefined;
	const { nodeprep: own_prep = nodeprep } = exchange.profile;
	const username = own_prep === false ? prepared : own_prep(prepared);
	return username === "" ? undefined : username;
}

/** client-first-message of RFC 5802 §7, taken apart. */
interface ClientFirst {
	readonly gs2_header: string;
	/** Whether the client can bind the channel, but thinks that the server cannot. */
	readonly missed_binding: boolean;
	/** The name behind `p=`. */
	readonly channel_binding: string | undefined;
	readonly authzid: string;
	readonly bare: string;
	readonly username: string;
	readonly nonce: string;
}

function parse_client_first(message: string): ClientFirst | undefined {
	const header = /^(?:[ny]|p=([^,]+)),(?:a=([^,]*))?,/.exec(message);
	if (!header) return undefined;
	const [gs2_header, channel_binding, authzid = ""] = header;
	const bare = message.slice(gs2_header.length);
	// An `m=` at the beginning asks for a mandatory extension (RFC 5802 §5.1); none is supported.
	const parts = /^n=([^,]*),r=([^,]*)(?:,|$)/.exec(bare);
	if (!parts) return undefined;
	const [, username = "", nonce = ""] = parts;
	return { gs2_header, missed_binding: message.startsWith("y"), channel_binding, authzid, bare, username, nonce };
}

/** client-final-message of RFC 5802 §7, taken apart. */
interface ClientFinal {
	readonly without_proof: string;
	readonly channel_binding: string;
	readonly nonce: string;
	readonly proof: string;
}

function parse_client_final(message: string): ClientFinal | undefined {
	const parts = /^(c=([^,]*),r=([^,]*)(?:,[^,]*)*?),p=([^,]*)$/.exec(message);
	if (!parts) return undefined;
	const [, without_proof = "", channel_binding = "", nonce = "", proof = ""] = parts;
	return { without_proof, channel_binding, nonce, proof };
}

/** What a client has to send about the channel at the end: its header again, and the channel binding (RFC 5802 §6). */
function expected_binding({ channel_bindings }: SaslExchange, { gs2_header, channel_binding }: ClientFirst): Buffer | undefined {
	const header = Buffer.from(gs2_header);
	if (channel_binding === undefined) return header;
	const data = channel_bindings.get(channel_binding)?.();
	return data && Buffer.concat([header, data]);
}

/**
 * The mechanism with one hash.
 * @param generate_nonce makes the server's part of the nonce, which must be different each time
 */
export function create_scram(hash_name: ScramHashName, generate_nonce = generate_uuid): SaslMechanism {
	const functions = scram_functions[hash_name];
	const hasher = scram_hashers[hash_name];
	const backend = backends[hash_name];

	/** The keys that the client has to prove, or the failure. */
	function get_credentials(exchange: SaslExchange, username: string, authzid: string): Eventual<Known | SaslStep> {
		const { profile, realm } = exchange;
		if (profile.plain === undefined) {
			const found = profile[backend]?.(exchange, username, realm, authzid) ?? { state: "unknown" };
			return go_on(found, (account) =>
				account.state === "enabled"
					? { ...account, source: account.stored_key }
					: without_account(exchange, username, account.state),
			);
		}
		const account = profile.plain(exchange, username, realm, authzid);
		if (account.state === "enabled") {
			const fresh = { salt: generate_uuid(), iteration_count: plain_iteration_count };
			return saslprep(account.password) === undefined
				? refuse("not-authorized", "Invalid password.")
				: of_password(exchange, account.password, fresh);
		}
		if (account.state !== "unknown" || profile.decoy === undefined) return refuse_account(account.state);
		// It takes as long as for an account that there is, and nobody knows this password
		return of_password(exchange, generate_uuid(), profile.decoy(username));
	}

	/** The keys of a password, which are computed for each exchange. */
	function of_password(
		{ may_wait, profile }: SaslExchange,
		password: string,
		using: Pick<ScramCredentials, "salt" | "iteration_count">,
	): Eventual<Known | SaslStep> {
		if (!may_wait || profile.in_pool === undefined) {
			const keys = hasher(password, using.salt, using.iteration_count);
			return keys.ok ? { ...keys.value, ...using, source: password } : refuse("temporary-auth-failure");
		}
		const work = () => hasher.later(password, using.salt, using.iteration_count);
		const hashed = profile.in_pool(work, failed(busy_text));
		if (hashed === undefined) return refuse("temporary-auth-failure", busy_text);
		return hashed.go_on((keys) => (keys.ok ? { ...keys.value, ...using, source: password } : refuse("temporary-auth-failure")));
	}

	function without_account(exchange: SaslExchange, username: string, state: Exclude<AccountState, "enabled">): Known | SaslStep {
		const { profile } = exchange;
		if (state !== "unknown" || !profile.decoy) return refuse_account(state);
		// Random keys have no password, so nobody can prove to know one.
		const { length } = functions;
		const stored_key = randomBytes(length);
		return { ...profile.decoy(username), stored_key, server_key: randomBytes(length), source: stored_key };
	}

	/** What the password of an account is known by. */
	function source_of(exchange: SaslExchange, username: string, authzid: string): Eventual<Account<{ source: Buffer | string }>> {
		const { profile, realm } = exchange;
		if (profile.plain !== undefined) {
			const account = profile.plain(exchange, username, realm, authzid);
			return account.state === "enabled" ? { state: account.state, source: account.password } : account;
		}
		const found = profile[backend]?.(exchange, username, realm, authzid) ?? { state: "unknown" };
		return go_on(found, (account) =>
			account.state === "enabled" ? { state: account.state, source: account.stored_key } : account,
		);
	}

	function begin(exchange: SaslExchange): (message: Buffer) => Eventual<SaslStep> {
		let finish: ((message: string) => Eventual<SaslStep>) | undefined;

		function first(message: string): Eventual<SaslStep> {
			const client_first = parse_client_first(message);
			if (!client_first) return refuse("malformed-request");
			const can_bind = exchange.channel_bindings.size > 0;
			// Somebody in between has changed the offered mechanisms
			if (can_bind && client_first.missed_binding) return refuse("malformed-request");
			const { channel_binding } = client_first;
			if (can_bind && channel_binding !== undefined && !exchange.channel_bindings.has(channel_binding)) {
				return refuse("malformed-request", "Proposed channel binding type isn't supported.");
			}
			const username = validate_username(exchange, client_first.username);
			if (username === undefined) return refuse("malformed-request", "Invalid username.");
			exchange.username = username;

			return go_on(get_credentials(exchange, username, client_first.authzid), (credentials): SaslStep => {
				if ("status" in credentials) return credentials;
				const nonce = client_first.nonce + generate_nonce();
				const salt = base64_encode(credentials.salt);
				const server_first = `r=${nonce},s=${salt},i=${credentials.iteration_count}`;
				exchange.server_first_message = server_first;
				finish = (final) => {
					const step = last(client_first, credentials, nonce, final);
					return step.status === "success" ? if_unchanged(client_first, username, credentials, step) : step;
				};
				return { status: "challenge", data: Buffer.from(server_first) };
			});
		}

		/** While the client computed, its account may have got another password, or have gone. */
		function if_unchanged({ authzid }: ClientFirst, username: string, { source }: Known, success: SaslStep): Eventual<SaslStep> {
			return go_on(source_of(exchange, username, authzid), (now) => {
				if (now.state !== "enabled") return refuse_account(now.state);
				return equals(now.source, source) ? success : refuse("temporary-auth-failure", "The account has changed meanwhile.");
			});
		}

		function last(client_first: ClientFirst, credentials: ScramCredentials, nonce: string, message: string): SaslStep {
			const final = parse_client_final(message);
			if (!final) return refuse("malformed-request", "Missing an attribute(p, r or c) in SASL message.");
			// PARITY: a client that insists on channel binding where there is none gets its challenge, and is told only now.
			const expected = expected_binding(exchange, client_first);
			if (expected === undefined || base64_decode(final.channel_binding)?.equals(expected) !== true) {
				return refuse("malformed-request", "Invalid channel binding value.");
			}
			if (final.nonce !== nonce) return refuse("malformed-request", "Wrong nonce in client-final-message.");
			const proof = base64_decode(final.proof);

			const auth_message = `${client_first.bare},${exchange.server_first_message},${final.without_proof}`;
			const client_signature = functions.hmac(credentials.stored_key, auth_message);
			if (proof?.length !== functions.length || !equals(functions.hash(xor(client_signature, proof)), credentials.stored_key)) {
				return refuse("not-authorized", "The response provided by the client doesn't match the one we calculated.");
			}
			const server_signature = functions.hmac(credentials.server_key, auth_message);
			return {
				status: "success",
				username: exchange.username ?? client_first.username,
				data: Buffer.from(`v=${base64_encode(server_signature)}`),
			};
		}

		return (message): Eventual<SaslStep> => {
			if (message.length === 0) return refuse("malformed-request");
			return (finish ?? first)(message.toString());
		};
	}

	return { name: `SCRAM-${hash_name}`, backends: ["plain", backend], begin };
}

/** The same with channel binding (`-PLUS`): nobody in between can reuse the client's proof. */
export function create_scram_plus(hash_name: ScramHashName, generate_nonce = generate_uuid): SaslMechanism {
	const mechanism = create_scram(hash_name, generate_nonce);
	return { ...mechanism, name: `${mechanism.name}-PLUS`, channel_bindings: ["tls-unique", "tls-exporter"] };
}
