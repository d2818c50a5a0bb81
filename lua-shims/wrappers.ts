// Counterpart: util/events.lua (add_wrapper), for wrappers in Lua: `function (handlers, event_name, event_data)`

import type { AnyWrapper } from "../host/util/events.ts";
import type { Border } from "./border.ts";
import { TValue } from "./vm/fengari.ts";

/** The host's wrapper for a Lua function. */
export function wrapper_from_lua(border: Border, value: TValue): AnyWrapper {
	const wrapper = new TValue(value.type, value.value);
	const handlers_of = (next: (name: string, event: unknown) => unknown): TValue =>
		border.fn((name: string, event: unknown) => next(name, event));
	const wrap: AnyWrapper = (next, name, event) => border.call(wrapper, handlers_of(next), name, event);
	const waiting: AnyWrapper = (next, name, event) => border.call_waiting(wrapper, handlers_of(next), name, event);
	return Object.assign(wrap, { waiting });
}
