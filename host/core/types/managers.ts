// No counterpart: what the managers of a server do for others; each is made by the file of its name.

import type { Result, StanzaError } from "../../util/error.ts";
import type { FamilyOptions, MetricRegistry } from "../../util/openmetrics.ts";
import type { Role } from "../../util/roles.ts";
import type { SaslHandler } from "../../util/sasl.ts";
import type { Slices } from "../../util/slices.ts";
import type { Stanza } from "../../util/stanza.ts";
import type { MetricKind } from "../../util/statistics.ts";
import type { Eventual, Waiting } from "../../util/waiting.ts";
import type { AccountInfo, AuthProvider, Password, Roster } from "./accounts.ts";
import type { Session, SliceOptions, StanzaEvent } from "./events.ts";
import type { MeasuredFamily, MeasureKind, MeasureOptions, Measures } from "./measures.ts";
import type { C2sSession } from "./sessions.ts";
import type { StoreTable } from "./storage.ts";

/** Where a handler waits for something, what its sender sends next waits until this promise is done. */
export type Waited = Waiting<unknown> | undefined;

/** Moves stanzas. Source: core/stanza_router.lua. */
export interface StanzaRouter {
	/** A stanza as a stream delivered it: checks it, stamps `from`, and posts it. */
	process_stanza(origin: Session, stanza: Stanza): Waited;
	/** Fires the events of a stanza with good addresses; `preevents` for stanzas of this server's own clients. */
	post_stanza(origin: Session, stanza: Stanza, preevents?: boolean, event?: StanzaEvent): Waited;
	/** Posts to a local host, or fires `route/remote`. */
	route_stanza(origin: Session | undefined, stanza: Stanza): void;
	/** How much work waits so that others have their turns. */
	readonly slices: Slices;
	/** See {@link ModuleApi.in_slices}. */
	in_slices(event: StanzaEvent, work: () => unknown, how?: SliceOptions): void;
}

export interface SessionManager {
	/** Marks a stream as the account's, and gives it the named role, or else the account's own. */
	make_authenticated(session: C2sSession, username: string, role_name?: string): Result<true, string>;
	/** Binds a resource, a fresh one when none is wanted. Source: core/sessionmanager.lua, bind_resource. */
	bind_resource(session: C2sSession, resource: string | undefined): Result<true, StanzaError>;
	/** Takes a session out of the server and tells the modules. */
	destroy_session(session: C2sSession, error?: string): void;
	send_to_available_resources(username: string, host: string, stanza: Stanza): number;
	send_to_interested_resources(username: string, host: string, stanza: Stanza): number;
}

/** Accounts of all hosts; what concerns a host that is not served is an error. Source: core/usermanager.lua. */
export interface UserManager {
	test_password(username: string, host: string, password: string): Result<true, string>;
	/** See {@link AuthProvider.check_password}. */
	check_password(username: string, host: string, password: string, whose: string): Eventual<Result<true, string>>;
	/** A password in the form in which {@link set_password} and {@link create_user} need not wait for a hash. */
	hash_password(username: string, host: string, password: string, whose: string): Eventual<Result<Password, string>>;
	get_password(username: string, host: string): string | undefined;
	set_password(username: string, host: string, password: Password, resource?: string): Result<true, string>;
	get_account_info(username: string, host: string): Result<AccountInfo, string>;
	/** Whether there is such an account, or somebody is online by that name. */
	user_exists(username: string, host: string): boolean;
	/** Makes an account, or gives an existing one a new password; without a password the account is disabled. */
	create_user(username: string, host: string, password: Password | undefined): Result<true, string>;
	/** The same, with a role that is assigned before the account can be used. */
	create_user_with_role(username: string, host: string, password: Password | undefined, role: string): Result<true, string>;
	/** Deletes an account; all that is stored for it goes with the event `user-deleted`. */
	delete_user(username: string, host: string): Result<true, string>;
	user_is_enabled(username: string, host: string): Result<boolean, string>;
	enable_user(username: string, host: string): Result<true, string>;
	disable_user(username: string, host: string, meta?: StoreTable): Result<true, string>;
	users(host: string): string[];
	get_provider(host: string): AuthProvider | undefined;
	get_sasl_handler(host: string, session: C2sSession): SaslHandler;
	get_user_role(username: string, host: string): Role | undefined;
	set_user_role(username: string, host: string, role_name: string): Result<Role, string>;
	get_user_secondary_roles(username: string, host: string): Map<string, Role>;
	add_user_secondary_role(username: string, host: string, role_name: string): Result<Role, string>;
	remove_user_secondary_role(username: string, host: string, role_name: string): Result<true, string>;
	user_can_assume_role(username: string, host: string, role_name: string): boolean;
	get_users_with_role(role_name: string, host: string): string[];
	/** The role that somebody has in the eyes of a host. */
	get_jid_role(jid: string, host: string): Role | undefined;
	set_jid_role(jid: string, host: string, role_name: string): Result<true, string>;
	get_jids_with_role(role_name: string, host: string): string[];
	get_role_by_name(role_name: string, host: string): Role | undefined;
	get_all_roles(host: string): ReadonlyMap<string, Role>;
	/** Whether a JID is among the host's or the server's `admins`, or has an admin's role. */
	is_admin(jid: string, host: string): boolean;
}

export interface RosterManager {
	/** The account's roster, read when first asked for. A broken one (unreadable) is empty and never saved. */
	load_roster(username: string, host: string): Roster;
	/** Saves after a change; `jid` is the contact that changed. False where that cannot be done. */
	save_roster(username: string, host: string, roster: Roster, jid?: string): boolean;
	/** Tells all interested resources about one contact (RFC 6121 §2.1.6). */
	roster_push(username: string, host: string, jid: string): void;
	/** Whether the contact sees the account's presence. */
	is_contact_subscribed(username: string, host: string, jid: string): boolean;
	/** Whether the account sees the contact's presence. */
	is_user_subscribed(username: string, host: string, jid: string): boolean;
	is_contact_preapproved(username: string, host: string, jid: string): boolean;
	is_contact_pending_in(username: string, host: string, jid: string): boolean;
	/** State changes of RFC 6121 appendix A; each answers whether something was changed and saved. */
	set_contact_pending_in(username: string, host: string, jid: string, stanza: Stanza | true): boolean;
	set_contact_pending_out(username: string, host: string, jid: string): boolean;
	unsubscribe(username: string, host: string, jid: string): boolean;
	subscribed(username: string, host: string, jid: string): boolean;
	/** Also says whether the contact had been subscribed. */
	unsubscribed(username: string, host: string, jid: string): { success: boolean; was_subscribed: boolean };
	process_inbound_subscription_approval(username: string, host: string, jid: string): boolean;
	process_inbound_subscription_cancellation(username: string, host: string, jid: string): boolean;
	process_inbound_unsubscribe(username: string, host: string, jid: string): boolean;
}

/** Numbers that the server keeps about itself, where `statistics` says so. Source: core/statsmanager.lua. */
export interface StatsManager {
	/** All metrics; undefined where no statistics are kept. */
	readonly registry: MetricRegistry | undefined;
	/** Whether metrics are brought up to date only when somebody wants them (`statistics_interval = "manual"`). */
	readonly is_manual: boolean;
	/** A measure in the older way: with its kind, and at most one label. */
	measure<Kind extends MeasureKind>(
		kind: Kind,
		name: string,
		options?: MeasureOptions,
		label?: readonly [key: string, value: string],
	): Measures[Kind];
	/** A family of metrics; one that nobody sees where no statistics are kept. */
	metric<Kind extends MetricKind>(kind: Kind, name: string, options?: FamilyOptions): MeasuredFamily<Kind>;
	/** Has everybody bring their metrics up to date (event `stats-update`). */
	collect(): void;
	/** Ends what collects metrics, after a last time. */
	close(): void;
}
