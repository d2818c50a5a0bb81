// Counterpart: util/session.lua, util/filters.lua (what sessions of all kinds have for Lua modules)

import type { BaseStreamSession } from "../host/core/stream_session.ts";
import type { Connection, StreamError } from "../host/core/types.ts";
import { Stanza } from "../host/util/stanza.ts";
import { connection_value } from "./connection.ts";
import type { LuaContext } from "./context.ts";
import { type Field, read_only, remembered, same } from "./host_table.ts";
import { log_function } from "./log_format.ts";
import { method } from "./session_methods.ts";
import { type Table, TValue } from "./vm/fengari.ts";
import { is_function, LiveTable, nil, string_value, tags } from "./vm/live_table.ts";

/** Why a stream ends, as Lua says it: a condition, a table of `condition`, `text` and `extra`, or a stanza to send before. */
export function stream_error_of(host: LuaContext, value: TValue | undefined): StreamError | undefined {
	if (value === undefined || value.ttisnil()) return undefined;
	const known = host.border.from_lua(value);
	if (typeof known === "string") return { condition: "undefined-condition", text: known };
	if (typeof known !== "object" || known === null) return undefined;
	if (known instanceof Stanza) return { condition: "undefined-condition", extra: known };
	const field = (name: string): unknown => Reflect.get(known, name);
	const condition = field("condition");
	const text = field("text");
	const extra = field("extra");
	return {
		condition: typeof condition === "string" ? condition : "undefined-condition",
		...(typeof text === "string" ? { text } : {}),
		...(extra instanceof Stanza ? { extra } : {}),
	};
}

/** Whether a value is true in Lua. */
export function truth(value: TValue): boolean {
	return !value.ttisnil() && value.value !== false;
}

/** Ends the filters of util.filters for a session. */
function disconnect_filters(host: LuaContext, filters: TValue): void {
	if (filters.type !== tags.table || filters.value instanceof LiveTable) return;
	for (const [, list] of host.vm.entries(filters.value as Table)) {
		const disconnect = list.type === tags.table ? host.vm.index(list, string_value("disconnect")) : nil;
		if (is_function(disconnect)) host.vm.call(disconnect, []);
	}
}

/** The stanza or text that `send` gets, after the session itself where it was called as a method. */
export function sent(host: LuaContext, session: object, [first, second]: readonly (TValue | undefined)[]): Stanza | string {
	const given = first?.value instanceof LiveTable && first.value.target === session ? second : first;
	const known = given === undefined ? undefined : host.border.from_lua(given);
	if (known instanceof Stanza || typeof known === "string") return known;
	throw new TypeError("bad argument to send: expected a stanza or a string");
}

/** A value that is made once for each session, and that modules may replace. */
export function constant<Session extends object>(name: string, make: (session: Session) => TValue): [string, Field<Session>] {
	const get = remembered(make);
	const replaced = new WeakMap<Session, TValue>();
	return [
		name,
		{
			get: (session) => replaced.get(session) ?? get(session),
			set: (session, value) => void replaced.set(session, new TValue(value.type, value.value)),
		},
	];
}

/** The fields that sessions of all kinds have. */
export function stream_fields<Session extends BaseStreamSession>(
	host: LuaContext,
	prototype: Session,
): readonly [string, Field<Session>][] {
	const { vm, border } = host;
	const close = method<Session>(
		"close",
		(session) =>
			vm.native(([, reason]) => {
				prototype.close.call(session, stream_error_of(host, reason));
				return undefined;
			}),
		(session, given) => {
			session.close = (reason?: StreamError | false) => void vm.call(given, [border.to_lua(session), border.to_lua(reason)]);
			return () => void Reflect.deleteProperty(session, "close");
		},
	);
	/** Those of util.filters. */
	const filters = new WeakMap<Session, TValue>();
	return [
		read_only<Session, "id">("id"),
		same<Session, "secure">("secure"),
		same<Session, "streamid">("streamid"),
		same<Session, "version">("version"),
		read_only<Session, "conntime">("conntime"),
		same<Session, "smacks">("smacks"),
		same<Session, "hibernating">("hibernating"),
		["ip", { get: ({ ip }) => ip, set: (session, value) => void Object.assign(session, { ip: border.from_lua(value) }) }],
		// where Prosody has nothing rather than false
		[
			"notopen",
			{
				get: (session) => session.notopen || undefined,
				set: (session, value) => void Object.assign(session, { notopen: truth(value) }),
			},
		],
		["encrypted", { get: (session) => session.conn?.ssl_info() !== undefined || undefined, set: () => undefined }],
		["destroyed", { get: (session) => session.destroyed || undefined, set: () => undefined }],
		[
			"conn",
			{
				get: (session) => (session.conn === undefined ? undefined : connection_value(host, session.conn)),
				set: (session, value) => {
					const known = value.ttisnil() ? undefined : border.from_lua(value);
					session.conn = known === undefined ? undefined : (known as Connection);
				},
			},
		],
		close,
		// without any of util.filters, all passes
		constant("filter", () => vm.native(([, data]) => data)),
		[
			"filters",
			{
				get: (session) => filters.get(session),
				set: (session, value) => {
					// removed filters no longer get stanzas
					const old = filters.get(session);
					if (old && old.value !== value.value) disconnect_filters(host, old);
					if (value.ttisnil()) filters.delete(session);
					else filters.set(session, new TValue(value.type, value.value));
				},
			},
		],
		constant("rawsend", (session) =>
			vm.native(([text]) => border.to_lua(text === undefined ? false : prototype.send_text.call(session, vm.to_string(text)))),
		),
		constant("log", (session) => log_function(vm, session.log)),
		constant("reset_stream", (session) =>
			vm.native(() => {
				session.reset_stream();
				return undefined;
			}),
		),
	];
}
