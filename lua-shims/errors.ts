// Counterpart: util/error.lua, as it is made for Lua

import { IqError } from "../host/core/iq_error.ts";
import type { LuaContext } from "./context.ts";
import type { TValue } from "./vm/fengari.ts";
import { nil } from "./vm/live_table.ts";

/** An error of the host as util.error makes it. */
export function error_value({ vm, border, libraries }: LuaContext, reason: unknown): TValue {
	if (reason instanceof IqError && reason.stanza !== undefined) {
		const stanza = border.to_lua(reason.stanza);
		return (
			vm.call(libraries.function_of("util.error", "from_stanza"), [stanza, border.table({ stanza: reason.stanza })])[0] ?? nil
		);
	}
	const given =
		reason instanceof IqError
			? { type: reason.type, condition: reason.condition, text: reason.text }
			: { type: "cancel", condition: "undefined-condition", text: reason instanceof Error ? reason.message : String(reason) };
	return vm.call(libraries.function_of("util.error", "new"), [border.table(given)])[0] ?? nil;
}
