// Counterpart: core/moduleapi.lua: hook, wrap_event, fire_event

import type { StanzaEvent } from "../../host/core/types.ts";
import type { AnyHandler } from "../../host/util/events.ts";
import { Waiting } from "../../host/util/waiting.ts";
import type { LuaContext } from "../context.ts";
import { create_copy_watcher } from "../copies.ts";
import { with_lua_store } from "../opened_store.ts";
import { bus_of, payload_of } from "../origins.ts";
import { follow_resolver } from "../s2s_resolver.ts";
import { function_argument, optional_number, text_argument } from "../vm/arguments.ts";
import { TValue } from "../vm/fengari.ts";
import { is_function, LiveTable, nil, string_value, tags } from "../vm/live_table.ts";
import { wrapper_from_lua } from "../wrappers.ts";
import type { Bus, HookedHandler, LuaModule, Methods } from "./lua_module.ts";
import type { ModuleRegistry } from "./registry.ts";

/** Events: hooks, wrappers, firing. */
export function hook_methods(host: LuaContext, modules: ModuleRegistry): Methods {
	const { vm, border } = host;
	const copies = create_copy_watcher(host);

	/** Runs a handler, which may be watched. */
	function watched(event: unknown, run: () => unknown): unknown {
		const { watch } = vm;
		return watch === undefined ? run() : watch.handle(event, run);
	}

	/** Event buses of Lua, `util.events`, and those of the host have the same methods. */
	const is_lua_bus = (value: TValue): boolean => value.type === tags.table && !(value.value instanceof LiveTable);

	/** Where a handler waited and the turn in which it goes on fails, the stanza's sender is told. */
	function in_turn(event: unknown, answer: unknown): unknown {
		if (!(answer instanceof Waiting)) return answer;
		return answer.go_on((late) => {
			if (typeof event === "object" && event !== null && "stanza" in event && "origin" in event) host.server.turn.record(event);
			return late;
		});
	}

	/** The host's handler for a Lua function and an event: the same each time, so that it can be removed. */
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
			const measured = modules.costs.measured(module);
			const run = (event: unknown): unknown => measured(() => border.call(value, event));
			const special: { readonly [event: string]: AnyHandler } = {
				"s2sout-pre-connect": (event) => {
					const answer = run(event);
					follow_resolver(event);
					return answer;
				},
				"store-opened": (event) => with_lua_store(host, event, run),
			};
			const named: AnyHandler = Object.hasOwn(special, name) ? (special[name] ?? run) : run;
			known = {
				handler: Object.assign((event: unknown) => watched(event, () => named(event)), {
					copies,
					waiting: (event: unknown) =>
						in_turn(
							event,
							watched(event, () => measured(() => border.call_waiting(value, event))),
						),
				}),
				undo_on: new Map(),
			};
			by_name.set(name, known);
		}
		return known;
	}

	/** Hooks a Lua function on a bus, and remembers how to unhook it, on request or when the module is unloaded. */
	function hook_on(module: LuaModule, object: TValue | Bus, [name, handler, priority]: readonly TValue[]): TValue | undefined {
		const event = text_argument(name, "event");
		const callback = function_argument(handler, "handler");
		const { handler: run, undo_on } = handler_of(module, event, callback);
		if (!(object instanceof TValue)) {
			object.add_any(event, run, optional_number(priority));
			undo_on.set(object, () => object.remove_any(event, run));
			return undefined;
		}
		const bus = new TValue(object.type, object.value);
		const call = (method: string, ...args: TValue[]): TValue | undefined =>
			vm.call(vm.index(bus, string_value(method)), [string_value(event), callback, ...args])[0];
		const answer = call("add_handler", priority ?? nil);
		undo_on.set(bus.value as object, () => void call("remove_handler"));
		return answer;
	}

	/** Unhooks a Lua function from a bus; it stays known where it is hooked on other buses for that event. */
	function unhook_from(module: LuaModule, object: TValue | Bus, [name, handler]: readonly TValue[]): undefined {
		const event = text_argument(name, "event");
		const closure = function_argument(handler, "handler").value as object;
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

	/** The bus of an object: one of the host, or one of Lua's `util.events`. */
	const bus_in = (object: TValue): TValue | Bus => (is_lua_bus(object) ? object : bus_of(host, object));

	/** The given event; false means all events. */
	const event_name = (name: TValue | undefined): string | undefined =>
		name?.value === false ? undefined : text_argument(name, "event");

	/** Puts a Lua wrapper on a bus of the host, until the module is unloaded. */
	function wrap_on(module: LuaModule, bus: Bus, event: string | undefined, wrapper: TValue): undefined {
		const run = wrapper_from_lua(border, wrapper);
		bus.wrap_any(event, run);
		modules.undo(module, () => bus.unwrap_any(event, run));
		return undefined;
	}

	return {
		hook: (module, args) => hook_on(module, own_bus(module), args),
		hook_global: (module, args) => hook_on(module, module.api.server.events, args),
		hook_object_event: (module, [object = nil, ...args]) => hook_on(module, bus_in(object), args),
		hook_tag: (module, [xmlns, name, handler, priority]) => {
			let tag: TValue | undefined = name;
			let callback = handler;
			let order = priority;
			// COMPAT: the name may be left out
			if (is_function(name)) [tag, callback, order] = [undefined, name, handler];
			const wanted = function_argument(callback, "handler");
			const namespace = text_argument(xmlns, "xmlns");
			const name_of_event = `stanza/${namespace}${tag === undefined || tag.ttisnil() ? "" : `:${text_argument(tag, "name")}`}`;
			const measured = modules.costs.measured(module);
			const args_of = (event: unknown) => {
				const { origin, stanza } = event as StanzaEvent;
				return [origin, stanza, stanza.attr] as const;
			};
			const run: AnyHandler = Object.assign((event: unknown) => measured(() => border.call(wanted, ...args_of(event))), {
				waiting: (event: unknown) =>
					in_turn(
						event,
						measured(() => border.call_waiting(wanted, ...args_of(event))),
					),
			});
			const bus = own_bus(module);
			bus.add_any(name_of_event, run, optional_number(order));
			modules.undo(module, () => bus.remove_any(name_of_event, run));
			return undefined;
		},
		unhook: (module, args) => unhook_from(module, own_bus(module), args),
		unhook_object_event: (module, [object = nil, ...args]) => unhook_from(module, bus_in(object), args),
		wrap_event: (module, [name, wrapper]) =>
			wrap_on(module, own_bus(module), event_name(name), function_argument(wrapper, "wrapper")),
		wrap_global: (module, [name, wrapper]) =>
			wrap_on(module, module.api.server.events, event_name(name), function_argument(wrapper, "wrapper")),
		wrap_object_event: (module, [object = nil, name, wrapper]) => {
			const event = event_name(name);
			const callback = function_argument(wrapper, "wrapper");
			if (is_lua_bus(object)) {
				const named = event === undefined ? border.to_lua(false) : string_value(event);
				vm.call(vm.index(object, string_value("add_wrapper")), [named, callback]);
				const kept = new TValue(object.type, object.value);
				modules.undo(module, () => vm.call(vm.index(kept, string_value("remove_wrapper")), [named, callback]));
				return undefined;
			}
			return wrap_on(module, bus_of(host, object), event, callback);
		},
		// on the server's own bus once the host is gone, since a connection may close after it
		fire_event(module, [name, payload], L) {
			const event = text_argument(name, "event");
			if (vm.watch !== undefined) {
				const heard = own_bus(module).unwrapped_handlers(event);
				const is_same_event = payload?.value instanceof LiveTable;
				if (!is_same_event || heard === undefined || heard.some((handler) => handler.copies !== copies)) vm.watch.stop();
			}
			const given = payload === undefined ? undefined : payload_of(host, payload);
			// the code that fires it waits for what its handlers wait for
			if (L.nny === 0) return border.results_to_lua(own_bus(module).fire_any_waiting(event, given)) ?? nil;
			return border.to_lua(own_bus(module).fire_any(event, given));
		},
	};
}
