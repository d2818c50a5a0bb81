// Counterpart: core/moduleapi.lua: add_timer, cron, send, send_iq, broadcast

import type { LuaContext } from "../context.ts";
import { error_value } from "../errors.ts";
import { adapt_item } from "../items.ts";
import { stanza_argument } from "../native_calls.ts";
import { lua_origin } from "../session.ts";
import { function_argument, is_none, optional_number } from "../vm/arguments.ts";
import { type Table, TValue } from "../vm/fengari.ts";
import { is_function, nil, number_value } from "../vm/live_table.ts";
import type { LuaModule, Methods } from "./lua_module.ts";
import type { ModuleRegistry } from "./registry.ts";

/** Timers, tasks, and sending stanzas. */
export function sending_methods(host: LuaContext, modules: ModuleRegistry): Methods {
	const { vm, border } = host;

	function repeat(module: LuaModule, when: "hourly" | "daily" | "weekly", [name, run]: readonly TValue[]): undefined {
		const named = name !== undefined && !is_function(name);
		const code = function_argument(named ? run : name, "task");
		module.api.depends("cron");
		const task = border.table({ when, run: code });
		if (named && name) vm.raw_set(task.value as Table, "name", name);
		module.api.add_item("task", adapt_item(host, module, "task", task) as never);
		return undefined;
	}

	return {
		add_timer: (module, [delay, callback, ...rest]) => {
			const run = function_argument(callback, "callback");
			const args = rest.map((arg) => new TValue(arg.type, arg.value));
			const measured = modules.costs.measured(module);
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
			module.api.send(stanza_argument(host, element, "stanza"), is_none(origin) ? undefined : lua_origin(host, origin));
			return undefined;
		},
		send_iq: (module, [element, origin, timeout]) => {
			const query = stanza_argument(host, element, "stanza");
			const from = is_none(origin) ? undefined : lua_origin(host, origin);
			const answer = module.api
				.query_iq(query, from, optional_number(timeout))
				.catch((error: unknown) => Promise.reject(error_value(host, error)));
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
			module.api.broadcast(recipients, stanza_argument(host, element, "stanza"));
			return number_value(recipients.length);
		},
	};
}
