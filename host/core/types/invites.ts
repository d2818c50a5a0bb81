// No counterpart: what plugins/mod_invites.lua keeps in tables.

import type { Result } from "../../util/error.ts";
import type { StoreTable, StoreValue } from "./storage.ts";

/** An invitation, as it is stored (map store `invite_token`, of the host itself). Times are seconds since 1970. */
export interface Invite extends StoreTable {
	/** To register an account, or to become somebody's contact. */
	type: "register" | "roster";
	/** The host or the account to be made; for `roster` whose contact one becomes. */
	jid: string;
	token: string;
	/** Whether an account may be made with it. */
	allow_registration?: boolean;
	/** `allow_reset`, `roles`, `groups`, `source` and whatever else modules keep. */
	additional_data?: StoreTable;
	uri: string;
	created_at: number;
	expires: number;
	/** It may be used again until it expires. */
	reusable?: boolean;
	/** A page for browsers, which handlers of `invite-created` may set. */
	landing_page?: string;
}

/** An invitation that somebody may use. */
export interface ValidInvite {
	readonly token: string;
	/** The account that it is for: to be made, or whose contact one becomes. */
	readonly username: string | undefined;
	/** Who invited. */
	readonly inviter: string | undefined;
	readonly type: "register" | "roster";
	readonly uri: string;
	readonly additional_data: StoreTable | undefined;
	readonly reusable: boolean;
	/** Has to be called once it was used. */
	use(): boolean;
}

/** Why an invitation cannot be used. */
export type InviteError = "no-token" | "token-invalid" | "token-expired" | "internal-server-error";

/** What other modules may do with invitations. Times to live are in seconds. */
export interface InvitesExports {
	/** For an account, of a certain name where one is given. */
	create_account(username?: string, additional_data?: StoreTable, ttl?: number): Result<Invite, InviteError>;
	/** To set a new password; for a day where no time is given. */
	create_account_reset(username: string, ttl?: number): Result<Invite, InviteError>;
	/** To become a contact. */
	create_contact(
		username: string,
		allow_registration?: boolean,
		additional_data?: StoreTable,
		ttl?: number,
	): Result<Invite, InviteError>;
	/** For an account, and to join groups; for more than one person where a time is given. */
	create_group(group_ids: StoreValue, additional_data?: StoreTable, ttl?: number): Result<Invite, InviteError>;
	/** Those that nobody has used yet, and that allow registration. */
	pending_account_invites(): IterableIterator<[token: string, invite: Invite]>;
	get_account_invite_info(token: string | undefined): Result<Invite, InviteError>;
	delete_account_invite(token: string | undefined): Result<true, InviteError>;
	/**
	 * An invitation for whoever has its token.
	 * @param username whose contact the holder wants to become; left out where an account is to be made
	 */
	get(token: string | undefined, username?: string): Result<ValidInvite, InviteError>;
	use(token: string | undefined): boolean;
}
