// Counterpart: plugins/mod_auth_internal_plain.lua

import type { AuthProvider, ModuleDefinition } from "../core/types.ts";
import { saslprep } from "../util/encodings.ts";
import { failed, ok } from "../util/error.ts";
import { equals } from "../util/hashes.ts";
import { plain_iteration_count } from "../util/sasl/scram.ts";
import { new_sasl, type SaslProfile } from "../util/sasl.ts";
import { generate as generate_uuid } from "../util/uuid.ts";
import { open_accounts } from "./auth_accounts.lib.ts";

const prep_error = failed("Password fails SASLprep.");

/** Accounts in the store `accounts`, with passwords in plain text. */
export const definition: ModuleDefinition = {
	name: "auth_internal_plain",
	load(module) {
		const accounts = open_accounts(module);

		const profile: SaslProfile = {
			plain(_sasl, username) {
				const account = accounts.get(username);
				if (!account.ok) return { state: "unavailable" };
				// PARITY: `disabled` is ignored, since Prosody leaves it on accounts that were made before they got a password.
				const password = account.value?.["password"];
				return typeof password === "string" ? { state: "enabled", password } : { state: "unknown" };
			},
			// As for accounts that exist, whose salt is new each time as well.
			decoy: () => ({ salt: generate_uuid(), iteration_count: plain_iteration_count }),
		};

		const provider: AuthProvider = {
			name: "internal_plain",
			test_password(username, password) {
				const account = accounts.get(username);
				if (!account.ok) return account;
				if (account.value?.["disabled"] === true) return failed("Account disabled.");
				const prepared = saslprep(password);
				if (prepared === undefined) return prep_error;
				const stored = account.value?.["password"];
				const expected = typeof stored === "string" ? saslprep(stored) : undefined;
				if (expected !== undefined && equals(prepared, expected)) return ok(true);
				return failed("Auth failed. Invalid username or password.");
			},
			get_password(username) {
				const account = accounts.get(username);
				const password = account.ok ? account.value?.["password"] : undefined;
				return typeof password === "string" ? password : undefined;
			},
			set_password(username, password: string) {
				const prepared = saslprep(password);
				if (prepared === undefined) return prep_error;
				// An account with a password is enabled, even if it was made disabled.
				return accounts.update(username, { password: prepared, disabled: undefined });
			},
			get_account_info(username) {
				const info = accounts.info(username);
				if (!info.ok) return info;
				const { enabled: _, ...times } = info.value;
				return ok(times);
			},
			user_exists: accounts.exists,
			users: accounts.users,
			create_user(username, password: string | undefined) {
				if (password === undefined) return accounts.create(username, { disabled: true });
				const prepared = saslprep(password);
				return prepared === undefined ? prep_error : accounts.create(username, { password: prepared });
			},
			delete_user: (username) => accounts.set(username, undefined),
			get_sasl_handler(session) {
				const is_gone = (): boolean => session.type === "c2s_destroyed";
				return new_sasl(module.host, {
					...profile,
					in_pool: (work, instead) => module.server.hashing.add(session.ip, work, { is_gone, instead }),
				});
			},
		};
		module.provides("auth", provider);
	},
};
