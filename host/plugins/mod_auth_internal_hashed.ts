// Counterpart: plugins/mod_auth_internal_hashed.lua

import type { AuthProvider, C2sSession, ModuleDefinition, Password, StoreTable } from "../core/types.ts";
import { saslprep } from "../util/encodings.ts";
import { failed, ok, type Result } from "../util/error.ts";
import { equals } from "../util/hashes.ts";
import { busy_text, type ScramHashName, type ScramKeys, scram_hashers } from "../util/sasl/scram.ts";
import { new_sasl, type SaslProfile, type ScramBackend } from "../util/sasl.ts";
import { type Eventual, go_on } from "../util/waiting.ts";
import { open_accounts } from "./auth_accounts.lib.ts";
import { decoy_salts } from "./auth_hashed/decoys.ts";
import {
	at_once,
	is_as_wanted,
	type KeyMaker,
	keys_for,
	main_keys,
	make_keys,
	names_of,
	wanted_hashes,
} from "./auth_hashed/keys.ts";

const lowest_iteration_count = 4096;
const common_iteration_count = 10_000;
const all_hashes: readonly ScramHashName[] = ["SHA-512", "SHA-256", "SHA-1"];

/** The password that an account from before hashing still has. */
function plain_password(account: StoreTable): string | undefined {
	const { password } = account;
	return typeof password === "string" && password !== "" ? password : undefined;
}

/** Computes keys in the event loop, which waits: for those who cannot wait themselves. */
const now: KeyMaker = (hash, password, salt, iteration_count) => scram_hashers[hash](password, salt, iteration_count);

/** Accounts in the store `accounts`, with keys for SCRAM from which the password cannot be computed. */
export const definition: ModuleDefinition = {
	name: "auth_internal_hashed",
	load(module) {
		const { log, server } = module;
		const accounts = open_accounts(module);
		const wanted = wanted_hashes(module.get_option_enum<ScramHashName>("password_hash", "SHA-1", "SHA-256", "SHA-512"));
		const default_iteration_count = module.get_option_integer(
			"default_iteration_count",
			common_iteration_count,
			lowest_iteration_count,
		);
		const decoy_salt = decoy_salts(module);

		/** Computes keys in a thread, unless whoever waits for them is gone before their turn comes. */
		function in_pool(whose: string, is_gone = () => false): KeyMaker {
			const asker = { is_gone, instead: failed(busy_text) };
			return (hash, password, salt, iteration_count) => {
				const work = () => scram_hashers[hash].later(password, salt, iteration_count);
				return server.hashing.add<Result<ScramKeys, string>>(whose, work, asker) ?? asker.instead;
			};
		}

		function iterations_for(account: StoreTable): number {
			const { iteration_count } = account;
			return Math.max(typeof iteration_count === "number" ? iteration_count : 0, default_iteration_count);
		}

		/** What is stored of a new password. */
		function keys_of(make: KeyMaker, username: string, password: string): Eventual<Result<StoreTable, string>> {
			const account = accounts.get(username);
			return account.ok ? make_keys(make, wanted, password, iterations_for(account.value ?? {})) : account;
		}

		/** Whether an account has the password that it had before its hash was computed: meanwhile it may have got another one, or be gone. */
		function is_unchanged(username: string, before: StoreTable): boolean {
			const account = accounts.get(username);
			if (!account.ok || account.value === undefined) return false;
			const { stored_key, password } = account.value;
			return stored_key === before["stored_key"] && password === before["password"];
		}

		/** Stores keys in place of a password, unless that has changed meanwhile. */
		function replace_plain(make: KeyMaker, username: string, plain: string): Eventual<Result<true, string>> {
			return go_on(keys_of(make, username, plain), (keys) => {
				const now = accounts.get(username);
				if (now.ok && plain_password(now.value ?? {}) !== plain) return ok(true);
				const hashed = keys.ok ? accounts.update(username, { ...keys.value, password: undefined }) : keys;
				return hashed.ok ? hashed : failed("Auth failed. Could not set hashed password from plaintext.");
			});
		}

		/** Stores other keys for a password that was just proved. It is the same password, so that `updated` stays as it is. */
		function upgrade(make: KeyMaker, username: string, password: string, before: StoreTable): Eventual<Result<true, string>> {
			return go_on(make_keys(make, wanted, password, iterations_for(before)), (keys) => {
				const account = accounts.get(username);
				if (!keys.ok || !account.ok) return ok(true);
				if (!is_unchanged(username, before)) return check(make, username, password);
				const stored = accounts.set(username, { ...account.value, ...keys.value });
				if (stored.ok) log("info", "The password of account '%s' is kept with %s now", username, names_of(wanted).join(" and "));
				else log("error", "Other keys for account '%s' could not be stored: %s", username, stored.error);
				return ok(true);
			});
		}

		/** Whether a password is an account's. It takes as long where there is no such account, or none that may log in. */
		function check(make: KeyMaker, username: string, password: string): Eventual<Result<true, string>> {
			const found = accounts.get(username);
			if (!found.ok) return found;
			const account = found.value ?? {};
			const prepared = saslprep(password);
			if (prepared === undefined) return failed("Password fails SASLprep.");
			const plain = plain_password(account);
			const stored = plain === undefined ? main_keys(account) : undefined;
			const { hash, salt, iteration_count } = stored ?? {
				hash: wanted.main,
				salt: decoy_salt(username),
				iteration_count: default_iteration_count,
			};
			return go_on(make(hash, prepared, salt, iteration_count), (keys) => {
				if (!keys.ok) return keys;
				if (found.value !== undefined && !is_unchanged(username, found.value)) return check(make, username, password);
				if (account["disabled"] === true) return failed("Account disabled.");
				if (plain !== undefined) {
					const expected = saslprep(plain);
					if (expected !== undefined && equals(expected, prepared)) {
						// The keys tell whether it is still the password
						return go_on(replace_plain(make, username, plain), (hashed) =>
							hashed.ok ? check(make, username, password) : hashed,
						);
					}
					return failed("Auth failed. Provided password is incorrect.");
				}
				if (!stored) return failed("Auth failed. Stored salt and iteration count information is not complete.");
				if (!equals(keys.value.stored_key, stored.stored_key) || !equals(keys.value.server_key, stored.server_key)) {
					return failed("Auth failed. Invalid username, password, or password hash information.");
				}
				return is_as_wanted(account, wanted, default_iteration_count) ? ok(true) : upgrade(make, username, prepared, account);
			});
		}

		/** Hashes with which a client can log in. They are those of the account where the client has said whose it is. */
		function usable_hashes(session: C2sSession): readonly ScramHashName[] {
			const { claimed_username } = session;
			const found = claimed_username === undefined ? undefined : accounts.get(claimed_username);
			const account = found?.ok ? found.value : undefined;
			const its_own = account === undefined ? [] : all_hashes.filter((name) => keys_for(account, name) !== undefined);
			return its_own.length > 0 ? its_own : names_of(wanted);
		}

		function backend(make: KeyMaker, hash: ScramHashName): ScramBackend {
			const find = (username: string): ReturnType<ScramBackend> => {
				const found = accounts.get(username);
				if (!found.ok) return { state: "unavailable" };
				if (!found.value) return { state: "unknown" };
				if (found.value["disabled"] === true) return { state: "disabled" };
				const keys = keys_for(found.value, hash);
				if (keys !== undefined) return { state: "enabled", ...keys };
				const other = main_keys(found.value);
				if (other === undefined) log("warn", "The stored keys of account '%s' are not complete", username);
				else {
					const advice = "a login with PLAIN changes that";
					log("warn", "The password of account '%s' is kept with %s, not with %s: %s", username, other.hash, hash, advice);
				}
				return { state: "unknown" };
			};
			return (sasl, username) => {
				const found = accounts.get(username);
				const plain = found.ok && found.value ? plain_password(found.value) : undefined;
				if (plain === undefined) return find(username);
				return go_on(replace_plain(sasl.may_wait ? make : now, username, plain), (hashed) =>
					hashed.ok ? find(username) : { state: "unavailable" },
				);
			};
		}

		function profile_for(session: C2sSession): SaslProfile {
			const make = in_pool(session.ip, () => session.type === "c2s_destroyed");
			const hashes = usable_hashes(session);
			return {
				plain_test: (sasl, username, password) =>
					go_on(check(sasl.may_wait ? make : now, username, password), (tested) => {
						const account = accounts.get(username);
						if (!account.ok || (!tested.ok && tested.error === busy_text)) return { state: "unavailable" };
						if (!account.value) return { state: "unknown" };
						return account.value["disabled"] === true ? { state: "disabled" } : { state: "enabled", correct: tested.ok };
					}),
				...(hashes.includes("SHA-1") ? { scram_sha_1: backend(make, "SHA-1") } : {}),
				...(hashes.includes("SHA-256") ? { scram_sha_256: backend(make, "SHA-256") } : {}),
				...(hashes.includes("SHA-512") ? { scram_sha_512: backend(make, "SHA-512") } : {}),
				decoy: (username) => ({ salt: decoy_salt(username), iteration_count: default_iteration_count }),
			};
		}

		/** What is stored of a password, in whichever form it is given. */
		function known_keys(username: string, password: Password): Result<StoreTable, string> {
			return typeof password === "string" ? at_once(keys_of(now, username, password)) : ok(password.keys);
		}

		const provider: AuthProvider = {
			name: "internal_hashed",
			test_password: (username, password) => at_once(check(now, username, password)),
			check_password: (username, password, whose) => check(in_pool(whose), username, password),
			hash_password: (username, password, whose) =>
				go_on(keys_of(in_pool(whose), username, password), (keys) => (keys.ok ? ok({ keys: keys.value }) : keys)),
			set_password(username, password) {
				const keys = known_keys(username, password);
				return keys.ok ? accounts.update(username, { ...keys.value, password: undefined }) : keys;
			},
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
				const keys = known_keys(username, password);
				return keys.ok ? accounts.create(username, keys.value) : keys;
			},
			delete_user: (username) => accounts.set(username, undefined),
			get_sasl_handler: (session) => new_sasl(module.host, profile_for(session)),
		};
		module.provides("auth", provider);
	},
};
