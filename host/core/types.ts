// No counterpart: the shapes that Prosody describes in doc/session.txt and teal-src/module.d.tl, or leaves to the reader.

import type { Datamanager } from "../util/datamanager.ts";
import type { ErrorType, Result, StanzaError } from "../util/error.ts";
import type { Events, Handler, Wrapper } from "../util/events.ts";
import type { Role } from "../util/roles.ts";
import type { SaslHandler } from "../util/sasl.ts";
import type { Slices } from "../util/slices.ts";
import type { AddressableText, Attributes, Stanza } from "../util/stanza.ts";
import type { Turn } from "../util/turn.ts";
import type { ConfigValue } from "./config/config.ts";
import type { Delivery, TextSender } from "./delivery.ts";
import type { AccountInfo, AuthProvider, AuthzProvider, Roster, RosterItem } from "./types/accounts.ts";
import type { HttpApp, HttpMessageEvent, HttpServer } from "./types/http.ts";
import type { HttpClient } from "./types/http_client.ts";
import type { ReloadReport } from "./types/reload.ts";
import type { StorageDriver, StorageError, StoreTable, StoreTypes } from "./types/storage.ts";

export type { Delivery, TextSender } from "./delivery.ts";
export type * from "./types/accounts.ts";
export type * from "./types/http.ts";
export type * from "./types/http_client.ts";
export type * from "./types/sql.ts";
export type * from "./types/storage.ts";

// ---------------------------------------------------------------------------------------------------------------- logging

export type LogLevel = "debug" | "info" | "warn" | "error";

/** Logs a message; `%s`, `%d` and `%q` in it stand for the arguments, which are only formatted when the level is wanted. */
export type Log = (level: LogLevel, message: string, ...args: unknown[]) => void;

// --------------------------------------------------------------------------------------------------------------- sessions

/** Why a stream ends: a condition of RFC 6120 §4.9.3, with text for people and an application-specific element. */
export interface StreamError {
	readonly condition: string;
	readonly text?: string;
	readonly extra?: Stanza;
}

/** What every origin of stanzas has in common. */
interface SessionBase {
	/** Unique in this process. */
	readonly id: string;
	readonly log: Log;
	/** Sends a stanza or stream element to the other side. False where it can no longer be sent. */
	send(stanza: Stanza): boolean;
}

/** A stream over a connection. */
export interface StreamSession extends SessionBase {
	/** Its kind, and whether it has said who it is: `c2s`, `c2s_unauthed`, `component`. */
	readonly type: string;
	/** Address of the other end, for logs and limits. */
	readonly ip: string;
	/** Whether nobody in between can read along. */
	secure: boolean;
	/** Sends text that is serialised already. False where it can no longer be sent. */
	send_text(text: string): boolean;
	/** Sends a text that others get too, addressed to this session; the broadcast path. Nothing that filters gets to see it. */
	send_shared(text: AddressableText): boolean;
	/** Ends the stream: with an error, or cleanly when there is none. */
	close(reason?: StreamError): void;
	/** Keeps back what comes from the other end from here on; the answer lets it pass. Missing where nothing can be kept back. */
	hold?(): () => void;
	/** Reads no faster than this from now on; undefined for as fast as it comes. */
	setlimit?(settings: RateLimitSettings | undefined): void;
	/** Passes a stanza through the filters of one direction; undefined where one swallowed it. Source: util/filters.lua. */
	filter(kind: FilterKind, stanza: Stanza): Stanza | undefined;
	/** Whether anything filters that direction, so that a shared text cannot be sent as it is. */
	has_filter(kind: FilterKind): boolean;
	add_filter(kind: FilterKind, callback: StanzaFilter, priority?: number): void;
	remove_filter(kind: FilterKind, callback: StanzaFilter): void;
}

export type FilterKind = "stanzas/in" | "stanzas/out";
export type StanzaFilter = (stanza: Stanza) => Stanza | undefined;

/**
 * A client's stream. `c2s_unauthed` until SASL succeeds, `c2s_unbound` until a resource is bound, `c2s` from then on,
 * `c2s_destroyed` at last.
 */
export interface C2sSession extends StreamSession {
	type: "c2s_unauthed" | "c2s_unbound" | "c2s" | "c2s_destroyed";
	/** The host of the stream header. */
	host: string | undefined;
	username: string | undefined;
	resource: string | undefined;
	/** `username@host/resource`, once bound. */
	full_jid: string | undefined;
	/** The last available presence without `to`. */
	presence: Stanza | undefined;
	priority: number | undefined;
	/** Whether the client asked for the roster, and so gets pushes. */
	interested: boolean;
	/** Full or bare JIDs that directed presence went to. */
	directed: Set<string> | undefined;
	/** Who the client is to the permission system. */
	role: Role | undefined;
	/** The SASL exchange that runs, or that the offered mechanisms come from; none once it succeeded. */
	sasl_handler: SaslHandler | undefined;
	/** Expects a new stream header, as after SASL (RFC 6120 §6.3.2); what is sent next still belongs to the old stream. */
	reset_stream(): void;
}

/** An external component's stream (XEP-0114). */
export interface ComponentSession extends StreamSession {
	type: "component_unauthed" | "component" | "component_destroyed";
	host: string | undefined;
}

/** All resources of one account that are online. Prosody: `hosts[host].sessions[username]`. */
export interface UserSessions {
	readonly sessions: Map<string, C2sSession>;
	/** The available resources with the highest non-negative priority, which messages to the bare JID go to. */
	top_resources: C2sSession[] | undefined;
}

/** A host as the origin of stanzas, and all that belongs to it. Prosody: `hosts[host]`. */
export interface HostSession extends SessionBase {
	readonly type: "local" | "component";
	readonly host: string;
	readonly events: Events<EventMap>;
	readonly modules: Map<string, LoadedModule>;
	/** Accounts that are online, by username; empty for components. */
	readonly sessions: Map<string, UserSessions>;
	/** Where accounts are checked; the null provider refuses everybody. */
	users: AuthProvider;
	authz: AuthzProvider;
	/**
	 * By stanza name, the handler of `NAME/full` that only hands a stanza to the session it is addressed to. While it is
	 * the only handler there, a broadcast may hand the session finished text instead.
	 */
	readonly plain_delivery: Map<string, Handler<StanzaEvent>>;
}

/** Where a stanza came from. */
export type Session = C2sSession | ComponentSession | HostSession;

// ----------------------------------------------------------------------------------------------------------------- events

/** Payload of the stanza events. */
export interface StanzaEvent {
	origin: Session;
	stanza: Stanza;
	/** The sender addressed its own account. */
	to_self?: boolean;
	/** Why a `pre-stanza` handler refused, for the log. */
	reason?: string;
}

/** Payload of `item-added/…` and `item-removed/…`. */
export interface ItemEvent<Item> {
	source: ModuleApi;
	item: Item;
}

export interface ModuleEvent {
	module: string;
	host: string;
}

/** Payload of the disco events; handlers add to `reply`. Source: plugins/mod_disco.lua. */
export interface DiscoEvent {
	origin: Session;
	stanza: Stanza;
	reply: Stanza;
	node?: string;
	/** Set by a handler that knows the node. */
	exists?: boolean;
}

/**
 * Every event with its payload. Modules declare theirs by augmenting this interface, as muc/types.ts does:
 * `declare module "../host/core/types.ts" { interface EventMap { "my-event": MyPayload } }`.
 *
 * Stanza events are named as in Prosody: `message/full`, `iq-get/host/jabber:iq:version:query`, `pre-presence/bare`,
 * `iq-result/bare/ID`, and `stanza/…` for what is no stanza in the stream's namespace.
 */
export interface EventMap {
	/** A stream of any kind was made, and nothing has come over it yet. Fired on the server's own bus. Source: util.filters, initialize. */
	"stream-session-created": { session: StreamSession };
	"pre-stanza": StanzaEvent;
	[stanza: `stanza/${string}`]: StanzaEvent;
	[iq: `iq/${string}`]: StanzaEvent;
	[iq: `iq-get/${string}`]: StanzaEvent;
	[iq: `iq-set/${string}`]: StanzaEvent;
	[iq: `iq-result/${string}`]: StanzaEvent;
	[iq: `iq-error/${string}`]: StanzaEvent;
	[message: `message/${string}`]: StanzaEvent;
	[presence: `presence/${string}`]: StanzaEvent;
	[pre: `pre-iq/${string}`]: StanzaEvent;
	[pre: `pre-message/${string}`]: StanzaEvent;
	[pre: `pre-presence/${string}`]: StanzaEvent;
	/** A stanza for a domain that is not served here. */
	"route/remote": StanzaEvent & { from_host: string; to_host: string };
	"stream-features": { origin: C2sSession; features: Stanza };
	"host-disco-info": DiscoEvent;
	"host-disco-items": DiscoEvent;
	"host-disco-info-node": DiscoEvent;
	"host-disco-items-node": DiscoEvent;
	"account-disco-info": DiscoEvent;
	"account-disco-items": DiscoEvent;
	"account-disco-info-node": DiscoEvent;
	"account-disco-items-node": DiscoEvent;
	/** `false` refuses the resource, with `error` if set. */
	"pre-resource-bind": { session: C2sSession; resource: string | undefined; error?: StanzaError };
	"resource-bind": { session: C2sSession };
	"pre-resource-unbind": { session: C2sSession; error?: string };
	"resource-unbind": { session: C2sSession; error?: string };
	"authentication-success": { session: C2sSession };
	"authentication-failure": { session: C2sSession; condition: string; text?: string };
	/** The payload is the name itself. */
	"host-activated": string;
	"host-deactivated": string;
	"user-registered": { username: string; host: string; source: string; session?: C2sSession };
	"user-deleted": { username: string; host: string };
	"user-password-changed": { username: string; host: string; resource?: string };
	"user-enabled": { username: string; host: string };
	"user-disabled": { username: string; host: string; meta?: StoreTable };
	"user-role-changed": { username: string; host: string; role: Role };
	"user-role-added": { username: string; host: string; role_name: string; role: Role };
	"user-role-removed": { username: string; host: string; role_name: string };
	"roster-load": { username: string; host: string; roster: Roster };
	"roster-item-removed": { username: string; origin: C2sSession; jid: string; item: RosterItem | undefined; roster: Roster };
	"module-loaded": ModuleEvent;
	"module-unloaded": ModuleEvent;
	"module-reloaded": ModuleEvent;
	"server-starting": Record<never, never>;
	"server-started": Record<never, never>;
	"server-stopping": { reason: string };
	"server-stopped": { reason: string };
	"server-resetting": Record<never, never>;
	"server-reset": Record<never, never>;
	"reloading-config": Record<never, never>;
	/** The configuration has its new values; the file is undefined where there is none. */
	"config-reloaded": { filename: string | undefined };
	"reopen-log-files": Record<never, never>;
	"logging-reloaded": Record<never, never>;
	/** The process got a signal that others may use. */
	[signal: `signal/${string}`]: Record<never, never>;
	"stats-update": Record<never, never>;
	/** Answers a page that looks like those of errors. Source: plugins/mod_http_errors.lua. */
	"http-message": HttpMessageEvent;
	/** A turn could not be committed: nothing that its stanzas caused was stored or sent. */
	"turn-failed": { error: unknown; stanzas: readonly StanzaEvent[] };
	[item: `item-added/${string}`]: ItemEvent<never>;
	[item: `item-removed/${string}`]: ItemEvent<never>;
}

// -------------------------------------------------------------------------------------------------------------- modules

/** What a module may offer under a key, by {@link ModuleApi.add_item}. Modules add theirs by augmenting this interface. */
export interface ItemTypes {
	feature: string;
	identity: { category: string; type: string; name?: string };
	extension: Stanza;
	"auth-provider": AuthProvider;
	"authz-provider": AuthzProvider;
	"storage-provider": StorageDriver;
	"net-provider": NetService;
	"http-provider": HttpApp;
	measure: { name: string; type: string };
	task: Task;
}

/** Something to be done again and again (item `task`). Source: plugins/mod_cron.lua. */
export interface Task {
	/** For people; the key of its last run is made from it. `when` where there is none. */
	readonly name?: string | undefined;
	/** Key of its last run, `MODULE/name` where there is none. */
	readonly id?: string;
	readonly when: "hourly" | "daily" | "weekly";
	/** Done once what it answers is; started at, in seconds since 1970. */
	run(started_at: number): void | Promise<void>;
}

/** What `module.depends` answers with, by module name. Modules add theirs by augmenting this interface. */
// biome-ignore lint/suspicious/noEmptyInterface: filled by augmentation
export interface ModuleExports {}

/** A service that listens on ports named by options: `NAME_ports`, `NAME_interfaces`. Source: core/portmanager.lua. */
export interface NetService {
	readonly name: string;
	/** Listened on where the configuration names no ports; none without it. */
	readonly default_port?: number;
	/** Direct TLS from the first byte. */
	readonly encryption?: "ssl";
	/** Only listens on `local_interfaces`, unless `NAME_interfaces` says otherwise. */
	readonly private?: boolean;
	/** Takes an accepted connection. */
	onconnect(conn: Connection): void;
}

/** Where to connect to. */
export interface OutgoingAddress {
	/** A name or an address. */
	readonly host: string;
	readonly port: number;
	/** Seconds after which it is given up. */
	readonly timeout: number;
}

/** Something that is listened on. */
export interface ListenAddress {
	readonly service: string;
	/** As the configuration names the interface: an address, `*` or `::`. */
	readonly host: string;
	/** The port in use, also where any was asked for with 0. */
	readonly port: number;
}

/**
 * What carries a stream: bytes over TCP or TLS, which net/server.ts makes, or messages of something else. What is written belongs
 * to the turn (net/out_buffer.ts): it goes out at its end, or not at all where the turn fails. A carrier of messages makes one of
 * each call of `write` and `write_shared`, and `ondata` gets one whole message.
 */
export interface Connection {
	readonly ip: string;
	readonly secure: boolean;
	/** Callbacks of the owner; `ondata` gets chunks as they come, `onclose` comes once. */
	ondata: (chunk: Buffer) => void;
	onclose: (error: string | undefined) => void;
	/** The other end was silent for `read_timeout`; unless this answers true, the connection ends. */
	onreadtimeout: () => boolean;
	/** What was written is about to go out; more can be added to it. */
	onpredrain: () => void;
	/** All that was written is out, after some of it had to wait. */
	ondrain: () => void;
	/** The turn failed, and what was written in it was thrown away; only for who cares. */
	ondiscard: () => void;
	/**
	 * Collects text or bytes for the end of the turn. False where the connection is gone or its out-buffer is over its limit.
	 * @param keep whether a text goes out even when the turn fails, since it belongs to the stream and not to what was to be stored
	 */
	write(data: string | Uint8Array, keep?: boolean): boolean;
	/**
	 * Collects a text that others get too.
	 * @param to its `to` attribute for this one, with a space before it, as `st.to_attribute` makes it
	 */
	write_shared(text: AddressableText, to: string): boolean;
	/** Has the system probe an idle connection. */
	set_keepalive(on: boolean): void;
	/** What TLS agreed on, for logs; undefined in the clear. */
	ssl_info(): { readonly protocol: string; readonly cipher: string } | undefined;
	/** Bytes that the peer has not taken yet. */
	readonly pending: number;
	/** Stops and resumes reading. */
	pause(): void;
	resume(): void;
	/** Reads no faster than this from now on; undefined for as fast as it comes. Missing where the carrier has no such thing. */
	setlimit?(settings: RateLimitSettings | undefined): void;
	/** Holds back what is written until {@link resume_writes}, or until the connection is closed. The limit of the out-buffer stays. */
	pause_writes(): void;
	resume_writes(): void;
	/** Writes what is left, then ends the connection. */
	close(): void;
	/** Ends the connection at once. */
	destroy(): void;
	/** Turns into TLS as the server; what was written before goes out in the clear. Missing where the carrier has no such thing. */
	starttls?(context: TlsContext): void;
}

/** How much may come over a connection. */
export interface RateLimitSettings {
	/** In bytes a second; above 0. */
	readonly rate: number;
	/** How many bytes may come at once after a time without any; at least as many as come in {@link resolution}. */
	readonly burst: number;
	/** Seconds after which what had to wait is looked at again. */
	readonly resolution: number;
}

/** Opaque to plugins: key and certificate for TLS. */
export interface TlsContext {
	readonly names: readonly string[];
	readonly options: import("node:tls").TlsOptions;
	/** The context for clients that name a host (SNI), where it depends on that. */
	readonly by_name?: (name: string) => TlsContext;
}

/** A module as a loader found it. */
export interface ModuleDefinition {
	readonly name: string;
	/** Loaded once for the whole server instead of once a host. */
	readonly global?: boolean;
	/** The file that it came from; built-in modules have none. */
	readonly path?: string;
	/** Not the server's own, in a language in which it may start what fails when nobody waits for it. */
	readonly is_guarded?: boolean;
	/** Runs the module; what it answers is what `module.depends` gives others. */
	load(module: ModuleApi): unknown;
}

/** Finds modules of one kind; synchronous, since `module.depends` is. Source: util/pluginloader.lua. */
export interface ModuleLoader {
	readonly language: "builtin" | "typescript" | "lua";
	/** The module of that name, undefined where this loader has none; an error value where it has one that cannot be loaded. */
	find(name: string): Result<ModuleDefinition, string> | undefined;
}

/** A module that runs on a host. */
export interface LoadedModule {
	readonly name: string;
	readonly module: ModuleApi;
	readonly definition: ModuleDefinition;
	readonly exports: unknown;
}

/** A running timer. */
export interface Timer {
	stop(): void;
	/** Runs `delay` seconds from now instead. */
	reschedule(delay: number): void;
}

/** Who asks for a permission: a JID, or the event of a stanza. */
export type PermissionContext = string | { origin: Session; stanza: Stanza };

/** A measure: call it with a value, or without one for a rate. */
export type Measure = (value?: number) => void;

/**
 * The `module` of Prosody's modules. All that is done through it is taken back when the module is unloaded.
 * Source: core/moduleapi.lua; methods keep their names and defaults.
 */
export interface ModuleApi {
	readonly name: string;
	/** The host that the module is loaded on, `*` for a global module. */
	readonly host: string;
	readonly server: Server;
	/** Where the module's file lies, if it came from one. */
	readonly path: string | undefined;

	/** Lifecycle callbacks, assigned by the module while it loads. */
	unload: (() => void) | undefined;
	/** What `save` answers is handed to `restore` of the reloaded module. */
	save: (() => unknown) | undefined;
	restore: ((saved: unknown) => void) | undefined;
	/** Called once the server listens, or at once when it already does. */
	ready: (() => void) | undefined;
	/** A global module's part on each host that has it enabled. */
	add_host: ((host_module: ModuleApi) => void) | undefined;

	readonly log: Log;
	get_host(): string;
	get_name(): string;
	/** `local`, `component`, or `global`. */
	get_host_type(): "local" | "component" | "global";
	/** The session of this host, to send from; throws for a global module. */
	host_session(): HostSession;
	/** This module as if it were loaded on another host, or on none (`*`); taken back together with it. */
	context(host: string): ModuleApi;

	hook<Name extends keyof EventMap & string>(event: Name, handler: Handler<EventMap[Name]>, priority?: number): void;
	unhook<Name extends keyof EventMap & string>(event: Name, handler: Handler<EventMap[Name]>): void;
	hook_global<Name extends keyof EventMap & string>(event: Name, handler: Handler<EventMap[Name]>, priority?: number): void;
	hook_object_event<Map, Name extends keyof Map & string>(
		events: Events<Map>,
		event: Name,
		handler: Handler<Map[Name]>,
		priority?: number,
	): void;
	/** Handles a stream element: `stanza/NAMESPACE:NAME`. */
	hook_tag(xmlns: string, name: string, handler: (session: Session, stanza: Stanza) => unknown, priority?: number): void;
	wrap_event<Name extends keyof EventMap & string>(event: Name, wrapper: Wrapper<EventMap[Name]>): void;
	fire_event<Name extends keyof EventMap & string>(event: Name, payload: EventMap[Name]): unknown;

	add_feature(xmlns: string): void;
	add_identity(category: string, type: string, name?: string): void;
	add_extension(extension: Stanza): void;
	add_item<Key extends keyof ItemTypes>(key: Key, item: ItemTypes[Key]): void;
	remove_item<Key extends keyof ItemTypes>(key: Key, item: ItemTypes[Key]): void;
	/** Items that all modules of this host (and the global ones) offer under a key. */
	get_host_items<Key extends keyof ItemTypes>(key: Key): ItemTypes[Key][];
	/** Calls back for each item that is there, comes, or goes. */
	handle_items<Key extends keyof ItemTypes>(
		key: Key,
		added: (event: ItemEvent<ItemTypes[Key]>) => void,
		removed: (event: ItemEvent<ItemTypes[Key]>) => void,
		existing?: boolean,
	): void;
	/** Offers this module as a provider: adds the item `KIND-provider`. */
	provides<Kind extends "auth" | "authz" | "storage" | "net" | "http">(kind: Kind, item: ItemTypes[`${Kind}-provider`]): void;
	/**
	 * Where an app is to be found from outside, by `http_external_url` or else by the ports that are listened on.
	 * @param app_name this module's name without `http_` by default
	 * @param default_path `/APP` by default
	 * @param mode `internal` passes `http_external_url` over
	 */
	http_url(app_name?: string, default_path?: string, mode?: "internal"): string;

	get_option(name: string): ConfigValue | undefined;
	get_option_string<Default extends string | undefined>(name: string, default_value?: Default): string | Default;
	get_option_number<Default extends number | undefined>(
		name: string,
		default_value?: Default,
		min?: number,
		max?: number,
	): number | Default;
	get_option_integer<Default extends number | undefined>(
		name: string,
		default_value?: Default,
		min?: number,
		max?: number,
	): number | Default;
	get_option_boolean<Default extends boolean | undefined>(name: string, default_value?: Default): boolean | Default;
	/** Seconds; `"never"` is Infinity. */
	get_option_period(name: string, default_value: string | number, min?: string | number, max?: string | number): number;
	/** One of some values; what is none of them is an error in the log, and counts as the default. */
	get_option_enum<Value extends string | boolean>(name: string, default_value: Value, ...others: Value[]): Value;
	get_option_array(name: string, default_value?: unknown[]): unknown[];
	get_option_set(name: string, default_value?: unknown[]): Set<unknown>;
	/** This host's values and the global ones together. */
	get_option_inherited_set(name: string, default_value?: unknown[]): Set<unknown>;

	/** The exports of another module, loading it if needed. Throws where it cannot be had. */
	depends<Name extends keyof ModuleExports>(name: Name): ModuleExports[Name];
	depends(name: string): unknown;
	/** A table that all modules may share; paths without `/` in front are below this host and module. */
	shared(path: string): Map<string, unknown>;

	open_store<Kind extends keyof StoreTypes = "keyval">(name?: string, kind?: Kind): StoreTypes[Kind];

	/** Calls back after `delay` seconds; a number as its answer is the delay to the next call. */
	add_timer(delay: number, callback: (now: number) => unknown): Timer;

	/** Has mod_cron do something again and again. The name is for people, and may be left out. */
	cron(task: Task): void;
	hourly(name: string | Task["run"], run?: Task["run"]): void;
	daily(name: string | Task["run"], run?: Task["run"]): void;
	weekly(name: string | Task["run"], run?: Task["run"]): void;

	/** Routes a stanza from this host. */
	send(stanza: Stanza, origin?: Session): void;
	/** Routes a stanza to many full JIDs, serialising it once; `to` of the stanza is ignored. */
	broadcast(recipients: Iterable<string>, stanza: Stanza): void;
	/** See {@link Delivery.text_sender}. */
	text_sender(full_jid: string, name: "message" | "presence" | "iq"): TextSender | undefined;
	/**
	 * Does what is much work for one stanza, now or in a later turn, so that nobody else waits for all of it; what its sender sends
	 * behind it waits with it.
	 */
	in_slices(event: StanzaEvent, work: () => void): void;
	/** Whether nothing would see an event but some of these handlers, so that who knows what they do need not fire it. */
	is_only_heard_by<Name extends keyof EventMap & string>(event: Name, handlers: ReadonlySet<Handler<EventMap[Name]>>): boolean;
	/** Sends an IQ; the promise ends with its result's stanza, or fails with an {@link IqError}. Timeout in seconds. */
	send_iq(stanza: Stanza, origin?: Session, timeout?: number): Promise<Stanza>;
	/** The same, with who answered. */
	query_iq(stanza: Stanza, origin?: Session, timeout?: number): Promise<IqAnswer>;

	default_permission(role: string, permission: string): void;
	default_permissions(role: string, permissions: readonly string[]): void;
	/** Whether somebody may do something; `:action` is this module's own. Logs refusals. */
	may(action: string, context: PermissionContext): boolean;
	/** The same, silently. */
	could(action: string, context: PermissionContext): boolean;

	/** Whose permissions are asked of Prosody 0.12's `is_admin`. */
	is_admin(jid: string): boolean;

	measure(name: string, kind: "amount" | "rate" | "times" | "counter" | "distribution"): Measure;
	set_status(kind: "error" | "warn" | "info" | "core", message: string): void;
}

/** The answer to a query. */
export interface IqAnswer {
	readonly stanza: Stanza;
	/** Where it came from; absent where the answer was given at once, to whoever asked. */
	readonly origin?: Session;
}

/** Why {@link ModuleApi.send_iq} failed. */
export class IqError extends Error {
	constructor(
		readonly type: ErrorType,
		readonly condition: string,
		readonly text: string | undefined,
		readonly stanza: Stanza | undefined,
	) {
		super(text ?? condition);
		this.name = "IqError";
	}
}

// --------------------------------------------------------------------------------------------------------------- server

/** Moves stanzas. Source: core/stanza_router.lua. */
export interface StanzaRouter {
	/** A stanza as a stream delivered it: checks it, stamps `from`, and posts it. */
	process_stanza(origin: Session, stanza: Stanza): void;
	/** Fires the events of a stanza with good addresses; `preevents` for stanzas of this server's own clients. */
	post_stanza(origin: Session, stanza: Stanza, preevents?: boolean): void;
	/** Posts to a local host, or fires `route/remote`. */
	route_stanza(origin: Session | undefined, stanza: Stanza): void;
	/** Work that waits so that others have their turns. */
	readonly slices: Slices;
	/** See {@link ModuleApi.in_slices}. */
	in_slices(event: StanzaEvent, work: () => void): void;
	/** One stanza to many full JIDs, serialised once. */
	broadcast(origin: HostSession, recipients: Iterable<string>, stanza: Stanza): void;
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
	get_password(username: string, host: string): string | undefined;
	set_password(username: string, host: string, password: string, resource?: string): Result<true, string>;
	get_account_info(username: string, host: string): Result<AccountInfo, string>;
	/** Whether there is such an account, or somebody is online by that name. */
	user_exists(username: string, host: string): boolean;
	/** Makes an account, or gives an existing one a new password; without a password the account is disabled. */
	create_user(username: string, host: string, password: string | undefined): Result<true, string>;
	/** The same, with a role that is assigned before the account can be used. */
	create_user_with_role(username: string, host: string, password: string | undefined, role: string): Result<true, string>;
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
	/** Tells all interested resources of one contact (RFC 6121 §2.1.6). */
	roster_push(username: string, host: string, jid: string): void;
	/** Whether the contact sees the account's presence. */
	is_contact_subscribed(username: string, host: string, jid: string): boolean;
	/** Whether the account sees the contact's presence. */
	is_user_subscribed(username: string, host: string, jid: string): boolean;
	is_contact_preapproved(username: string, host: string, jid: string): boolean;
	is_contact_pending_in(username: string, host: string, jid: string): boolean;
	/** State changes of RFC 6121 appendix A; each answers whether something was changed and saved. */
	set_contact_pending_in(username: string, host: string, jid: string, stanza: Stanza): boolean;
	set_contact_pending_out(username: string, host: string, jid: string): boolean;
	unsubscribe(username: string, host: string, jid: string): boolean;
	subscribed(username: string, host: string, jid: string): boolean;
	/** Also says whether the contact had been subscribed. */
	unsubscribed(username: string, host: string, jid: string): { success: boolean; was_subscribed: boolean };
	process_inbound_subscription_approval(username: string, host: string, jid: string): boolean;
	process_inbound_subscription_cancellation(username: string, host: string, jid: string): boolean;
	process_inbound_unsubscribe(username: string, host: string, jid: string): boolean;
}

export interface ModuleManager {
	load(host: string, name: string): Result<LoadedModule, string>;
	unload(host: string, name: string): Result<true, string>;
	reload(host: string, name: string): Result<LoadedModule, string>;
	get_module(host: string, name: string): LoadedModule | undefined;
	is_loaded(host: string, name: string): boolean;
	/** What is loaded on a host, or globally for `*`. */
	loaded_on(host: string): LoadedModule[];
	/** The names of the modules that the configuration has for a host. */
	configured_for(host: string): string[];
	get_items<Key extends keyof ItemTypes>(host: string, key: Key): ItemTypes[Key][];
}

/** Numbers that the server keeps about itself. Source: core/statsmanager.lua. */
export interface StatsManager {
	measure(kind: string, name: string, host: string): Measure;
	/** Current values by `host/name`. */
	values(): Map<string, number>;
}

/** The configuration, host by host; `*` is what stands before the first host. Source: core/configmanager.lua. */
export interface ConfigReader {
	get(host: string, option: string): ConfigValue | undefined;
}

/** A whole server as a value; nothing of it is process-wide. */
export interface Server {
	readonly version: string;
	/** Seconds since 1970. */
	readonly start_time: number;
	readonly config: ConfigReader;
	readonly events: Events<EventMap>;
	readonly hosts: Map<string, HostSession>;
	readonly full_sessions: Map<string, C2sSession>;
	readonly bare_sessions: Map<string, UserSessions>;
	readonly turn: Turn;
	readonly router: StanzaRouter;
	readonly delivery: Delivery;
	readonly sessionmanager: SessionManager;
	readonly usermanager: UserManager;
	readonly rostermanager: RosterManager;
	readonly modulemanager: ModuleManager;
	readonly statsmanager: StatsManager;
	readonly logger: (name: string) => Log;
	/** Prosody: `net.http.server`. It only has something to answer where a port is open, which mod_http takes care of. */
	readonly http_server: HttpServer;
	/** Asks other servers. Prosody: `net.http`. */
	readonly http: HttpClient;
	readonly paths: { readonly data: string; readonly config: string; readonly plugins: readonly string[] };
	/** Prosody's files of data. Source: core/storagemanager.lua, olddm. */
	readonly datamanager: Datamanager;
	/** Opens a store on a host. Source: core/storagemanager.lua. */
	open_store<Kind extends keyof StoreTypes>(host: string, store: string, kind: Kind): Result<StoreTypes[Kind], StorageError>;
	/** Removes everything that a host has stored for a user. Source: core/storagemanager.lua, purge. */
	purge_user(username: string, host: string): Result<void, StorageError>;
	/** Brings a host up that the configuration has. Source: core/hostmanager.lua. */
	activate_host(host: string): Result<HostSession, string>;
	/** Closes a host's streams, unloads its modules and forgets it. */
	deactivate_host(host: string, reason?: StreamError): Result<true, string>;
	/** Tells everybody, saves, and closes everything. */
	stop(reason: string): Promise<void>;
	/** Opens log files anew, those that the configuration names now. */
	reopen_logs(): void;
	/** Reads the configuration again, with certificates and log files; an error is one line that says what is wrong, and nothing changed. */
	reload_config(): Result<ReloadReport, string>;
	/** Domains directly below a host that its disco items name. Source: core/hostmanager.lua, get_children. */
	get_children(host: string): { host: string; name: string | undefined }[];
	/** The TLS context of a host name; undefined where there is no certificate. Source: core/certmanager.lua. */
	tls_context(host: string): TlsContext | undefined;
	/** The same for a port that speaks TLS from the first byte. */
	service_tls_context(at: { service: string; interface: string; port: number }): TlsContext | undefined;
	/** What is listened on. */
	addresses(): ListenAddress[];
	/**
	 * Connects to somebody by TCP, trying all addresses of a name.
	 * @param onfailure told why there is no connection
	 * @returns gives it up
	 */
	connect(address: OutgoingAddress, onconnect: (conn: Connection) => void, onfailure: (reason: string) => void): () => void;
	/** Deactivates and activates all hosts: a clean state between scripts. Source: plugins/mod_debug_reset.lua. */
	reset(): void;
}

/** For builders of stanzas in modules. */
export type { Attributes, Stanza };
