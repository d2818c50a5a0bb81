// Counterpart: plugins/mod_component.lua

import { ComponentStreamSession } from "../core/component_session.ts";
import { component_keepalives, component_limits, handshake_token, take_stanza } from "../core/component_streams.ts";
import type { StreamControl } from "../core/stream_session.ts";
import { type StreamKind, Streams } from "../core/streams.ts";
import type { Connection, ModuleApi, ModuleDefinition, StanzaEvent, StreamError } from "../core/types.ts";
import { nameprep } from "../util/encodings.ts";
import { equals } from "../util/hashes.ts";
import * as jid from "../util/jid.ts";
import { ns } from "../util/ns.ts";
import type { Attributes, Stanza } from "../util/stanza.ts";
import * as st from "../util/stanza.ts";
import * as uuid from "../util/uuid.ts";

declare module "../core/types.ts" {
	interface EventMap {
		/** A component has proved that it knows the secret of its host. */
		"component-authenticated": { session: ComponentStreamSession };
		/** A component's stream is over. */
		"component-disconnected": { session: ComponentStreamSession; reason: string | undefined };
		/** A component was silent for `network_settings.read_timeout`; the connection lives on where a handler answers true. */
		"component-read-timeout": { session: ComponentStreamSession };
	}
}

/** A component that connected, with what its host says of its addresses. */
class ConnectedComponent extends ComponentStreamSession {
	/** Whether its stanzas have to come from its own domain. */
	validates_from = true;
	/** Told when the stream is over. */
	on_destroy: ((error: string | undefined) => void) | undefined;
}

/** What the streams of components are that connect to us. */
class ComponentStreams implements StreamKind<ConnectedComponent> {
	readonly name = "component";
	readonly peer = "Component";
	readonly xmlns = ns.component_accept;
	readonly limits;
	readonly keepalives;

	constructor(private readonly module: ModuleApi) {
		this.limits = component_limits(module);
		this.keepalives = component_keepalives(module);
	}

	create(session_id: string, conn: Connection, control: StreamControl): ConnectedComponent {
		return new ConnectedComponent(this.module.server, session_id, conn, control);
	}

	is_unauthed(session: ConnectedComponent): boolean {
		return session.type === "component_unauthed";
	}

	is_established(): boolean {
		return false;
	}

	streamopened(session: ConnectedComponent, attr: Attributes): void {
		const { to } = attr;
		if (to === undefined) {
			session.close({ condition: "improper-addressing", text: "A 'to' attribute is required on stream headers" });
			return;
		}
		const name = nameprep(to);
		if (name === undefined || !this.module.server.hosts.get(name)?.modules.has("component")) {
			session.close({ condition: "host-unknown", text: `${to} does not match any configured external components` });
			return;
		}
		session.host = name;
		session.streamid = uuid.generate();
		session.open_stream(name);
		session.notopen = false;
	}

	handlestanza(session: ConnectedComponent, element: Stanza): void {
		const stanza = session.filter("stanzas/in", element);
		if (stanza === undefined || (take_stanza(stanza) && !this.has_addresses(session, stanza))) return;
		this.module.server.router.process_stanza(session, stanza);
	}

	/** Whether a stanza says whom it is from and whom it is for; answers it where not. */
	private has_addresses(session: ConnectedComponent, stanza: Stanza): boolean {
		// Who has not said who it is has no addresses; what it sends is refused as what it is
		if (session.type !== "component") return true;
		const { from, to } = stanza.attrs;
		if (session.validates_from) {
			if (from === undefined || nameprep(jid.host(from) ?? "") !== session.host) {
				session.log("warn", "Component sent stanza with missing or invalid 'from' address");
				session.close({
					condition: "invalid-from",
					text: `Component tried to send from address <${from ?? "< [missing 'from' attribute] >"}> which is not in domain <${session.host}>`,
				});
				return false;
			}
		} else if (from === undefined) stanza.attrs["from"] = session.host;
		if (to === undefined) {
			session.log("warn", "Rejecting stanza with no 'to' address");
			if (stanza.attrs["type"] !== "error" && stanza.attrs["type"] !== "result") {
				session.send(st.error_reply(stanza, "modify", "bad-request", "Components MUST specify a 'to' address on stanzas"));
			}
			return false;
		}
		return true;
	}

	closing(_session: ConnectedComponent, reason: StreamError | false | undefined): StreamError | false | undefined {
		return reason;
	}

	destroy(session: ConnectedComponent, text: string | undefined): void {
		if (session.destroyed) return;
		const host = this.module.server.hosts.get(session.host ?? "");
		session.type = "component_destroyed";
		host?.events.fire_event("component-disconnected", { session, reason: text });
		session.on_destroy?.(text);
	}

	disconnected(): void {}

	read_timeout(session: ConnectedComponent): boolean {
		const { server } = this.module;
		const bus = server.hosts.get(session.host ?? "")?.events ?? server.events;
		return bus.fire_event("component-read-timeout", { session }) === true;
	}
}

/** What one host does whose component connects from outside. */
function serve_component(module: ModuleApi): void {
	if (module.get_host_type() !== "component") {
		throw new Error(
			"Don't load mod_component manually, it should be for a component, please see https://prosody.im/doc/components",
		);
	}
	let connected: ConnectedComponent | undefined;

	function authenticate({ origin: session, stanza }: StanzaEvent): true | undefined {
		if (!(session instanceof ConnectedComponent) || session.type !== "component_unauthed") return undefined;
		if (session.host === undefined || session.streamid === undefined || stanza.tags.length > 0) {
			session.log("warn", "Invalid component handshake for host: %s", session.host);
			session.close({ condition: "not-authorized" });
			return true;
		}
		const secret = module.get_option_string("component_secret");
		if (secret === undefined) {
			session.log("warn", "Component attempted to identify as %s, but component_secret is not set", session.host);
			session.close({ condition: "not-authorized" });
			return true;
		}
		if (!equals((stanza.get_text() ?? "").toLowerCase(), handshake_token(session.streamid, secret))) {
			module.log("info", "Component authentication failed for %s", session.host);
			session.close({ condition: "not-authorized", text: "Given token does not match calculated token" });
			return true;
		}
		if (connected !== undefined) {
			if (module.get_option_enum("component_conflict_resolve", "kick_new", "kick_old") === "kick_old") {
				connected.close({ condition: "conflict", text: "Replaced by a new connection" });
			} else {
				module.log("error", "Second component attempted to connect, denying connection");
				session.close({ condition: "conflict", text: "Component already connected" });
				return true;
			}
		}
		connected = session;
		session.on_destroy = (error) => {
			module.set_status("warn", error === undefined ? "Disconnected" : `Disconnected: ${error}`);
			if (connected === session) connected = undefined;
		};
		session.validates_from = module.get_option_boolean("validate_from_addresses", true);
		session.send(st.stanza("handshake"));
		session.type = "component";
		session.authenticated();
		module.log("info", "External component successfully authenticated");
		module.fire_event("component-authenticated", { session });
		module.set_status("info", "Connected");
		return true;
	}

	/** Says what the component is called while it is not there (disco). */
	function answer_for_it({ origin, stanza }: StanzaEvent): boolean {
		const name = module.get_option_string("name");
		const query = stanza.name === "iq" && stanza.attrs["type"] === "get" ? stanza.get_child("query", ns.disco_info) : undefined;
		if (name === undefined || query === undefined || stanza.attrs["to"] !== module.host || query.attrs["node"]) return false;
		const reply = st.reply(stanza).tag("query", { xmlns: ns.disco_info });
		reply.tag("identity", { category: "component", type: "generic", name }).up();
		origin.send(reply.tag("feature", { var: ns.disco_info }).reset());
		return true;
	}

	function pass_on(event: StanzaEvent): true {
		const { origin, stanza } = event;
		if (connected !== undefined) {
			connected.send(stanza);
			return true;
		}
		if (answer_for_it(event)) return true;
		module.log("warn", "Component not connected, bouncing error for: %s", stanza.top_tag());
		if (stanza.attrs["type"] !== "error" && stanza.attrs["type"] !== "result") {
			const bounce = st.error_reply(stanza, "wait", "remote-server-timeout", "Component unavailable", module.host);
			origin.send(bounce.tag("not-connected", { xmlns: "xmpp:prosody.im/protocol/component" }).reset());
		}
		return true;
	}

	module.set_status("warn", "Not connected");
	module.hook("stanza/jabber:component:accept:handshake", authenticate, -1);
	for (const name of ["iq", "message", "presence"] as const) {
		for (const kind of ["bare", "full", "host"] as const) module.hook(`${name}/${kind}`, pass_on, -1);
	}
	module.hook("component-read-timeout", keepalive, -1);
	module.unload = () => connected?.close({ condition: "host-gone", text: "This component is no longer served" });
}

/** Keeps a silent connection open: white space between stanzas means nothing else. */
function keepalive({ session }: { session: ComponentStreamSession }): boolean | undefined {
	return session.notopen ? undefined : session.send_white_space();
}

/** Components that connect to this server (XEP-0114). */
export const definition: ModuleDefinition = {
	name: "component",
	global: true,
	load(module) {
		const streams = new Streams(module, new ComponentStreams(module));
		module.hook("component-read-timeout", keepalive, -1);
		module.add_host = serve_component;
		module.hook("server-stopping", ({ reason }) => streams.close_all({ condition: "system-shutdown", text: reason }), -100);
		module.provides("net", {
			name: "component",
			private: true,
			default_port: 5347,
			onconnect: (conn) => void streams.accept(conn),
		});
	},
};
