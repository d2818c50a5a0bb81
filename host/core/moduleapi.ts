// Counterpart: core/moduleapi.lua

import { dirname } from "node:path";
import type { Events, Handler, Wrapper } from "../util/events.ts";
import * as jid from "../util/jid.ts";
import { clone, type Stanza } from "../util/stanza.ts";
import { http_url } from "./http_url.ts";
import { IqTracker } from "./iq_tracker.ts";
import type { ModuleGuard } from "./module_guard.ts";
import { ModuleMeasures } from "./module_measures.ts";
import { create_timer } from "./module_timer.ts";
import type {
	EventMap,
	HostSession,
	IqAnswer,
	ItemEvent,
	ItemTypes,
	Log,
	ModuleApi,
	ModuleExports,
	PermissionContext,
	Role,
	Server,
	Session,
	SliceOptions,
	StanzaEvent,
	StoreTypes,
	Task,
	TextSender,
	Timer,
} from "./types.ts";

/** What the module manager does for modules besides its public methods. */
export interface ModuleServices {
	/** Loads what a module depends on; throws where it cannot be had. */
	depend(dependant: ModuleInstance, name: string): unknown;
	/** All modules loaded on a host, or the global ones for `*`. */
	modules_of(host: string): Iterable<ModuleApi>;
	/** The table that modules share under a path. */
	shared(path: string): Map<string, unknown>;
}

/** Which status is worse than another. Source: core/moduleapi.lua, status_priorities. */
const status_ranks = { error: 3, warn: 2, info: 1, core: 0 };

/** A module's `module`: everything done through it is remembered, and {@link release} takes it back. */
export class ModuleInstance extends ModuleMeasures implements ModuleApi {
	readonly log: Log;
	unload: (() => void) | undefined;
	save: (() => unknown) | undefined;
	restore: ((saved: unknown) => void) | undefined;
	reloading: ModuleApi["reloading"];
	while_reloaded: ModuleApi["while_reloaded"];
	ready: (() => void) | undefined;
	add_host: ((host_module: ModuleApi) => void) | undefined;
	/** What is wrong with it, or that it runs, for people to read. */
	status: { kind: keyof typeof status_ranks; message: string } = { kind: "core", message: "Loading" };
	/** Names of the modules it depends on. */
	readonly dependencies = new Set<string>();

	protected readonly undo = new Set<() => void>();
	/** Functions that remove hooks, by handler and event. */
	private readonly hooked = new WeakMap<object, Map<string, () => void>>();
	private readonly items: { [Key in keyof ItemTypes]?: ItemTypes[Key][] } = {};
	private iqs: IqTracker | undefined;
	/** Tables that it has asked for, by what it asked for. */
	private readonly shared_tables = new Map<string, Map<string, unknown>>();
	private released = false;

	constructor(
		readonly server: Server,
		readonly host: string,
		readonly name: string,
		private readonly services: ModuleServices,
		readonly path: string | undefined,
		/** There for modules that are not built in. */
		readonly guard?: ModuleGuard,
	) {
		super();
		this.log = server.logger(host === "*" ? name : `${host}:${name}`);
	}

	/** Takes back every hook, item and timer. */
	release(): void {
		this.released = true;
		this.iqs?.release();
		for (const undo of [...this.undo].reverse()) undo();
		this.undo.clear();
	}

	get_host(): string {
		return this.host;
	}

	get_name(): string {
		return this.name;
	}

	get_host_type(): "local" | "component" | "global" {
		return this.server.hosts.get(this.host)?.type ?? "global";
	}

	host_session(): HostSession {
		const session = this.server.hosts.get(this.host);
		if (!session) throw new Error(`mod_${this.name} is not loaded on a host`);
		return session;
	}

	context(host: string): ModuleInstance {
		const elsewhere = new ModuleInstance(this.server, host, this.name, this.services, this.path, this.guard);
		this.undo.add(() => elsewhere.release());
		return elsewhere;
	}

	/** A handler as it is put on a bus. */
	private guarded<Payload>(handler: Handler<Payload>): Handler<Payload> {
		return this.guard === undefined ? handler : this.guard.handler(handler);
	}

	protected get events(): Events<EventMap> {
		return this.server.hosts.get(this.host)?.events ?? this.server.events;
	}

	// ------------------------------------------------------------------------------------------------------------ hooks

	hook<Name extends keyof EventMap & string>(event: Name, handler: Handler<EventMap[Name]>, priority?: number): void {
		this.hook_object_event(this.events, event, handler, priority);
	}

	unhook<Name extends keyof EventMap & string>(event: Name, handler: Handler<EventMap[Name]>): void {
		this.events.remove_handler(event, this.guarded(handler));
		// modules hook and unhook for each request that they wait for
		const undo = this.hooked.get(handler)?.get(event);
		if (undo) this.undo.delete(undo);
		this.hooked.get(handler)?.delete(event);
	}

	hook_global<Name extends keyof EventMap & string>(event: Name, handler: Handler<EventMap[Name]>, priority?: number): void {
		this.hook_object_event(this.server.events, event, handler, priority);
	}

	hook_object_event<Map, Name extends keyof Map & string>(
		events: Events<Map>,
		event: Name,
		handler: Handler<Map[Name]>,
		priority?: number,
	): void {
		const guarded = this.guarded(handler);
		events.add_handler(event, guarded, priority);
		const undo = (): void => events.remove_handler(event, guarded);
		this.undo.add(undo);
		const undos = this.hooked.get(handler) ?? new Map<string, () => void>();
		undos.set(event, undo);
		this.hooked.set(handler, undos);
	}

	hook_tag(xmlns: string, name: string, handler: (session: Session, stanza: Stanza) => unknown, priority?: number): void {
		this.hook(`stanza/${xmlns}:${name}`, (event) => handler(event.origin, event.stanza), priority);
	}

	wrap_event<Name extends keyof EventMap & string>(event: Name, wrapper: Wrapper<EventMap[Name]>): void {
		const { events } = this;
		const guarded = this.guard === undefined ? wrapper : this.guard.wrapper(wrapper);
		events.add_wrapper(event, guarded);
		this.undo.add(() => events.remove_wrapper(event, guarded));
	}

	fire_event<Name extends keyof EventMap & string>(event: Name, payload: EventMap[Name]): unknown {
		return this.events.fire_event(event, payload);
	}

	fire_waiting<Name extends keyof EventMap & string>(event: Name, payload: EventMap[Name]): unknown {
		return this.events.fire_waiting(event, payload);
	}

	// ------------------------------------------------------------------------------------------------------------ items

	add_feature(xmlns: string): void {
		this.add_item("feature", xmlns);
	}

	add_identity(category: string, type: string, name?: string): void {
		this.add_item("identity", name === undefined ? { category, type } : { category, type, name });
	}

	add_extension(extension: Stanza): void {
		this.add_item("extension", extension);
	}

	add_item<Key extends keyof ItemTypes>(key: Key, item: ItemTypes[Key]): void {
		Object.assign(this.items, { [key]: [...this.own_items(key), item] });
		this.events.fire_any(`item-added/${key}`, { source: this, item });
		this.undo.add(() => this.remove_item(key, item));
	}

	remove_item<Key extends keyof ItemTypes>(key: Key, item: ItemTypes[Key]): void {
		const items = this.own_items(key);
		if (!items.includes(item)) return;
		Object.assign(this.items, { [key]: items.filter((other) => other !== item) });
		this.events.fire_any(`item-removed/${key}`, { source: this, item });
	}

	/** This module's own items under a key. */
	own_items<Key extends keyof ItemTypes>(key: Key): ItemTypes[Key][] {
		return this.items[key] ?? [];
	}

	item_kinds(): (keyof ItemTypes)[] {
		return (Object.keys(this.items) as (keyof ItemTypes)[]).filter((key) => this.own_items(key).length > 0);
	}

	get_host_items<Key extends keyof ItemTypes>(key: Key): ItemTypes[Key][] {
		return this.server.modulemanager.get_items(this.host, key);
	}

	handle_items<Key extends keyof ItemTypes>(
		key: Key,
		added: (event: ItemEvent<ItemTypes[Key]>) => void,
		removed: (event: ItemEvent<ItemTypes[Key]>) => void,
		existing = true,
	): void {
		this.hook(`item-added/${key}`, (event) => void added(event));
		this.hook(`item-removed/${key}`, (event) => void removed(event));
		if (!existing) return;
		for (const module of this.services.modules_of(this.host)) {
			if (!(module instanceof ModuleInstance)) continue;
			for (const item of module.own_items(key)) added({ source: module, item });
		}
	}

	provides<Kind extends "auth" | "authz" | "storage" | "net" | "http">(kind: Kind, item: ItemTypes[`${Kind}-provider`]): void {
		this.add_item(`${kind}-provider`, item);
	}

	http_url(app_name?: string, default_path?: string, mode?: "internal"): string {
		return http_url(this, app_name, default_path, mode);
	}

	// ---------------------------------------------------------------------------------------------------- other modules

	depends<Name extends keyof ModuleExports>(name: Name): ModuleExports[Name];
	depends(name: string): unknown;
	depends(name: string): unknown {
		return this.services.depend(this, name);
	}

	shared(path: string): Map<string, unknown> {
		let table = this.shared_tables.get(path);
		if (table === undefined) {
			const missing = path.startsWith("/") ? 0 : Math.max(0, 2 - (path.split("/").length - 1));
			const full_path = path.startsWith("/") ? path : ["", ...[this.host, this.name].slice(0, missing), path].join("/");
			table = this.services.shared(full_path);
			this.shared_tables.set(path, table);
		}
		return table;
	}

	open_store<Kind extends keyof StoreTypes = "keyval">(name?: string, kind?: Kind): StoreTypes[Kind];
	open_store(name = this.name, kind: keyof StoreTypes = "keyval"): StoreTypes[keyof StoreTypes] {
		const store = this.server.open_store(this.host, name, kind);
		if (!store.ok) throw new Error(`cannot open the ${kind} store ${name} of ${this.host}: ${store.error.text}`);
		return store.value;
	}

	// ------------------------------------------------------------------------------------------------ timers and sending

	add_timer(delay: number, callback: (now: number) => unknown): Timer {
		const timer = create_timer({
			call: (now) => (this.guard === undefined ? callback(now) : this.guard.run(() => callback(now))),
			failed: (error) => this.log("error", "Error in a timer: %s", error instanceof Error ? error.stack : error),
			may_wait: () => !this.released,
			waits: () => void this.undo.add(timer.stop),
			over: () => void this.undo.delete(timer.stop),
		});
		timer.reschedule(delay);
		return timer;
	}

	cron(task: Task): void {
		this.depends("cron");
		this.add_item("task", task);
	}

	private repeat(when: Task["when"], name: string | Task["run"], run?: Task["run"]): void {
		if (typeof name === "function") this.cron({ when, run: name });
		else if (run) this.cron({ name, when, run });
		else throw new TypeError(`the ${when} task ${name} is given nothing to run`);
	}

	hourly(name: string | Task["run"], run?: Task["run"]): void {
		this.repeat("hourly", name, run);
	}

	daily(name: string | Task["run"], run?: Task["run"]): void {
		this.repeat("daily", name, run);
	}

	weekly(name: string | Task["run"], run?: Task["run"]): void {
		this.repeat("weekly", name, run);
	}

	send(stanza: Stanza, origin?: Session): void {
		this.server.router.post_stanza(origin ?? this.host_session(), stanza);
	}

	broadcast(recipients: Iterable<string>, stanza: Stanza): void {
		this.server.delivery.broadcast(recipients, stanza, (to) => {
			const copy = clone(stanza);
			copy.attr["to"] = to;
			this.send(copy);
		});
	}

	in_slices(event: StanzaEvent, work: () => unknown, how?: SliceOptions): void {
		this.server.router.in_slices(event, work, how);
	}

	text_sender(full_jid: string, name: "message" | "presence" | "iq", from: string): TextSender | undefined {
		return this.server.delivery.text_sender(full_jid, name, from);
	}

	is_only_heard_by<Name extends keyof EventMap & string>(event: Name, handlers: ReadonlySet<Handler<EventMap[Name]>>): boolean {
		return this.events.has_only_among(event, handlers);
	}

	send_iq(stanza: Stanza, origin?: Session, timeout?: number): Promise<Stanza> {
		return this.query_iq(stanza, origin, timeout).then((answer) => answer.stanza);
	}

	query_iq(stanza: Stanza, origin?: Session, timeout = 120): Promise<IqAnswer> {
		this.iqs ??= new IqTracker({
			events: this.events,
			send: (query, by) => this.send(query, by),
			add_timer: (delay, callback) => this.add_timer(delay, callback),
		});
		return this.iqs.ask(stanza, origin ?? this.host_session(), timeout);
	}

	// ------------------------------------------------------------------------------------------------------- permissions

	private permission_name(permission: string): string {
		return permission.startsWith(":") ? this.name + permission : permission;
	}

	default_permission(role: string, permission: string): void {
		const hosts = this.host === "*" ? [...this.server.hosts.values()] : [this.host_session()];
		for (const host of hosts) host.authz.add_default_permission(role, this.permission_name(permission));
	}

	default_permissions(role: string, permissions: readonly string[]): void {
		for (const permission of permissions) this.default_permission(role, permission);
	}

	private role_in(context: PermissionContext): { who: string; role: Role | undefined } {
		if (typeof context !== "string" && context.origin.type === "c2s" && context.origin.host === this.host) {
			return { who: context.origin.full_jid ?? context.origin.id, role: context.origin.role };
		}
		const who = typeof context === "string" ? context : (context.stanza.attr["from"] ?? "");
		const { authz } = this.host_session();
		const node = jid.node(who);
		if (typeof context === "string" && jid.host(who) === this.host && node !== undefined) {
			return { who, role: authz.get_user_role(node) };
		}
		return { who, role: authz.get_jid_role(who) };
	}

	may(action: string, context: PermissionContext): boolean {
		const { who, role } = this.role_in(context);
		const permitted = role?.may(this.permission_name(action)) ?? false;
		if (!permitted) this.log("debug", "Access denied: %s may not %s (role: %s)", who, action, role?.name ?? "none");
		return permitted;
	}

	could(action: string, context: PermissionContext): boolean {
		return this.role_in(context).role?.may(this.permission_name(action)) ?? false;
	}

	is_admin(who: string): boolean {
		return this.server.usermanager.is_admin(who, this.host);
	}

	// ------------------------------------------------------------------------------------------------------------ status

	set_status(kind: "error" | "warn" | "info" | "core", message: string, override?: boolean): void {
		const [before, now] = [status_ranks[this.status.kind] ?? 0, status_ranks[kind]];
		const keeps_error = before >= status_ranks.error && now < before && override !== true;
		if (keeps_error || (override === false && before > now)) return;
		this.status = { kind, message };
	}

	get_status(): { readonly kind: string; readonly message: string } {
		return this.status;
	}

	/** The folder of the module's own file. */
	get_directory(): string | undefined {
		return this.path === undefined ? undefined : dirname(this.path);
	}
}
