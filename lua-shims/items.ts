// No counterpart: items that modules in Lua offer, for those who take them in TypeScript.

import type { Task } from "../host/core/types.ts";
import { TValue } from "./fengari.ts";
import { LiveTable, string_value, tags } from "./live_table.ts";
import type { LuaHost } from "./lua_host.ts";
import type { LuaModule } from "./module.ts";

/** Makes of a Lua item what the takers of its kind expect; undefined leaves the item as it is. */
export type ItemAdapter = (host: LuaHost, module: LuaModule, item: TValue) => object | undefined;

/** A task of mod_cron: `{ name, when, run(task, started_at) }`. */
const task: ItemAdapter = (host, _module, item) => {
	const { vm, border } = host;
	const field = (name: string): unknown => border.from_lua(vm.index(item, string_value(name)));
	const name = field("name");
	const id = field("id");
	const when = field("when");
	if (when !== "hourly" && when !== "daily" && when !== "weekly") {
		throw new TypeError(`a task's "when" has to be hourly, daily or weekly, not ${String(when)}`);
	}
	const run = vm.index(item, string_value("run"));
	const made: Task = {
		when,
		name: typeof name === "string" ? name : undefined,
		...(typeof id === "string" ? { id } : {}),
		run(started_at) {
			vm.call(run, [item, border.to_lua(started_at)]);
		},
	};
	return made;
};

/** An identity of disco: only its fields count. */
const identity: ItemAdapter = (host, _module, item) => host.border.copy(item) as object;

/** Adapters by the key that items are offered under. */
const adapters = new Map<string, ItemAdapter>([
	["task", task],
	["identity", identity],
]);

/** The item that the host gets for one of Lua's: the same each time. */
export function adapt_item(host: LuaHost, module: LuaModule, key: string, item: TValue): unknown {
	if (item.type !== tags.table || item.value instanceof LiveTable) return host.border.from_lua(item);
	const known = host.adapted_items.get(item.value as object);
	if (known !== undefined) return known;
	const kept = new TValue(item.type, item.value);
	const adapted = adapters.get(key)?.(host, module, kept);
	if (adapted === undefined) return host.border.from_lua(item);
	host.adapted_items.set(item.value as object, adapted);
	host.items_of_lua.set(adapted, kept);
	host.border.bind(adapted, kept);
	return adapted;
}

/** The item that was made of one of Lua's, or the item itself. */
export function adapted_item(host: LuaHost, item: TValue): unknown {
	const known = item.type === tags.table ? host.adapted_items.get(item.value as object) : undefined;
	return known ?? host.border.from_lua(item);
}
