// Counterpart: plugins/mod_auth_internal_hashed.lua

import { randomBytes } from "node:crypto";
import type { AuthProvider, ModuleApi, ModuleDefinition, StoreTable } from "../core/types.ts";
import { saslprep } from "../util/encodings.ts";
import { failed, ok, type Result } from "../util/error.ts";
import { equals, hmac_sha256 } from "../util/hashes.ts";
import { type ScramHasher, type ScramHashName, scram_functions, scram_hashers } from "../util/sasl/scram.ts";
import { new_sasl, type SaslProfile } from "../util/sasl.ts";
import { generate as generate_uuid } from "../util/uuid.ts";
import { open_accounts } from "./auth_accounts.lib.ts";

const lowest_iteration_count = 4096;
const common_iteration_count = 10_000;

/** An account's keys as they are stored, in hexadecimal. */
interface StoredKeys {
	readonly stored_key: string;
	readonly server_key: string;
	readonly salt: string;
	readonly iteration_count: number;
}

/** The keys of an account; undefined where some are missing. */
function read_keys(account: StoreTable): StoredKeys | undefined {
	const { stored_key, server_key, salt, iteration_count } = account;
	const is_key = (value: unknown): value is string => typeof value === "string" && /^([0-9a-f]{2})+$/i.test(value);
	if (!is_key(stored_key) || !is_key(server_key)) return undefined;
	if (typeof salt !== "string" || salt === "") return undefined;
	if (typeof iteration_count !== "number" || !Number.isInteger(iteration_count) || iteration_count < 1) return undefined;
	return { stored_key, server_key, salt, iteration_count };
}

function make_keys(hasher: ScramHasher, password: string, iteration_count: number): Result<StoreTable, string> {
	const salt = generate_uuid();
	const keys = hasher(password, salt, iteration_count);
	if (!keys.ok) return keys;
	const { stored_key, server_key } = keys.value;
	return ok({ stored_key: stored_key.toString("hex"), server_key: server_key.toString("hex"), salt, iteration_count });
}

/** The password that an account from before hashing still has. */
function plain_password(account: StoreTable): string | undefined {
	const { password } = account;
	return typeof password === "string" && password !== "" ? password : undefined;
}

/**
 * Salts for accounts that do not exist. They look like real ones and are the same each time, even after a restart; otherwise they
 * would reveal that the account does not exist.
 */
function decoy_salts(module: ModuleApi): (username: string) => string {
	const store = module.open_store("auth_decoy");
	let secret: Buffer | undefined;

	function get_secret(): Buffer {
		const stored = store.get(undefined);
		const known = stored.ok ? stored.value?.["secret"] : undefined;
		if (typeof known === "string") return Buffer.from(known, "hex");
		const fresh = randomBytes(32);
		if (stored.ok) store.set(undefined, { secret: fresh.toString("hex") });
		return fresh;
	}

	return (username) => {
		secret ??= get_secret();
		const digits = hmac_sha256(secret, username, true);
		const variant = ((Number.parseInt(digits.slice(16, 17), 16) % 4) + 8).toString(16);
		return [
			digits.slice(0, 8),
			digits.slice(8, 12),
			`4${digits.slice(13, 16)}`,
			variant + digits.slice(17, 20),
			digits.slice(20, 32),
		].join("-");
	};
}

/** Accounts in the store `accounts`, with keys for SCRAM from which the password cannot be computed. */
export const definition: ModuleDefinition = {
	name: "auth_internal_hashed",
	load(module) {
		const { log } = module;
		const accounts = open_accounts(module);
		const hash_name = module.get_option_enum<ScramHashName>("password_hash", "SHA-1", "SHA-256");
		const hasher = scram_hashers[hash_name];
		const default_iteration_count = module.get_option_integer(
			"default_iteration_count",
			common_iteration_count,
			lowest_iteration_count,
		);
		const decoy_salt = decoy_salts(module);

		function test_password(username: string, password: string): Result<true, string> {
			const found = accounts.get(username);
			if (!found.ok) return found;
			const account = found.value ?? {};
			if (account["disabled"] === true) return failed("Account disabled.");
			const prepared = saslprep(password);
			if (prepared === undefined) return failed("Password fails SASLprep.");

			const plain = plain_password(account);
			if (plain !== undefined) {
				const expected = saslprep(plain);
				if (expected === undefined || !equals(expected, prepared)) {
					return failed("Auth failed. Provided password is incorrect.");
				}
				const hashed = set_password(username, plain);
				return hashed.ok ? hashed : failed("Auth failed. Could not set hashed password from plaintext.");
			}

			const stored = read_keys(account);
			// An account that does not exist takes as long to refuse as one that does.
			const keys = hasher(prepared, stored?.salt ?? decoy_salt(username), stored?.iteration_count ?? default_iteration_count);
			if (!stored) return failed("Auth failed. Stored salt and iteration count information is not complete.");
			if (!keys.ok) return keys;
			if (
				equals(keys.value.stored_key, Buffer.from(stored.stored_key, "hex")) &&
				equals(keys.value.server_key, Buffer.from(stored.server_key, "hex"))
			) {
				return ok(true);
			}
			return failed("Auth failed. Invalid username, password, or password hash information.");
		}

		function set_password(username: string, password: string): Result<true, string> {
			const account = accounts.get(username);
			if (!account.ok) return account;
			const { iteration_count } = account.value ?? {};
			const iterations = Math.max(typeof iteration_count === "number" ? iteration_count : 0, default_iteration_count);
			const keys = make_keys(hasher, password, iterations);
			return keys.ok ? accounts.update(username, { ...keys.value, password: undefined }) : keys;
		}

		const get_keys: NonNullable<SaslProfile["scram_sha_1"]> = (_sasl, username) => {
			let found = accounts.get(username);
			const plain = found.ok && found.value ? plain_password(found.value) : undefined;
			if (plain !== undefined) {
				if (!set_password(username, plain).ok) return { state: "unavailable" };
				found = accounts.get(username);
			}
			if (!found.ok) return { state: "unavailable" };
			if (!found.value) return { state: "unknown" };
			if (found.value["disabled"] === true) return { state: "disabled" };
			const keys = read_keys(found.value);
			if (!keys) {
				log("warn", "The stored keys of account '%s' are not complete", username);
				return { state: "unknown" };
			}
			const stored_key = Buffer.from(keys.stored_key, "hex");
			if (stored_key.length !== scram_functions[hash_name].length) {
				log("warn", "The password of account '%s' is not hashed with %s: password_hash was changed", username, hash_name);
			}
			return { state: "enabled", ...keys, stored_key, server_key: Buffer.from(keys.server_key, "hex") };
		};

		const profile: SaslProfile = {
			plain_test(_sasl, username, password) {
				const tested = test_password(username, password);
				const info = accounts.get(username);
				if (!info.ok) return { state: "unavailable" };
				if (!info.value) return { state: "unknown" };
				return info.value["disabled"] === true ? { state: "disabled" } : { state: "enabled", correct: tested.ok };
			},
			...(hash_name === "SHA-1" ? { scram_sha_1: get_keys } : { scram_sha_256: get_keys }),
			decoy: (username) => ({ salt: decoy_salt(username), iteration_count: default_iteration_count }),
		};

		const provider: AuthProvider = {
			name: "internal_hashed",
			test_password,
			set_password,
			get_account_info: accounts.info,
			user_exists: accounts.exists,
			is_enabled(username) {
				const info = accounts.info(username);
				return info.ok ? ok(info.value.enabled ?? true) : info;
			},
			enable: (username) => accounts.update(username, { disabled: undefined }),
			disable: (username, meta) => accounts.update(username, { disabled: true, disabled_meta: meta }),
			users: accounts.users,
			create_user(username, password) {
				if (password === undefined) return accounts.create(username, { disabled: true });
				const keys = make_keys(hasher, password, default_iteration_count);
				return keys.ok ? accounts.create(username, keys.value) : keys;
			},
			delete_user: (username) => accounts.set(username, undefined),
			get_sasl_handler: () => new_sasl(module.host, profile),
		};
		module.provides("auth", provider);
	},
};
