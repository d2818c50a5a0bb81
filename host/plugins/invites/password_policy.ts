// Counterpart: the community's mod_password_policy.lua

import type { ModuleApi } from "../../core/types.ts";

/** What passwords have to be. */
export interface PasswordPolicy {
	/** Bytes. */
	readonly length: number;
	/** Says what is wrong with a password; undefined where nothing is. */
	problem(password: string, username: string): string | undefined;
}

/** Option: password_policy, with `length` and `exclude_username`. */
export function read_password_policy(module: ModuleApi): PasswordPolicy {
	const given = module.get_option("password_policy");
	const table: { readonly [key: string]: unknown } = typeof given === "object" && given !== null ? { ...given } : {};
	const length = typeof table["length"] === "number" ? table["length"] : 8;
	const excludes_username = table["exclude_username"] !== false;
	return {
		length,
		problem(password, username) {
			if (password === "") return "No password provided";
			if (Buffer.byteLength(password) < length) return `Password is too short (minimum ${length} characters)`;
			const has_username = password.toLowerCase().includes(username.toLowerCase());
			return excludes_username && has_username ? "Password must not include your username" : undefined;
		},
	};
}
