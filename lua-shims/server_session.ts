// Counterpart: core/s2smanager.lua (sessions with other servers as Lua modules see them)

import { X509Certificate } from "node:crypto";
import { ServerStreamSession } from "../host/core/s2s_session.ts";
import { Stanza } from "../host/util/stanza.ts";
import { certificate_value } from "./certificate.ts";
import type { LuaContext } from "./context.ts";
import { type Field, type Fields, HostTable, read_only, remembered, same } from "./host_table.ts";
import { answered, method } from "./session_methods.ts";
import { constant, sent, stream_fields } from "./stream_fields.ts";
import { send_queue } from "./stream_listeners.ts";
import { MapTable, table_value } from "./views.ts";
import { optional_text } from "./vm/arguments.ts";

/** The methods that send: `sends2s` over this stream, `send` by the one in the right direction. */
function sending(host: LuaContext, name: "send" | "sends2s"): [string, Field<ServerStreamSession>] {
	const { vm, border } = host;
	return method<ServerStreamSession>(
		name,
		(session) => {
			// a function that replaces this one later may call it
			const { [name]: send, send_text } = session;
			return vm.native((args) => {
				const given = sent(host, session, args);
				return border.to_lua(typeof given === "string" ? send_text.call(session, given) : send.call(session, given));
			});
		},
		(session, given) => {
			session[name] = (stanza) => answered(vm.call(given, [border.to_lua(stanza)]));
			return () => void Reflect.deleteProperty(session, name);
		},
	);
}

function server_fields(host: LuaContext): Fields<ServerStreamSession> {
	const { vm, border, server } = host;
	const goes = (direction: ServerStreamSession["direction"]): Field<ServerStreamSession> => ({
		get: (session) => session.direction === direction || session.bidi || undefined,
		set(session, value) {
			if (session.direction !== direction) session.bidi = !value.ttisnil() && value.value !== false;
		},
	});
	return new Map<string, Field<ServerStreamSession>>([
		...stream_fields<ServerStreamSession>(host, ServerStreamSession.prototype),
		same("type"),
		["base_type", { get: ({ direction }) => (direction === "incoming" ? "s2sin" : "s2sout") }],
		["direction", { get: (session) => (session.destroyed ? "destroyed" : session.direction) }],
		["incoming", goes("incoming")],
		["outgoing", goes("outgoing")],
		same("from_host"),
		same("to_host"),
		read_only("host"),
		[
			"hosts",
			{
				get: remembered<ServerStreamSession>((session) =>
					table_value(new MapTable(border, session.hosts as Map<unknown, unknown>)),
				),
			},
		],
		same("external_auth"),
		same("cert_chain_status"),
		same("cert_identity_status"),
		[
			"cert_chain_errors",
			{ get: ({ cert_problem }) => cert_problem && border.deep_table([[cert_problem.toLowerCase().replaceAll("_", " ")]]) },
		],
		same("dialback_key"),
		same("had_stream"),
		["sendq", send_queue],
		["ssl_ctx", { get: (session) => server.peer_tls_context(session.host ?? "") && border.table({}), set: () => undefined }],
		sending(host, "send"),
		sending(host, "sends2s"),
		constant("open_stream", (session) =>
			vm.native(([, from, to]) => {
				session.open_stream(optional_text(from) ?? session.from_host, optional_text(to) ?? session.to_host);
				return undefined;
			}),
		),
		constant("dispatch_stanza", (session) =>
			vm.native(([, stanza]) => {
				const known = stanza === undefined ? undefined : border.from_lua(stanza);
				if (known instanceof Stanza) server.router.process_stanza(session, known);
				return border.to_lua(known instanceof Stanza);
			}),
		),
	]);
}

/** Shows streams with other servers to Lua, and the certificates that events bring. */
export function register_servers(host: LuaContext): void {
	const { border } = host;
	const fields = server_fields(host);
	border.register(
		ServerStreamSession.prototype,
		(_, object) => new HostTable(border, object as ServerStreamSession, "session", fields),
	);
	border.register_conversion(X509Certificate.prototype, (object) => certificate_value(host, object as X509Certificate));
}
