// No counterpart: what plugins/mod_auth_internal_hashed.lua and plugins/mod_auth_internal_plain.lua have in common.

import type { AccountInfo, ModuleApi, StorageError, StoreTable } from "../core/types.ts";
import { failed, ok, type Result } from "../util/error.ts";

/** The store `accounts` of one host: a table for each username. Unknown keys in it are kept. */
export interface Accounts {
	/** Undefined where there is no such account. */
	get(username: string): Result<StoreTable | undefined, string>;
	/** Replaces an account as a whole; undefined deletes it. */
	set(username: string, account: StoreTable | undefined): Result<true, string>;
	/** Changes keys of an existing account (undefined removes one), and notes the time. */
	update(username: string, changes: StoreTable): Result<true, string>;
	/** Makes an account, or replaces an existing one; one that cannot be read is not touched. */
	create(username: string, content: StoreTable): Result<true, string>;
	exists(username: string): boolean;
	info(username: string): Result<AccountInfo, string>;
	users(): string[];
}

function now(): number {
	return Math.floor(Date.now() / 1000);
}

function describe(error: StorageError): string {
	return error.text;
}

function number(account: StoreTable, key: string): number | undefined {
	const value = account[key];
	return typeof value === "number" ? value : undefined;
}

/** Opens a module's accounts. */
export function open_accounts(module: ModuleApi): Accounts {
	const store = module.open_store("accounts");

	function get(username: string): Result<StoreTable | undefined, string> {
		const account = store.get(username);
		if (account.ok) return account;
		module.log("error", "Cannot read the account '%s': %s", username, describe(account.error));
		return failed(describe(account.error));
	}

	function set(username: string, account: StoreTable | undefined): Result<true, string> {
		const stored = store.set(username, account);
		return stored.ok ? ok(true) : failed(describe(stored.error));
	}

	return {
		get,
		set,
		update(username, changes) {
			const account = get(username);
			if (!account.ok) return account;
			if (!account.value) return failed("Account not available.");
			return set(username, { ...account.value, ...changes, updated: now() });
		},
		create(username, content) {
			const unnameable = store.name_problem?.(username);
			if (unnameable !== undefined) return failed(describe(unnameable));
			const present = get(username);
			if (!present.ok) return present;
			const created = now();
			return set(username, { ...content, created, updated: created });
		},
		exists(username) {
			const account = get(username);
			return account.ok && account.value !== undefined;
		},
		info(username) {
			const account = get(username);
			if (!account.ok) return account;
			if (!account.value) return failed("Account not available");
			const created = number(account.value, "created");
			const password_updated = number(account.value, "updated");
			return ok({
				...(created === undefined ? {} : { created }),
				...(password_updated === undefined ? {} : { password_updated }),
				enabled: account.value["disabled"] !== true,
			});
		},
		users() {
			const users = store.users();
			if (users.ok) return users.value;
			module.log("error", "Cannot list the accounts: %s", describe(users.error));
			return [];
		},
	};
}
