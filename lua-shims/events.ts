// Counterpart: util/events.lua, as the Lua side of host/util/events.ts

import type { EventMap } from "../host/core/types.ts";
import { type AnyWrapper, Events } from "../host/util/events.ts";
import type { LuaContext } from "./context.ts";
import { payload_of } from "./origins.ts";
import { table_value } from "./views.ts";
import { is_string } from "./vm/arguments.ts";
import { type Table, TValue } from "./vm/fengari.ts";
import { is_function, type Key, key_of, LiveTable, nil, tags, text_of_string } from "./vm/live_table.ts";
import type { NativeFunction } from "./vm/vm.ts";
import { wrapper_from_lua } from "./wrappers.ts";

type Bus = Events<EventMap>;

function name_of(value: TValue | undefined, method: string): string {
	if (!is_string(value)) throw new TypeError(`bad argument to ${method}: expected an event's name`);
	return text_of_string(value);
}

/** A bus of the host with the functions of Prosody's. They are called without the bus in front. */
class EventsTable extends LiveTable {
	private readonly entries = new Map<Key, TValue>();

	constructor(
		host: LuaContext,
		readonly target: Bus,
	) {
		super(host.vm.next_id());
		const { vm, border } = host;
		const handler_of = (value: TValue | undefined, method: string): ((event: unknown) => unknown) => {
			const known = value === undefined ? undefined : border.from_lua(value);
			if (typeof known === "function") return known as (event: unknown) => unknown;
			throw new TypeError(`bad argument to ${method}: expected a function as the event's handler`);
		};
		/** Lua's wrappers, by their functions, so that they can be removed. */
		const wrappers = new WeakMap<object, AnyWrapper>();
		const wrapper_of = (value: TValue | undefined, method: string) => {
			if (!is_function(value)) throw new TypeError(`bad argument to ${method}: expected a function as the event's wrapper`);
			const known = wrappers.get(value.value);
			if (known !== undefined) return known;
			const wrapper = wrapper_from_lua(border, value);
			wrappers.set(value.value, wrapper);
			return wrapper;
		};
		/** The event false stands for all events. */
		const wrapped_name = (value: TValue | undefined, method: string) =>
			value?.value === false ? undefined : name_of(value, method);
		const each_of = (list: TValue | undefined, act: (name: string, handler: TValue) => void): void => {
			if (list?.type !== tags.table || list.value instanceof LiveTable)
				throw new TypeError("expected a table of handlers by event");
			for (const [key, handler] of vm.entries(list.value as Table)) act(String(key_of(key)), handler);
		};
		const functions: { readonly [name: string]: NativeFunction } = {
			add_handler: ([name, handler, priority]) => {
				const order = typeof priority?.value === "number" ? priority.value : undefined;
				target.add_any(name_of(name, "add_handler"), handler_of(handler, "add_handler"), order);
				return undefined;
			},
			remove_handler: ([name, handler]) => {
				target.remove_any(name_of(name, "remove_handler"), handler_of(handler, "remove_handler"));
				return undefined;
			},
			add_handlers: ([list]) => {
				each_of(list, (name, handler) => target.add_any(name, handler_of(handler, "add_handlers")));
				return undefined;
			},
			remove_handlers: ([list]) => {
				each_of(list, (name, handler) => target.remove_any(name, handler_of(handler, "remove_handlers")));
				return undefined;
			},
			get_handlers: ([name]) => {
				const handlers = target.get_handlers(name_of(name, "get_handlers"));
				return handlers.length === 0 ? nil : border.to_lua([...handlers]);
			},
			add_wrapper: ([name, wrapper]) => {
				target.wrap_any(wrapped_name(name, "add_wrapper"), wrapper_of(wrapper, "add_wrapper"));
				return undefined;
			},
			remove_wrapper: ([name, wrapper]) => {
				target.unwrap_any(wrapped_name(name, "remove_wrapper"), wrapper_of(wrapper, "remove_wrapper"));
				return undefined;
			},
			set_debug_hook: ([hook = nil]) => {
				const given = hook.ttisnil() ? undefined : (border.from_lua(hook) as (...args: unknown[]) => unknown);
				const before = target.set_debug_hook(given && ((handler, name, run) => given(() => run(), name, handler)));
				return border.to_lua(before);
			},
			fire_event: ([name, payload = nil]) =>
				border.to_lua(target.fire_any(name_of(name, "fire_event"), payload_of(host, payload))),
		};
		for (const name in functions) {
			const run = functions[name];
			if (run) this.entries.set(name, vm.native(run));
		}
		const { entries } = this;
		const around = vm.new_table();
		vm.raw_set(around, "add_handler", entries.get("add_wrapper") ?? nil);
		vm.raw_set(around, "remove_handler", entries.get("remove_wrapper") ?? nil);
		entries.set("wrappers", new TValue(tags.table, around));
		entries.set("_handlers", table_value(new HandlersTable(host, target)));
	}

	get(key: Key): TValue {
		return this.entries.get(key) ?? nil;
	}

	set(key: Key, value: TValue): void {
		if (value.ttisnil()) this.entries.delete(key);
		else this.entries.set(key, new TValue(value.type, value.value));
	}

	keys(): readonly Key[] {
		return [...this.entries.keys()];
	}
}

/** `_handlers` of a bus: for each event its handlers in order. */
class HandlersTable extends LiveTable {
	constructor(
		private readonly host: LuaContext,
		readonly target: Bus,
	) {
		super(host.vm.next_id());
	}

	get(key: Key): TValue {
		const handlers = typeof key === "string" ? this.target.get_handlers(key) : [];
		return handlers.length === 0 ? nil : this.host.border.to_lua([...handlers]);
	}

	set(key: Key): void {
		throw new TypeError(`the handlers of ${String(key)} are set with add_handler and remove_handler`);
	}

	keys(): readonly Key[] {
		return this.target.list().map(({ name }) => name);
	}
}

/** Shows the host's buses to Lua. */
export function register_events(host: LuaContext): void {
	host.border.register(Events.prototype, (_, object) => new EventsTable(host, object as Bus));
}
