// No counterpart: Prosody never logs in with a password itself.

import { base64_decode, base64_encode, saslprep } from "./encodings.ts";
import { failed, ok, type Result } from "./error.ts";
import { equals } from "./hashes.ts";
import { type ScramHashName, scram_functions, xor } from "./sasl/scram.ts";
import { generate as generate_uuid } from "./uuid.ts";

/** The account that logs in; without a username only ANONYMOUS is possible, and with one it is never chosen. */
export interface ClientCredentials {
	readonly username?: string;
	readonly password?: string;
	/** Whom to act as, when not oneself. */
	readonly authzid?: string;
}

/** Limits and choices of a client. */
export interface ClientOptions {
	/** Whether the password may be sent in plain text; true unless given. Set it to false on streams without TLS. */
	readonly allow_plain?: boolean;
	/** The client's part of SCRAM's nonce: random unless given, as a test does. */
	readonly nonce?: string;
	/**
	 * The channel binding: where the server offers a mechanism with it, only such mechanisms are used. "missed" where the channel
	 * could be bound, but the server does not offer that.
	 */
	readonly channel_binding?: { readonly type: string; readonly data: Buffer } | "missed";
	/** The most iterations that a server may ask for, since they block the client. */
	readonly max_iteration_count?: number;
}

/** The client's side of one SASL exchange; errors are for people. */
export interface SaslClient {
	readonly mechanism: string;
	/** What goes into `<auth/>`. */
	first(): Buffer;
	/** Answers a `<challenge/>`. */
	challenge(data: Buffer): Result<Buffer, string>;
	/** Checks a `<success/>`: an error where the server did not prove that it knows the account. */
	success(data: Buffer | undefined): Result<true, string>;
}

const default_max_iteration_count = 1_000_000;

const scram_mechanisms: readonly { readonly name: string; readonly hash_name: ScramHashName; readonly binds: boolean }[] = [
	{ name: "SCRAM-SHA-512-PLUS", hash_name: "SHA-512", binds: true },
	{ name: "SCRAM-SHA-256-PLUS", hash_name: "SHA-256", binds: true },
	{ name: "SCRAM-SHA-1-PLUS", hash_name: "SHA-1", binds: true },
	{ name: "SCRAM-SHA-512", hash_name: "SHA-512", binds: false },
	{ name: "SCRAM-SHA-256", hash_name: "SHA-256", binds: false },
	{ name: "SCRAM-SHA-1", hash_name: "SHA-1", binds: false },
];

/** An exchange that is one message, with nothing to check. */
function single_message(mechanism: string, message: Buffer): SaslClient {
	return {
		mechanism,
		first: () => message,
		challenge: () => failed(`unexpected challenge: ${mechanism} has none`),
		success: () => ok(true),
	};
}

/** Text as SCRAM writes names (RFC 5802 §5.1). */
function scram_name(name: string): string {
	return name.replaceAll("=", "=3D").replaceAll(",", "=2C");
}

function attributes(message: string): Map<string, string> {
	return new Map(message.split(",").map((part) => [part.slice(0, 1), part.slice(2)]));
}

interface ScramAccount {
	readonly username: string;
	readonly password: string;
	readonly authzid: string | undefined;
}

function scram_client(mechanism: string, hash_name: ScramHashName, account: ScramAccount, options: ClientOptions): SaslClient {
	const { hash, hmac, pbkdf2 } = scram_functions[hash_name];
	const { nonce: own_nonce = generate_uuid(), max_iteration_count = default_max_iteration_count } = options;
	const { channel_binding } = options;
	const binding = typeof channel_binding === "object" && mechanism.endsWith("-PLUS") ? channel_binding : undefined;
	const flag = binding !== undefined ? `p=${binding.type}` : channel_binding === undefined ? "n" : "y";
	const gs2_header = `${flag},${account.authzid === undefined ? "" : `a=${scram_name(account.authzid)}`},`;
	const first_bare = `n=${scram_name(account.username)},r=${own_nonce}`;
	let server_signature: Buffer | undefined;

	/** Whether the server's last message, `v=…`, is signed with the account's key. */
	function verify(message: string): Result<true, string> {
		const parts = attributes(message);
		const error = parts.get("e");
		if (error !== undefined) return failed(`the server refused: ${error}`);
		const signature = base64_decode(parts.get("v") ?? "");
		if (!server_signature) return failed("the server ended the exchange before it had begun");
		if (!signature || !equals(signature, server_signature)) {
			return failed("the server's signature is wrong: it does not know this account's password");
		}
		verified = true;
		return ok(true);
	}
	let verified = false;

	function answer(message: string): Result<Buffer, string> {
		const parts = attributes(message);
		const nonce = parts.get("r") ?? "";
		const salt = base64_decode(parts.get("s") ?? "");
		const iterations = Number(parts.get("i"));
		if (parts.has("m")) return failed("the server asks for an extension of SCRAM that is not known here");
		if (!nonce.startsWith(own_nonce) || nonce === own_nonce) return failed("the server's nonce does not continue the client's");
		if (!salt || salt.length === 0) return failed("the server's salt is missing or no base64");
		if (!Number.isInteger(iterations) || iterations < 1 || iterations > max_iteration_count) {
			return failed(`bad iteration count ${parts.get("i")}: expected 1 to ${max_iteration_count}`);
		}
		const salted_password = pbkdf2(account.password, salt, iterations);
		const client_key = hmac(salted_password, "Client Key");
		const without_proof = `c=${base64_encode(Buffer.concat([Buffer.from(gs2_header), binding?.data ?? Buffer.alloc(0)]))},r=${nonce}`;
		const auth_message = `${first_bare},${message},${without_proof}`;
		const proof = xor(client_key, hmac(hash(client_key), auth_message));
		server_signature = hmac(hmac(salted_password, "Server Key"), auth_message);
		return ok(Buffer.from(`${without_proof},p=${base64_encode(proof)}`));
	}

	return {
		mechanism,
		first: () => Buffer.from(gs2_header + first_bare),
		challenge(data) {
			if (!server_signature) return answer(data.toString());
			// Some servers send their signature as a challenge, which wants an empty answer.
			const checked = verify(data.toString());
			return checked.ok ? ok(Buffer.alloc(0)) : checked;
		},
		success(data) {
			if (data !== undefined && data.length > 0) return verify(data.toString());
			return verified ? ok(true) : failed("the server did not prove that it knows this account");
		},
	};
}

/**
 * Picks the best mechanism that both sides have: SCRAM with SHA-512, SHA-256, SHA-1, PLAIN, or ANONYMOUS when there is no username.
 * @param offered names out of the server's `<mechanisms/>`
 * @returns the exchange, or a text that says why there is none
 */
export function create_sasl_client(
	credentials: ClientCredentials,
	offered: readonly string[],
	options: ClientOptions = {},
): Result<SaslClient, string> {
	const none = (): Result<SaslClient, string> =>
		failed(`no common SASL mechanism: the server offers ${offered.length > 0 ? offered.join(", ") : "none"}`);
	const { authzid } = credentials;
	if (credentials.username === undefined) {
		return offered.includes("ANONYMOUS") ? ok(single_message("ANONYMOUS", Buffer.alloc(0))) : none();
	}
	const username = saslprep(credentials.username);
	const password = saslprep(credentials.password ?? "");
	if (username === undefined || username === "") return failed(`the username ${credentials.username} cannot be used with SASL`);
	if (password === undefined || password === "") return failed("the password is empty or holds characters that SASL refuses");

	for (const { name, hash_name, binds } of scram_mechanisms) {
		if (binds && typeof options.channel_binding !== "object") continue;
		if (offered.includes(name)) return ok(scram_client(name, hash_name, { username, password, authzid }, options));
	}
	if (offered.includes("PLAIN") && options.allow_plain !== false) {
		return ok(single_message("PLAIN", Buffer.from(`${authzid ?? ""}\0${username}\0${password}`)));
	}
	return none();
}
