// No counterpart: what core/usermanager.lua and core/rostermanager.lua pass around.

import type { Result } from "../../util/error.ts";
import type { Role } from "../../util/roles.ts";
import type { SaslHandler } from "../../util/sasl.ts";
import type { Stanza } from "../../util/stanza.ts";
import type { Eventual } from "../../util/waiting.ts";
import type { C2sSession } from "./sessions.ts";
import type { StoreTable } from "./storage.ts";

/** What a provider knows about an account; times are seconds since 1970. */
export interface AccountInfo {
	readonly created?: number;
	readonly password_updated?: number;
	/** False for a disabled account; undefined where the provider cannot disable accounts. */
	readonly enabled?: boolean;
}

/** What an account's provider stores of a password; only the provider that made it knows what to do with it. */
export interface HashedPassword {
	readonly keys: StoreTable;
}

/** A password, or what was computed from it without anybody waiting. */
export type Password = string | HashedPassword;

/** Passwords and accounts of one host (item `auth-provider`). Source: plugins/mod_auth_*.lua. */
export interface AuthProvider {
	readonly name: string;
	test_password(username: string, password: string): Result<true, string>;
	/**
	 * The same without the event loop having to wait for a hash. Missing where none is needed.
	 * @param whose an address, or another name for who asks: everybody has a turn before somebody has a second one
	 */
	check_password?(username: string, password: string, whose: string): Eventual<Result<true, string>>;
	/** Hashes a password for {@link set_password} and {@link create_user}; the same. */
	hash_password?(username: string, password: string, whose: string): Eventual<Result<HashedPassword, string>>;
	set_password(username: string, password: Password): Result<true, string>;
	user_exists(username: string): boolean;
	/** Without a password the account is made disabled. */
	create_user(username: string, password: Password | undefined): Result<true, string>;
	delete_user(username: string): Result<true, string>;
	users(): string[];
	/** A new SASL exchange for one stream. */
	get_sasl_handler(session: C2sSession): SaslHandler;
	/** Only where passwords are stored in plain text. */
	get_password?(username: string): string | undefined;
	get_account_info?(username: string): Result<AccountInfo, string>;
	is_enabled?(username: string): Result<boolean, string>;
	enable?(username: string): Result<true, string>;
	/** `meta` is kept with the account: who disabled it, and why. */
	disable?(username: string, meta?: StoreTable): Result<true, string>;
}

export type { Role, SaslHandler };

/** Who may do what on one host (item `authz-provider`). Source: plugins/mod_authz_internal.lua. */
export interface AuthzProvider {
	/** The primary role of an account of this host; undefined where it has none or it cannot be read. */
	get_user_role(username: string): Role | undefined;
	set_user_role(username: string, role_name: string): Result<Role, string>;
	get_user_secondary_roles(username: string): Map<string, Role>;
	add_user_secondary_role(username: string, role_name: string): Result<Role, string>;
	remove_user_secondary_role(username: string, role_name: string): Result<true, string>;
	user_can_assume_role(username: string, role_name: string): boolean;
	/** Usernames that have a role, as their primary or secondary one. */
	get_users_with_role(role_name: string): string[];
	/** The role of somebody who has no account on this host. */
	get_jid_role(jid: string): Role | undefined;
	set_jid_role(jid: string, role_name: string): Result<true, string>;
	get_jids_with_role(role_name: string): string[];
	get_role_by_name(name: string): Role | undefined;
	get_all_roles(): ReadonlyMap<string, Role>;
	add_default_permission(role: string, permission: string): void;
	remove_default_permission(role: string, permission: string): void;
}

export interface RosterItem {
	subscription: "none" | "to" | "from" | "both" | "remove";
	ask?: "subscribe";
	name?: string;
	groups: Set<string>;
	approved?: boolean;
	/** False for a contact that is put into the roster each time it is read, as by mod_groups, and is not stored. */
	persist?: boolean;
}

/** An account's contacts. Source: core/rostermanager.lua. */
export interface Roster {
	version: number;
	/** It could not be read, and is never saved, so that nothing is overwritten. */
	broken: boolean;
	readonly items: Map<string, RosterItem>;
	/** Subscription requests that wait for an answer, with the stanza if it was kept. */
	readonly pending: Map<string, Stanza | true>;
}
