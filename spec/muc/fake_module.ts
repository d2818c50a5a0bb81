// No counterpart: a module API without a server, for specs of rooms.

import type { ConfigValue } from "../../host/core/config/config.ts";
import type {
	C2sSession,
	EventMap,
	HostSession,
	ItemEvent,
	ItemTypes,
	LogLevel,
	Measure,
	ModuleApi,
	PermissionContext,
	Server,
	Session,
	StanzaEvent,
	StoreTypes,
	Task,
	Timer,
} from "../../host/core/types.ts";
import { Events, type Handler, type Wrapper } from "../../host/util/events.ts";
import { parse_duration } from "../../host/util/human/io.ts";
import { bare, host as host_of, node, resource } from "../../host/util/jid.ts";
import type { Stanza } from "../../host/util/stanza.ts";
import * as st from "../../host/util/stanza.ts";
import type { RoomFinder } from "../../muc/types.ts";

/** For specs of rooms that nobody has to find again. */
export const no_rooms: RoomFinder = { get_room_from_jid: () => undefined, live_rooms: () => [].values() };

/** What a {@link FakeModule} is told; all parts are optional. */
export interface FakeModuleOptions {
	/** `muc.example.org` when not given. */
	host?: string;
	/** `muc` when not given. */
	name?: string;
	/** Values of configuration options, already of the right type; periods may be text such as `5 minutes`. */
	options?: { [name: string]: ConfigValue };
	/** Answers `may` and `could`; everything is allowed when not given. */
	may?: (action: string, context: PermissionContext) => boolean;
	/** Opens stores; without it, opening one throws. */
	open_store?: (name: string, kind: keyof StoreTypes) => StoreTypes[keyof StoreTypes];
	/** What `depends` answers with, by module name. */
	exports?: { [module: string]: unknown };
}

interface FakeTimer extends Timer {
	/** Seconds from now, as last set. */
	delay: number;
	readonly callback: Parameters<ModuleApi["add_timer"]>[1];
}

/**
 * A `module` whose events are real and whose outside is recorded: nothing is sent, every stanza lands in {@link sent}.
 * What needs a server throws an error that says so.
 */
export class FakeModule implements ModuleApi {
	readonly name: string;
	readonly host: string;
	readonly path = undefined;
	readonly events = new Events<EventMap>();
	readonly global_events = new Events<EventMap>();
	/** Every stanza that was sent, in order; of a broadcast one copy for each recipient, addressed to it. */
	readonly sent: Stanza[] = [];
	/** Calls of `broadcast`, with the stanza as it was then. */
	readonly broadcasts: { recipients: string[]; stanza: Stanza }[] = [];
	readonly logged: { level: LogLevel; message: string; args: unknown[] }[] = [];
	readonly features: string[] = [];
	readonly identities: { category: string; type: string; name: string | undefined }[] = [];
	readonly permissions: { role: string; permission: string }[] = [];
	/** Timers that have not been stopped; call `callback` to let one go off. */
	readonly timers = new Set<FakeTimer>();
	unload: (() => void) | undefined;
	save: (() => unknown) | undefined;
	restore: ((saved: unknown) => void) | undefined;
	reloading: ModuleApi["reloading"];
	ready: (() => void) | undefined;
	add_host: ((host_module: ModuleApi) => void) | undefined;

	private readonly tables = new Map<string, Map<string, unknown>>();
	private readonly items = new Map<string, unknown[]>();

	constructor(private readonly setup: FakeModuleOptions = {}) {
		this.name = setup.name ?? "muc";
		this.host = setup.host ?? "muc.example.org";
	}

	/** The stanzas sent so far to one JID, or to all; forgets them. */
	take(to?: string): Stanza[] {
		const taken = this.sent.filter((stanza) => to === undefined || stanza.attr["to"] === to);
		const left = this.sent.filter((stanza) => !taken.includes(stanza));
		this.sent.splice(0, this.sent.length, ...left);
		return taken;
	}

	get server(): Server {
		throw new Error("the fake module has no server");
	}

	readonly log = (level: LogLevel, message: string, ...args: unknown[]): void => {
		this.logged.push({ level, message, args });
	};

	get_host(): string {
		return this.host;
	}

	get_name(): string {
		return this.name;
	}

	get_host_type(): "component" {
		return "component";
	}

	context(): ModuleApi {
		return this;
	}

	host_session(): HostSession {
		throw new Error("the fake module has no host session");
	}

	hook<Name extends keyof EventMap & string>(event: Name, handler: Handler<EventMap[Name]>, priority?: number): void {
		this.events.add_handler(event, handler, priority);
	}

	unhook<Name extends keyof EventMap & string>(event: Name, handler: Handler<EventMap[Name]>): void {
		this.events.remove_handler(event, handler);
	}

	fire_waiting<Name extends keyof EventMap & string>(event: Name, payload: EventMap[Name]): unknown {
		return this.events.fire_waiting(event, payload);
	}

	hook_global<Name extends keyof EventMap & string>(event: Name, handler: Handler<EventMap[Name]>, priority?: number): void {
		this.global_events.add_handler(event, handler, priority);
	}

	hook_object_event<Map, Name extends keyof Map & string>(
		events: Events<Map>,
		event: Name,
		handler: Handler<Map[Name]>,
		priority?: number,
	): void {
		events.add_handler(event, handler, priority);
	}

	hook_tag(xmlns: string, name: string, handler: (session: Session, stanza: Stanza) => unknown, priority?: number): void {
		this.hook(`stanza/${xmlns}:${name}`, ({ origin, stanza }) => handler(origin, stanza), priority);
	}

	wrap_event<Name extends keyof EventMap & string>(event: Name, wrapper: Wrapper<EventMap[Name]>): void {
		this.events.add_wrapper(event, wrapper);
	}

	fire_event<Name extends keyof EventMap & string>(event: Name, payload: EventMap[Name]): unknown {
		return this.events.fire_event(event, payload);
	}

	add_feature(xmlns: string): void {
		this.features.push(xmlns);
	}

	add_identity(category: string, type: string, name?: string): void {
		this.identities.push({ category, type, name });
	}

	add_extension(extension: Stanza): void {
		this.add_item("extension", extension);
	}

	/** Items are kept, but nobody is told: `handle_items` sees those that were there before it. */
	add_item<Key extends keyof ItemTypes>(key: Key, item: ItemTypes[Key]): void {
		this.items.set(key, [...this.items_of(key), item]);
	}

	remove_item<Key extends keyof ItemTypes>(key: Key, item: ItemTypes[Key]): void {
		this.items.set(
			key,
			this.items_of(key).filter((other) => other !== item),
		);
	}

	get_host_items(): never {
		throw new Error("the fake module has no items of other modules");
	}

	/** The items that were added under a key. */
	items_of(key: string): unknown[] {
		return this.items.get(key) ?? [];
	}

	handle_items<Key extends keyof ItemTypes>(
		key: Key,
		added: (event: ItemEvent<ItemTypes[Key]>) => void,
		removed: (event: ItemEvent<ItemTypes[Key]>) => void,
	): void {
		this.hook(`item-added/${key}`, (event) => void added(event));
		this.hook(`item-removed/${key}`, (event) => void removed(event));
	}

	provides<Kind extends "auth" | "authz" | "storage" | "net" | "http">(kind: Kind, item: ItemTypes[`${Kind}-provider`]): void {
		this.add_item(`${kind}-provider`, item);
	}

	http_url(): string {
		throw new Error("this module serves nothing");
	}

	get_option(name: string): ConfigValue | undefined {
		return this.setup.options?.[name];
	}

	get_option_string<Default extends string | undefined>(name: string, default_value?: Default): string | Default;
	get_option_string(name: string, default_value?: string): string | undefined {
		const value = this.get_option(name);
		return typeof value === "string" ? value : default_value;
	}

	get_option_number<Default extends number | undefined>(name: string, default_value?: Default): number | Default;
	get_option_number(name: string, default_value?: number): number | undefined {
		const value = this.get_option(name);
		return typeof value === "number" ? value : default_value;
	}

	get_option_integer<Default extends number | undefined>(name: string, default_value?: Default): number | Default;
	get_option_integer(name: string, default_value?: number): number | undefined {
		return this.get_option_number(name, default_value);
	}

	get_option_boolean<Default extends boolean | undefined>(name: string, default_value?: Default): boolean | Default;
	get_option_boolean(name: string, default_value?: boolean): boolean | undefined {
		const value = this.get_option(name);
		return typeof value === "boolean" ? value : default_value;
	}

	get_option_period(name: string, default_value: string | number): number {
		const value = this.get_option(name) ?? default_value;
		const seconds = typeof value === "string" ? parse_duration(value) : value;
		if (typeof seconds !== "number") throw new TypeError(`option ${name}: expected a period, got ${String(value)}`);
		return seconds;
	}

	get_option_enum<Value extends string | boolean>(name: string, default_value: Value, ...others: Value[]): Value {
		const value = this.get_option(name);
		return [default_value, ...others].find((allowed) => allowed === value) ?? default_value;
	}

	get_option_array(name: string, default_value: unknown[] = []): unknown[] {
		const value = this.get_option(name);
		return Array.isArray(value) ? value : value === undefined ? default_value : [value];
	}

	get_option_set(name: string, default_value: unknown[] = []): Set<unknown> {
		return new Set(this.get_option_array(name, default_value));
	}

	get_option_inherited_set(name: string, default_value: unknown[] = []): Set<unknown> {
		return this.get_option_set(name, default_value);
	}

	depends(name: string): never;
	depends(name: string): unknown {
		return this.setup.exports?.[name];
	}

	shared(path: string): Map<string, unknown> {
		const table = this.tables.get(path) ?? new Map<string, unknown>();
		this.tables.set(path, table);
		return table;
	}

	open_store(name?: string, kind?: keyof StoreTypes): never;
	open_store(name = this.name, kind: keyof StoreTypes = "keyval"): unknown {
		if (!this.setup.open_store) throw new Error(`the fake module was given no store ${name}`);
		return this.setup.open_store(name, kind);
	}

	add_timer(delay: number, callback: FakeTimer["callback"]): Timer {
		const timer: FakeTimer = {
			delay,
			callback,
			stop: () => void this.timers.delete(timer),
			reschedule: (later) => {
				timer.delay = later;
			},
		};
		this.timers.add(timer);
		return timer;
	}

	/** Tasks are kept as items, and never run by themselves. */
	cron(task: Task): void {
		this.add_item("task", task);
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

	private repeat(when: Task["when"], name: string | Task["run"], run?: Task["run"]): void {
		if (typeof name === "function") this.cron({ when, run: name });
		else if (run) this.cron({ name, when, run });
	}

	send(stanza: Stanza): void {
		this.sent.push(st.clone(stanza));
	}

	in_slices(_event: StanzaEvent, work: () => void): void {
		work();
	}

	text_sender(): undefined {
		return undefined;
	}

	is_only_heard_by<Name extends keyof EventMap & string>(event: Name, handlers: ReadonlySet<Handler<EventMap[Name]>>): boolean {
		return this.events.has_only_among(event, handlers);
	}

	broadcast(recipients: Iterable<string>, stanza: Stanza): void {
		const all = [...recipients];
		this.broadcasts.push({ recipients: all, stanza: st.clone(stanza) });
		for (const to of all) {
			const copy = st.clone(stanza);
			copy.attr["to"] = to;
			this.sent.push(copy);
		}
	}

	send_iq(): Promise<Stanza> {
		return Promise.reject(new Error("the fake module gets no answers"));
	}
	query_iq(): Promise<never> {
		return Promise.reject(new Error("the fake module gets no answers"));
	}

	default_permission(role: string, permission: string): void {
		this.permissions.push({ role, permission });
	}

	default_permissions(role: string, permissions: readonly string[]): void {
		for (const permission of permissions) this.default_permission(role, permission);
	}

	may(action: string, context: PermissionContext): boolean {
		return this.setup.may?.(action, context) ?? true;
	}

	could(action: string, context: PermissionContext): boolean {
		return this.may(action, context);
	}

	is_admin(): boolean {
		return false;
	}

	measure(): Measure {
		return () => undefined;
	}

	set_status(): void {}
}

/** A client's session that remembers what was sent to it. */
export class FakeSession implements C2sSession {
	readonly id: string;
	readonly type = "c2s";
	readonly ip = "127.0.0.1";
	readonly sent: Stanza[] = [];
	readonly username: string | undefined;
	readonly host: string | undefined;
	readonly resource: string | undefined;
	secure = true;
	presence = undefined;
	priority = undefined;
	interested = false;
	directed = undefined;
	role = undefined;
	sasl_handler = undefined;

	constructor(readonly full_jid: string) {
		this.id = full_jid;
		this.username = node(full_jid);
		this.host = host_of(full_jid);
		this.resource = resource(full_jid);
	}

	get bare_jid(): string {
		return bare(this.full_jid) ?? this.full_jid;
	}

	log(): void {}

	send(stanza: Stanza): boolean {
		this.sent.push(st.clone(stanza));
		return true;
	}

	send_text(): never {
		throw new Error("the fake session takes stanzas only");
	}

	send_shared(): never {
		throw new Error("the fake session takes stanzas only");
	}

	/** The stanzas sent so far; forgets them. */
	take(): Stanza[] {
		return this.sent.splice(0);
	}

	close(): void {}

	filter(_kind: string, stanza: Stanza): Stanza {
		return stanza;
	}

	has_filter(): boolean {
		return false;
	}

	add_filter(): void {}

	remove_filter(): void {}

	reset_stream(): void {}
}
