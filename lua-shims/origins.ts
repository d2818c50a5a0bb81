// No counterpart: what Lua gives the host's handlers: events with their origins, buses, and whose permission is asked.

import type { EventMap, PermissionContext, Session } from "../host/core/types.ts";
import type { Events } from "../host/util/events.ts";
import { message, Stanza } from "../host/util/stanza.ts";
import type { LuaContext } from "./context.ts";
import { lua_origin } from "./session.ts";
import type { Table, TValue } from "./vm/fengari.ts";
import { LiveTable, tags } from "./vm/live_table.ts";

/** The event bus of a Lua value: a bus itself, or an object that has one. */
export function bus_of({ border }: LuaContext, value: TValue): Events<EventMap> {
	const known = border.from_lua(value) as Events<EventMap> | { events: Events<EventMap> };
	return "events" in known ? known.events : known;
}

/** An event's payload from Lua as handlers of the host get it. */
export function payload_of(host: LuaContext, value: TValue): unknown {
	if (value.type === tags.table && !(value.value instanceof LiveTable)) {
		for (const name of ["origin", "session"]) {
			const made = host.vm.raw_get(value.value as Table, name);
			// where Lua made the origin itself, handlers of the host get one that they can use
			if (made.type === tags.table && !(made.value instanceof LiveTable)) lua_origin(host, made);
		}
	}
	return host.border.from_lua(value);
}

/** The subject of a permission: a JID, or a stanza event. */
export function permission_context(host: LuaContext, value: TValue): PermissionContext {
	const known = payload_of(host, value);
	if (typeof known === "string") return known;
	const field = (name: string): unknown => (typeof known === "object" && known !== null ? Reflect.get(known, name) : undefined);
	const origin = field("origin") ?? field("session");
	const stanza = field("stanza");
	if (typeof origin !== "object" || origin === null) {
		throw new TypeError("unable to identify who asks for a permission: expected a JID, or an event with its origin");
	}
	return { origin: origin as Session, stanza: stanza instanceof Stanza ? stanza : message({ from: asker(origin) }) };
}

/** The address of a session that asks for a permission without a stanza. */
function asker(origin: object): string {
	const jid: unknown = Reflect.get(origin, "full_jid");
	return typeof jid === "string" ? jid : "";
}
