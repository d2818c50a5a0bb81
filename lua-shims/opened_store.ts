// Counterpart: core/storagemanager.lua (store-opened): stores that modules in Lua put something around

import type { StoreOpenedEvent } from "../host/core/storagemanager.ts";
import type { LuaContext } from "./context.ts";
import { store_from_lua } from "./storage_driver.ts";
import { store_value } from "./store.ts";
import { tags } from "./vm/live_table.ts";

function is_about_a_store(event: unknown): event is StoreOpenedEvent {
	return typeof event === "object" && event !== null && "store_type" in event && "store_name" in event && "store" in event;
}

/** Shows a handler in Lua a store as Lua has stores, and takes the one over that it puts in its place. */
export function with_lua_store(host: LuaContext, event: unknown, run: (event: unknown) => unknown): unknown {
	if (!is_about_a_store(event)) return run(event);
	const { host: on, store_name, store_type } = event;
	const shown = store_value(host, store_type, event.store, on, store_name);
	const given: { [name: string]: unknown } = { host: on, store_name, store_type, store: shown };
	const answer = run(given);
	const store = host.border.to_lua(given["store"]);
	if (store.type === tags.table && store.value !== shown.value) event.store = store_from_lua(host, store_type, store, store_name);
	if (typeof given["store_err"] === "string") event.store_err = { text: given["store_err"] };
	return answer;
}
