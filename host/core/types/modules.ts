// Counterpart: teal-src/module.d.tl

import type { ApiCommand } from "../../util/api/command.ts";
import type { Result } from "../../util/error.ts";
import type { Events, Handler, Wrapper } from "../../util/events.ts";
import type { FamilyOptions } from "../../util/openmetrics.ts";
import type { Stanza } from "../../util/stanza.ts";
import type { MetricKind } from "../../util/statistics.ts";
import type { ConfigValue } from "../config/config.ts";
import type { AuthProvider, AuthzProvider } from "./accounts.ts";
import type { NetService } from "./connections.ts";
import type { TextSender } from "./delivery.ts";
import type { EventMap, HostSession, Session, SliceOptions, StanzaEvent } from "./events.ts";
import type { HttpApp } from "./http.ts";
import type { Log } from "./logging.ts";
import type { MeasuredFamily, MeasureKind, MeasureOptions, Measures, MetricShape } from "./measures.ts";
import type { RoomKeeping } from "./room_keeping.ts";
import type { Server } from "./server.ts";
import type { StorageDriver, StoreTypes } from "./storage.ts";

// Hosts, events and the server come before modules. What modules add to them is said here.

declare module "./events.ts" {
	interface HostSession {
		readonly modules: Map<string, LoadedModule>;
	}
	interface EventMap {
		"module-loaded": ModuleEvent;
		"module-unloaded": ModuleEvent;
		"module-reloaded": ModuleEvent;
		[item: `item-added/${string}`]: ItemEvent<never>;
		[item: `item-removed/${string}`]: ItemEvent<never>;
	}
}

declare module "./server.ts" {
	interface Server {
		readonly modulemanager: ModuleManager;
	}
}

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
	/** Of a service with rooms. */
	"room-keeping": RoomKeeping;
	measure: { name: string; type: string; conf?: MeasureOptions };
	metric: { name: string; mf: MetricShape };
	task: Task;
	/** What scripts can call over HTTP. */
	"api-command": ApiCommand;
}

/** Something to be done again and again (item `task`). Source: plugins/mod_cron.lua. */
export interface Task {
	/** For people; the key of its last run is made from it. `when` where there is none. */
	readonly name?: string | undefined;
	/** Key of its last run, `MODULE/name` where there is none. */
	readonly id?: string;
	readonly when: "hourly" | "daily" | "weekly";
	/** In a cluster: it is done by each node, and not by one for all of them, since it is about files of this machine. */
	readonly on_each_node?: boolean;
	/** Done when the promise that it returns is; started at, in seconds since 1970. */
	run(started_at: number): void | Promise<void>;
}

/** What `module.depends` answers with, by module name. Modules add theirs by augmenting this interface. */
// biome-ignore lint/suspicious/noEmptyInterface: filled by augmentation
export interface ModuleExports {}

/** Payload of `item-added/…` and `item-removed/…`. */
export interface ItemEvent<Item> {
	source: ModuleApi;
	item: Item;
}

export interface ModuleEvent {
	module: string;
	host: string;
}

/** A module as a loader found it. */
export interface ModuleDefinition {
	readonly name: string;
	/** Loaded once for the whole server instead of once a host. */
	readonly global?: boolean;
	/** The file that it came from; built-in modules have none. */
	readonly path?: string;
	/** Not built in, and in a language in which it may start things that fail later without anybody to catch that. */
	readonly is_guarded?: boolean;
	/** Runs the module; others get what it returns from `module.depends`. */
	load(module: ModuleApi): unknown;
}

/** Finds modules of one kind; synchronous, since `module.depends` is. Source: util/pluginloader.lua. */
export interface ModuleLoader {
	readonly language: "builtin" | "typescript" | "lua";
	/** The module of that name, undefined where this loader has none; an error value where it has one that cannot be loaded. */
	find(name: string): Result<ModuleDefinition, string> | undefined;
	/** Why it has no module of a name that is preferred from it. */
	why_not?(name: string): string;
	/**
	 * Runs a line that an administrator has typed. Throws what it throws.
	 * @param print takes what it prints
	 */
	run_line?(server: Server, code: string, print: (text: string) => void): { readonly text: string; readonly is_error: boolean };
}

/** The `module` of a module that runs, for whoever looks at it. */
export interface RunningModule extends ModuleApi {
	/** What the module itself offers under a key. */
	own_items<Key extends keyof ItemTypes>(key: Key): ItemTypes[Key][];
	/** The keys under which it offers something. */
	item_kinds(): (keyof ItemTypes)[];
	/** Names of the modules that it depends on. */
	readonly dependencies: ReadonlySet<string>;
	/** What `set_status` was told last. */
	get_status(): { readonly kind: string; readonly message: string };
}

/** A module that runs on a host. */
export interface LoadedModule {
	readonly name: string;
	readonly module: RunningModule;
	readonly definition: ModuleDefinition;
	readonly exports: unknown;
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
	/** Runs a line of Lua that an administrator has typed; undefined where there is no Lua. See {@link ModuleLoader.run_line}. */
	run_line(code: string, print: (text: string) => void): { readonly text: string; readonly is_error: boolean } | undefined;
}

/** A running timer. */
export interface Timer {
	stop(): void;
	/** Runs `delay` seconds from now instead. */
	reschedule(delay: number): void;
}

/** On whose behalf a permission is asked for: a JID, or the event of a stanza. */
export type PermissionContext = string | { origin: Session; stanza: Stanza };

/** The answer to a query. */
export interface IqAnswer {
	readonly stanza: Stanza;
	/** Where it came from; absent when the answer was given at once, in this server. */
	readonly origin?: Session;
}

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
	/** What `save` returns is handed to `restore` of the reloaded module. */
	save: (() => unknown) | undefined;
	restore: ((saved: unknown) => void) | undefined;
	/** While it goes to come again, and while it loads then: what it saved. */
	reloading: { readonly saved: unknown } | undefined;
	/** Runs what tells others that it has come again, which its code can see then. */
	while_reloaded: ((tell: () => void) => void) | undefined;
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
	/** This module as if it were loaded on another host, or globally (`*`); what it does is undone with this one. */
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
	/** See {@link Events.fire_waiting}: the answer may be a `Waiting`. */
	fire_waiting<Name extends keyof EventMap & string>(event: Name, payload: EventMap[Name]): unknown;

	add_feature(xmlns: string): void;
	add_identity(category: string, type: string, name?: string): void;
	add_extension(extension: Stanza): void;
	add_item<Key extends keyof ItemTypes>(key: Key, item: ItemTypes[Key]): void;
	remove_item<Key extends keyof ItemTypes>(key: Key, item: ItemTypes[Key]): void;
	/** Items that all modules of this host (and the global ones) offer under a key. */
	get_host_items<Key extends keyof ItemTypes>(key: Key): ItemTypes[Key][];
	/** Calls back for each item that is there, that is added, or that is removed. */
	handle_items<Key extends keyof ItemTypes>(
		key: Key,
		added: (event: ItemEvent<ItemTypes[Key]>) => void,
		removed: (event: ItemEvent<ItemTypes[Key]>) => void,
		existing?: boolean,
	): void;
	/** Offers this module as a provider: adds the item `KIND-provider`. */
	provides<Kind extends "auth" | "authz" | "storage" | "net" | "http">(kind: Kind, item: ItemTypes[`${Kind}-provider`]): void;
	/**
	 * The URL of an app as seen from outside, by `http_external_url` or else by the ports that the server listens on.
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

	/** Calls back after `delay` seconds; a returned number is the delay to the next call. */
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
	text_sender(full_jid: string, name: "message" | "presence" | "iq", from: string): TextSender | undefined;
	/**
	 * Does a lot of work for one stanza, now or in a later turn, so that nobody else has to wait for all of it. What its sender
	 * sends next waits, too.
	 */
	in_slices(event: StanzaEvent, work: () => unknown, how?: SliceOptions): void;
	/** Whether no other handlers than these would see an event, so that a caller who knows what they do need not fire it. */
	is_only_heard_by<Name extends keyof EventMap & string>(event: Name, handlers: ReadonlySet<Handler<EventMap[Name]>>): boolean;
	/** Sends an IQ; the promise ends with its result's stanza, or fails with an {@link IqError}. Timeout in seconds. */
	send_iq(stanza: Stanza, origin?: Session, timeout?: number): Promise<Stanza>;
	/** The same, and says who answered. */
	query_iq(stanza: Stanza, origin?: Session, timeout?: number): Promise<IqAnswer>;

	default_permission(role: string, permission: string): void;
	default_permissions(role: string, permissions: readonly string[]): void;
	/** Whether somebody may do something; `:action` is a permission of this module. Refusals are logged. */
	may(action: string, context: PermissionContext): boolean;
	/** The same without logging. */
	could(action: string, context: PermissionContext): boolean;

	/** Whether somebody is an admin. COMPAT: Prosody 0.12's `is_admin`. */
	is_admin(jid: string): boolean;

	/** A measure of this module, with its host as label. Source: core/moduleapi.lua, measure. */
	measure<Kind extends MeasureKind>(name: string, kind: Kind, options?: MeasureOptions): Measures[Kind];
	/**
	 * A family of metrics of this module. Those of a module on a host have that host as their first label.
	 * Source: core/moduleapi.lua, metric.
	 */
	metric<Kind extends MetricKind>(kind: Kind, name: string, options?: FamilyOptions): MeasuredFamily<Kind>;
	/** Counts how often an event of this module's host is fired, and how long its handlers take, as `times`. */
	measure_event<Name extends keyof EventMap & string>(event: Name, name?: string): void;
	/** The same for an event of the whole server. */
	measure_global_event<Name extends keyof EventMap & string>(event: Name, name?: string): void;
	/** The same for an event of any bus. */
	measure_object_event<Map>(events: Events<Map>, event: keyof Map & string, name?: string): void;
	/**
	 * Says how the module does. An error stays until another error comes.
	 * @param override whether it is said whatever was said before, or (false) only where nothing worse was
	 */
	set_status(kind: "error" | "warn" | "info" | "core", message: string, override?: boolean): void;
}
