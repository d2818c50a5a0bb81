// Counterpart: util/filters.lua, as far as sessions of the host are concerned

import { BaseStreamSession } from "../../host/core/stream_session.ts";
import type { EventMap, FilterKind, StanzaFilter, StreamSession } from "../../host/core/types.ts";
import type { Handler } from "../../host/util/events.ts";
import { Stanza } from "../../host/util/stanza.ts";
import type { LuaContext } from "../context.ts";
import { is_string, kept } from "../vm/arguments.ts";
import { TValue } from "../vm/fengari.ts";
import { bytes_value, nil, tags, text_of_string } from "../vm/live_table.ts";
import { LuaError } from "../vm/vm.ts";

function is_stream_session(object: unknown): object is StreamSession {
	return typeof object === "object" && object !== null && "add_filter" in object && "remove_filter" in object;
}

/** Stanzas are filtered by the session, bytes by the connection. */
function is_filter_kind(kind: string): kind is FilterKind {
	return kind === "stanzas/in" || kind === "stanzas/out";
}

/**
 * `host.filters`, which util/filters.lua builds on. Its `connect(session, kind, run)` has stanzas or bytes of a session of the host pass `run`,
 * and gives the function that ends that; nothing where the session is none of the host's, which `knows(session)` tells. A stanza that `run`
 * fails on is not passed. `watch(callback)` calls back for each stream of the host that is new, and gives the function that ends that.
 */
export function filters_library(host: LuaContext): TValue {
	const { vm, border } = host;
	const library = vm.new_table();
	/** Bytes of a connection as Lua text. */
	const connect_bytes = (session: BaseStreamSession, direction: "bytes_in" | "bytes_out", callee: TValue): TValue => {
		const filter = (chunk: Buffer): Buffer | undefined => {
			try {
				const [passed = nil] = vm.call(callee, [bytes_value(chunk)]);
				return is_string(passed) ? Buffer.from(passed.value.getstr()) : undefined;
			} catch (error) {
				if (!(error instanceof LuaError)) throw error;
				session.log("error", "A filter in Lua failed: %s", error.traceback || error.message);
				return undefined;
			}
		};
		session[direction] = filter;
		return vm.native(() => {
			if (session[direction] === filter) session[direction] = undefined;
			return undefined;
		});
	};
	const connect = vm.native(([shown = nil, kind = nil, run = nil]) => {
		const session = border.from_lua(shown);
		const name = text_of_string(kind);
		if ((name === "bytes/in" || name === "bytes/out") && session instanceof BaseStreamSession) {
			return connect_bytes(session, name === "bytes/in" ? "bytes_in" : "bytes_out", kept(run));
		}
		if (!is_stream_session(session) || !is_filter_kind(name)) return undefined;
		const callee = new TValue(run.type, run.value);
		const filter: StanzaFilter = (stanza) => {
			try {
				const [passed = nil] = vm.call(callee, [border.to_lua(stanza)]);
				const result = border.from_lua(passed);
				if (typeof result === "string" && name === "stanzas/out") session.send_text(result);
				return result instanceof Stanza ? result : undefined;
			} catch (error) {
				if (!(error instanceof LuaError)) throw error;
				session.log("error", "A filter in Lua failed: %s", error.traceback || error.message);
				return undefined;
			}
		};
		session.add_filter(name, filter);
		return vm.native(() => {
			session.remove_filter(name, filter);
			return undefined;
		});
	});
	/** Calls Lua for each new stream; returns the function that ends that. */
	const watch = vm.native(([callback = nil]) => {
		const callee = new TValue(callback.type, callback.value);
		const { events } = host.server;
		const tell: Handler<EventMap["stream-session-created"]> = ({ session }) => {
			try {
				vm.call(callee, [border.to_lua(session)]);
			} catch (error) {
				if (!(error instanceof LuaError)) throw error;
				session.log("error", "A hook for filters in Lua failed: %s", error.traceback || error.message);
			}
		};
		events.add_handler("stream-session-created", tell);
		return vm.native(() => {
			events.remove_handler("stream-session-created", tell);
			return undefined;
		});
	});
	vm.raw_set(library, "connect", connect);
	vm.raw_set(library, "watch", watch);
	vm.raw_set(
		library,
		"knows",
		vm.native(([session = nil]) => border.to_lua(is_stream_session(border.from_lua(session)))),
	);
	return new TValue(tags.table, library);
}
