// Counterpart: core/moduleapi.lua, as the Lua side of host/core/moduleapi.ts

import { dirname, isAbsolute, join } from "node:path";
import { type EventMap, IqError, type ModuleApi, type Session } from "../host/core/types.ts";
import type { Events } from "../host/util/events.ts";
import { Stanza } from "../host/util/stanza.ts";
import { type Table, TValue } from "./fengari.ts";
import { adapt_item, adapted_item, item_value } from "./items.ts";
import { is_function, LiveTable, nil, number_value, string_value, tags, text_of_string } from "./live_table.ts";
import { format_message, is_log_level } from "./log_format.ts";
import type { LuaHost } from "./lua_host.ts";
import { option_methods } from "./module_options.ts";
import { open_store } from "./store.ts";

type Handler = (event: unknown) => unknown;
type Bus = Events<EventMap>;

/** A Lua function as the host's buses know it. */
interface HookedHandler {
	readonly handler: Handler;
	/** The buses that it is on, and how it is taken from each. */
	readonly undo_on: Map<object, () => void>;
}

/** A module in Lua on one host. */
export class LuaModule {
	/** Lua's `module`. */
	readonly table: Table;
	/** The module itself, where this is one of its contexts on another host: what that does goes with it. */
	readonly origin: LuaModule;
	/** Whether it was told that the server is ready. */
	is_ready = false;
	/** When it last said how it is, in seconds. */
	status_time = Date.now() / 1000;
	/** The functions that are hooked, by the Lua function that was given and the event. */
	readonly handlers = new Map<object, Map<string, HookedHandler>>();

	/**
	 * @param path its file
	 * @param origin whose context it is
	 */
	constructor(
		readonly host: LuaHost,
		readonly api: ModuleApi,
		readonly path: string,
		origin?: LuaModule,
	) {
		this.table = host.vm.new_table();
		this.origin = origin ?? this;
	}

	/** Lua's `module` as a value. */
	get value(): TValue {
		return new TValue(tags.table, this.table);
	}

	/** The folder of its file. */
	get directory(): string {
		return dirname(this.path);
	}
}

type Method = (module: LuaModule, args: readonly TValue[]) => readonly TValue[] | TValue | undefined;

/** Event buses of Lua, `util.events`, and those of the host have the same methods. */
function is_lua_bus(value: TValue): boolean {
	return value.type === tags.table && !(value.value instanceof LiveTable);
}

/** Makes the methods of `module`, once for a Lua state. */
export function create_module_api(host: LuaHost): TValue {
	const { vm, border, libraries } = host;
	const api = vm.new_table();

	const text = (value: TValue | undefined, what: string): string => {
		const known = value === undefined ? undefined : border.from_lua(value);
		if (typeof known === "string") return known;
		if (typeof known === "number") return String(known);
		throw new TypeError(`bad argument (${what}): expected string, got ${typeof known === "undefined" ? "nil" : typeof known}`);
	};
	const optional_text = (value: TValue | undefined): string | undefined => {
		const known = value === undefined ? undefined : border.from_lua(value);
		return typeof known === "string" ? known : undefined;
	};
	const optional_number = (value: TValue | undefined): number | undefined =>
		typeof value?.value === "number" ? value.value : undefined;
	const is_true = (value: TValue | undefined): boolean => value !== undefined && !value.ttisnil() && value.value !== false;
	const stanza = (value: TValue | undefined, what: string): Stanza => {
		const known = value === undefined ? undefined : border.from_lua(value);
		if (known instanceof Stanza) return known;
		throw new TypeError(`bad argument (${what}): expected stanza`);
	};
	const callee = (value: TValue | undefined, what: string): TValue => {
		if (is_function(value)) return new TValue(value.type, value.value);
		throw new TypeError(
			`bad argument (${what}): expected function, got ${value === undefined ? "nil" : typeof border.from_lua(value)}`,
		);
	};
	const origin_of = (value: TValue | undefined): Session | undefined =>
		value === undefined || value.ttisnil() ? undefined : host.session_of(value);

	/** The host's handler for a Lua function under a name: the same each time, so that it can be taken back. */
	function handler_of(module: LuaModule, name: string, value: TValue): HookedHandler {
		const closure = value.value as object;
		const { handlers } = module.origin;
		let by_name = handlers.get(closure);
		if (!by_name) {
			by_name = new Map();
			handlers.set(closure, by_name);
		}
		let known = by_name.get(name);
		if (!known) {
			const measured = host.measured(module);
			known = { handler: (event) => measured(() => border.call(value, event)), undo_on: new Map() };
			by_name.set(name, known);
		}
		return known;
	}

	/**
	 * Puts a Lua function on a bus, and remembers how it is taken from it: when the module says so, or when it goes.
	 * @param api puts it there, where the bus is that of the module's own host
	 */
	function hook_on(
		module: LuaModule,
		object: TValue | Bus,
		[name, handler, priority]: readonly TValue[],
		api?: ModuleApi,
	): TValue | undefined {
		const event = text(name, "event");
		const callback = callee(handler, "handler");
		const { handler: run, undo_on } = handler_of(module, event, callback);
		if (api && !(object instanceof TValue)) {
			api.hook(event as "pre-stanza", run, optional_number(priority));
			undo_on.set(object, () => api.unhook(event as "pre-stanza", run));
			return undefined;
		}
		if (!(object instanceof TValue)) {
			object.add_handler(event as "pre-stanza", run, optional_number(priority));
			undo_on.set(object, () => object.remove_handler(event as "pre-stanza", run));
			return undefined;
		}
		const bus = new TValue(object.type, object.value);
		const call = (method: string, ...args: TValue[]): TValue | undefined =>
			vm.call(vm.index(bus, string_value(method)), [string_value(event), callback, ...args])[0];
		const answer = call("add_handler", priority ?? nil);
		undo_on.set(bus.value as object, () => void call("remove_handler"));
		return answer;
	}

	/** Takes a Lua function from a bus; it stays known where it is on others under that name. */
	function unhook_from(module: LuaModule, object: TValue | Bus, [name, handler]: readonly TValue[]): undefined {
		const event = text(name, "event");
		const closure = callee(handler, "handler").value as object;
		const bus = object instanceof TValue ? (object.value as object) : object;
		const { handlers } = module.origin;
		const by_name = handlers.get(closure);
		const undo_on = by_name?.get(event)?.undo_on;
		undo_on?.get(bus)?.();
		undo_on?.delete(bus);
		if (undo_on?.size === 0) by_name?.delete(event);
		if (by_name?.size === 0) handlers.delete(closure);
		return undefined;
	}

	/** The bus of a module's own host. */
	const own_bus = ({ api: { host: on, server } }: LuaModule): Bus => server.hosts.get(on)?.events ?? server.events;

	/** The bus that an object is, or has: one of the host, or one of Lua's `util.events`. */
	const bus_in = (object: TValue): TValue | Bus => (is_lua_bus(object) ? object : host.bus_of(object));

	/** A wrapper of Lua: `function (handlers, event_name, event_data)`. */
	function wrapper_of(value: TValue) {
		return (next: (name: string, event: never) => unknown, name: string, event: unknown): unknown =>
			border.call(
				value,
				border.fn((next_name: string, next_event: never) => next(next_name, next_event)),
				name,
				event,
			);
	}

	const array_value = (list: Iterable<unknown>): TValue =>
		vm.call(libraries.get("util.array"), [border.deep_table([...list])])[0] ?? nil;

	/** What `module:depends` and `hosts[…].modules[…]` show of a module. */
	const exports_value = (name: string, on: string, exported: unknown): TValue => host.exports_value(name, on, exported);

	/** `module.items`: what a module offers, by key, as some modules look it up. */
	function items_of(module: LuaModule, key: string): Table {
		const inner = (table: Table, name: string): Table => {
			const known = vm.raw_get(table, name);
			if (known.type === tags.table) return known.value as Table;
			const made = vm.new_table();
			vm.raw_set(table, name, new TValue(tags.table, made));
			return made;
		};
		return inner(inner(module.table, "items"), key);
	}

	function note_item(module: LuaModule, key: string, item: TValue): void {
		const list = items_of(module, key);
		vm.raw_set(list, vm.len(new TValue(tags.table, list)) + 1, new TValue(item.type, item.value));
	}

	function forget_item(module: LuaModule, key: string, item: TValue): void {
		const list = items_of(module, key);
		const kept = [...vm.entries(list)]
			.map(([, value]) => value)
			.filter((value) => !value.ttisnil() && value.value !== item.value);
		const rest = kept.map((value) => new TValue(value.type, value.value));
		for (let index = 1; index <= rest.length + 1; index++) vm.raw_set(list, index, rest[index - 1] ?? nil);
	}

	const methods: { [name: string]: Method } = {
		get_name: (module) => string_value(module.api.name),
		get_host: (module) => (module.api.host === "*" ? nil : string_value(module.api.host)),
		get_host_type: (module) => {
			const type = module.api.get_host_type();
			return type === "global" ? nil : string_value(type);
		},
		set_global: (module) => {
			vm.raw_set(module.table, "host", string_value("*"));
			vm.raw_set(module.table, "global", border.to_lua(true));
			return undefined;
		},
		log: (module, [level, message, ...args]) => {
			const known = text(level, "level");
			module.api.log(is_log_level(known) ? known : "info", "%s", format_message(vm, text(message, "message"), args));
			return undefined;
		},
		log_status: (module, [level, message, ...args]) => {
			const known = text(level, "level");
			const line = format_message(vm, text(message, "message"), args);
			module.api.set_status(known === "error" || known === "warn" ? known : "info", line);
			module.status_time = Date.now() / 1000;
			module.api.log(is_log_level(known) ? known : "info", "%s", line);
			return undefined;
		},
		set_status: (module, [kind, message]) => {
			const known = text(kind, "status");
			module.api.set_status(known === "error" || known === "warn" || known === "core" ? known : "info", text(message, "message"));
			module.status_time = Date.now() / 1000;
			return undefined;
		},
		get_status: (module) => {
			const { status } = module.api as { status?: { kind: string; message: string } };
			return [string_value(status?.kind ?? "core"), string_value(status?.message ?? ""), number_value(module.status_time)];
		},

		// ------------------------------------------------------------------------------------------------------ hooks
		hook: (module, args) => hook_on(module, own_bus(module), args, module.api),
		hook_global: (module, args) => hook_on(module, module.api.server.events, args),
		hook_object_event: (module, [object = nil, ...args]) => hook_on(module, bus_in(object), args),
		hook_tag: (module, [xmlns, name, handler, priority]) => {
			let tag: TValue | undefined = name;
			let callback = handler;
			let order = priority;
			// COMPAT: the name may be left out
			if (is_function(name)) [tag, callback, order] = [undefined, name, handler];
			const wanted = callee(callback, "handler");
			const namespace = text(xmlns, "xmlns");
			const event = `stanza/${namespace}${tag === undefined || tag.ttisnil() ? "" : `:${text(tag, "name")}`}`;
			const measured = host.measured(module);
			const run = ({ origin, stanza: element }: { origin: Session; stanza: Stanza }): unknown =>
				measured(() => border.call(wanted, origin, element, element.attrs));
			module.api.hook(event as "pre-stanza", run, optional_number(order));
			return undefined;
		},
		unhook: (module, args) => unhook_from(module, own_bus(module), args),
		unhook_object_event: (module, [object = nil, ...args]) => unhook_from(module, bus_in(object), args),
		wrap_event: (module, [name, wrapper]) => {
			module.api.wrap_event(text(name, "event") as "pre-stanza", wrapper_of(callee(wrapper, "wrapper")));
			return undefined;
		},
		wrap_global: (module, [name, wrapper]) => {
			module.api.context("*").wrap_event(text(name, "event") as "pre-stanza", wrapper_of(callee(wrapper, "wrapper")));
			return undefined;
		},
		wrap_object_event: (module, [object = nil, name, wrapper]) => {
			// the event false stands for all of them
			const event = name?.value === false ? undefined : (text(name, "event") as "pre-stanza");
			const callback = callee(wrapper, "wrapper");
			if (is_lua_bus(object)) {
				const named = event === undefined ? border.to_lua(false) : string_value(event);
				vm.call(vm.index(object, string_value("add_wrapper")), [named, callback]);
				const kept = new TValue(object.type, object.value);
				host.undo(module, () => vm.call(vm.index(kept, string_value("remove_wrapper")), [named, callback]));
				return undefined;
			}
			const bus = host.bus_of(object);
			const run = wrapper_of(callback);
			bus.add_wrapper(event, run);
			host.undo(module, () => bus.remove_wrapper(event, run));
			return undefined;
		},
		// of the server's own bus once the host is gone, as a connection may close after it
		fire_event: (module, [name, payload]) =>
			border.to_lua(own_bus(module).fire_any(text(name, "event"), payload === undefined ? undefined : host.payload(payload))),

		// ------------------------------------------------------------------------------------------------------ items
		add_feature: (module, [xmlns]) => {
			module.api.add_feature(text(xmlns, "feature"));
			return undefined;
		},
		add_identity: (module, [category, type, name]) => {
			module.api.add_identity(text(category, "category"), text(type, "type"), optional_text(name));
			return undefined;
		},
		add_extension: (module, [extension]) => {
			module.api.add_extension(stanza(extension, "extension"));
			return undefined;
		},
		add_item: (module, [key, item = nil]) => {
			const name = text(key, "key");
			module.api.add_item(name as "feature", adapt_item(host, module, name, item) as string);
			note_item(module, name, item);
			return undefined;
		},
		remove_item: (module, [key, item = nil]) => {
			module.api.remove_item(text(key, "key") as "feature", adapted_item(host, item) as string);
			forget_item(module, text(key, "key"), item);
			return undefined;
		},
		get_host_items: (module, [key]) => {
			const name = text(key, "key");
			const items: unknown[] = module.api.get_host_items(name as "feature");
			return array_value(items.map((item) => item_value(host, name, item)));
		},
		handle_items: (module, [key, added, removed, existing]) => {
			const on_added = callee(added, "added");
			const on_removed = callee(removed, "removed");
			const event_of = (event: { source: ModuleApi; item: unknown }) =>
				border.table({ source: host.module_value(event.source), item: item_value(host, text(key, "key"), event.item) });
			module.api.handle_items(
				text(key, "key") as "feature",
				(event) => void vm.call(on_added, [event_of(event)]),
				(event) => void vm.call(on_removed, [event_of(event)]),
				existing === undefined || existing.ttisnil() || existing.value !== false,
			);
			return undefined;
		},
		provides: (module, [kind, item]) => {
			const name = text(kind, "kind");
			let given = item ?? nil;
			if (given.ttisnil()) {
				const table = vm.new_table();
				for (const [key, value] of vm.entries(host.environment_of(module))) {
					if (key.type !== tags.table && text_of_string(key) !== "module") vm.raw_set_value(table, key, value);
				}
				given = new TValue(tags.table, table);
			}
			if (given.type === tags.table && !(given.value instanceof LiveTable)) {
				const table = given.value as Table;
				if (vm.index(given, string_value("name")).ttisnil()) {
					const prefix = `${name.replaceAll("-", "_")}_`;
					const own = module.api.name;
					vm.raw_set(table, "name", string_value(own.startsWith(prefix) ? own.slice(prefix.length) : own));
				}
				vm.raw_set(table, "_provided_by", string_value(module.api.name));
			}
			module.api.add_item(`${name}-provider` as "feature", adapt_item(host, module, `${name}-provider`, given) as string);
			note_item(module, `${name}-provider`, given);
			return undefined;
		},

		...option_methods(host),

		// ---------------------------------------------------------------------------------------------- other modules
		context: (module, [other]) => {
			const on = optional_text(other);
			const elsewhere = on === undefined ? "*" : on;
			const made = new LuaModule(host, module.api.context(elsewhere), module.path, module.origin);
			vm.raw_set(made.table, "host", string_value(elsewhere));
			vm.raw_set(made.table, "global", border.to_lua(elsewhere === "*"));
			made.table.metatable = vm.new_table();
			vm.raw_set(made.table.metatable, "__index", module.value);
			vm.raw_set(made.table.metatable, "__newindex", module.value);
			host.register(made);
			return made.value;
		},
		require: (module, [name]) => host.require_beside(module, text(name, "library")),
		depends: (module, [name, soft]) => {
			const wanted = text(name, "module");
			const disabled = module.api.get_option_inherited_set("modules_disabled");
			if (disabled.has(wanted) && is_true(soft)) {
				module.api.log("debug", "Not loading disabled soft dependency mod_%s", wanted);
				return [nil, string_value("disabled")];
			}
			const exported = module.api.depends(wanted);
			return exports_value(wanted, module.api.host, exported);
		},
		shared: (module, [path]) => border.to_lua(module.api.shared(text(path, "path"))),
		open_store: (module, [name, kind]) => {
			const store = optional_text(name) ?? module.api.name;
			return open_store(host, module.api.server, module.api.host, store, optional_text(kind) ?? "keyval");
		},
		get_directory: (module) => string_value(module.directory),
		load_resource: (module, [path, mode]) => {
			const file = text(path, "path");
			const full = isAbsolute(file) ? file : join(module.directory, file);
			return vm.call(host.global("io", "open"), [string_value(full), mode ?? string_value("r")]);
		},

		// ------------------------------------------------------------------------------------------ timers and sending
		add_timer: (module, [delay, callback, ...rest]) => {
			const run = callee(callback, "callback");
			const args = rest.map((arg) => new TValue(arg.type, arg.value));
			const measured = host.measured(module);
			const timer = module.api.add_timer(optional_number(delay) ?? 0, (now) =>
				measured(() => {
					const [again] = vm.call(run, [number_value(now), ...args]);
					return again === undefined ? undefined : border.from_lua(again);
				}),
			);
			return border.table({
				stop: border.fn(() => timer.stop()),
				disarm: border.fn(() => timer.stop()),
				reschedule: border.fn((_: unknown, seconds: number) => timer.reschedule(seconds)),
			});
		},
		cron: (module, [task = nil]) => {
			module.api.depends("cron");
			module.api.add_item("task", adapt_item(host, module, "task", task) as never);
			return undefined;
		},
		hourly: (module, args) => repeat(module, "hourly", args),
		daily: (module, args) => repeat(module, "daily", args),
		weekly: (module, args) => repeat(module, "weekly", args),
		send: (module, [element, origin]) => {
			module.api.send(stanza(element, "stanza"), origin_of(origin));
			return undefined;
		},
		send_iq: (module, [element, origin, timeout]) => {
			const query = stanza(element, "stanza");
			const from = origin_of(origin);
			const answer = module.api
				.query_iq(query, from, optional_number(timeout))
				.catch((error: unknown) => Promise.reject(host.error_value(error instanceof IqError ? error : undefined, error)));
			return border.to_lua(answer);
		},
		broadcast: (module, [jids = nil, element, iterator]) => {
			const recipients: string[] = [];
			const add = (jid: unknown): void => {
				if (typeof jid === "string") recipients.push(jid);
			};
			if (is_function(jids) || (iterator !== undefined && !iterator.ttisnil())) {
				const [next = nil, state = nil, first = nil] = iterator ? vm.call(iterator, [jids]) : [jids];
				for (let [item = nil] = vm.call(next, [state, first]); !item.ttisnil(); [item = nil] = vm.call(next, [state, item])) {
					add(border.from_lua(item));
				}
			} else for (const jid of border.copy(jids) as Iterable<unknown>) add(jid);
			module.api.broadcast(recipients, stanza(element, "stanza"));
			return number_value(recipients.length);
		},

		// -------------------------------------------------------------------------------------------------- permissions
		default_permission: (module, [role, permission]) => {
			module.api.default_permission(text(role, "role"), text(permission, "permission"));
			return undefined;
		},
		default_permissions: (module, [role, permissions = nil]) => {
			module.api.default_permissions(text(role, "role"), border.copy(permissions) as string[]);
			return undefined;
		},
		may: (module, [action, context = nil, peek]) =>
			border.to_lua(
				is_true(peek)
					? module.api.could(text(action, "action"), host.permission_context(context))
					: module.api.may(text(action, "action"), host.permission_context(context)),
			),
		could: (module, [action, context = nil]) =>
			border.to_lua(module.api.could(text(action, "action"), host.permission_context(context))),

		// ----------------------------------------------------------------------------------------------------- measures
		measure: (module, [name, kind]) => {
			const type = text(kind, "type");
			const known = type === "amount" || type === "rate" || type === "times" || type === "counter" ? type : "distribution";
			const measure = module.api.measure(
				text(name, "name"),
				type === "sizes" || type === "distribution" ? "distribution" : known,
			);
			if (type !== "times") return border.fn((value?: number) => measure(value));
			// called when something begins, it answers what to call when that is done
			return border.fn(() => {
				const started = performance.now();
				return () => measure((performance.now() - started) / 1000);
			});
		},
		metric: (module, [kind, name]) => {
			const type = text(kind, "type");
			const measure = module.api.measure(
				text(name, "name"),
				type === "counter" ? "counter" : type === "gauge" ? "amount" : "distribution",
			);
			let total = 0;
			const metric = border.table({
				set: border.fn((_: unknown, value: number) => {
					total = value;
					measure(value);
				}),
				add: border.fn((_: unknown, value = 1) => {
					total += value;
					measure(type === "gauge" ? total : value);
				}),
				sample: border.fn((_: unknown, value: number) => measure(value)),
			});
			const family = border.table({});
			for (const method of ["with_labels", "with_partial_label"]) {
				vm.raw_set(
					family.value as Table,
					method,
					vm.native(() => (method === "with_labels" ? metric : family)),
				);
			}
			return family;
		},
		measure_event: (module, [name, stat]) => measure_bus(module, module.api.host === "*", name, stat),
		measure_global_event: (module, [name, stat]) => measure_bus(module, true, name, stat),

		// ----------------------------------------------------------------------------------------------------- the rest
		on_ready: (module, [callback]) => {
			const run = callee(callback, "callback");
			host.on_ready(module, () => void vm.call(run, []));
			return undefined;
		},
		once: (module, [callback]) => {
			const run = callee(callback, "callback");
			host.on_ready(module, () => void vm.call(run, []));
			return undefined;
		},
		http_url: (module, [app, path, mode]) => {
			const { http_url } = module.api as { http_url?: (app?: string, path?: string, mode?: string) => string | undefined };
			if (!http_url) return nil;
			return border.to_lua(http_url.call(module.api, optional_text(app), optional_text(path), optional_text(mode)));
		},
	};

	function repeat(module: LuaModule, when: "hourly" | "daily" | "weekly", [name, run]: readonly TValue[]): undefined {
		const named = name !== undefined && !is_function(name);
		const code = callee(named ? run : name, "task");
		module.api.depends("cron");
		const task = border.table({ when, run: code });
		if (named && name) vm.raw_set(task.value as Table, "name", name);
		module.api.add_item("task", adapt_item(host, module, "task", task) as never);
		return undefined;
	}

	/** Counts and times an event's handling. */
	function measure_bus(module: LuaModule, global: boolean, name: TValue | undefined, stat: TValue | undefined): undefined {
		const event = text(name, "event");
		const measure = module.api.measure(optional_text(stat) ?? event.replaceAll("/", "_"), "times");
		const target = global ? module.api.context("*") : module.api;
		target.wrap_event(event as "pre-stanza", (next, event_name, payload) => {
			const started = performance.now();
			const answer = next(event_name, payload);
			measure((performance.now() - started) / 1000);
			return answer;
		});
		return undefined;
	}

	for (const name in methods) {
		const method = methods[name];
		if (!method) continue;
		vm.raw_set(
			api,
			name,
			vm.native(([self, ...args]) => method(host.module_of(self, name), args)),
		);
	}
	vm.raw_set(api, "hook_stanza", vm.raw_get(api, "hook_tag"));
	return new TValue(tags.table, api);
}
