// Counterpart: plugins/mod_component.lua

import type { ComponentStreamSession } from "../core/component_session.ts";
import { component_keepalives, component_limits, take_stanza } from "../core/component_streams.ts";
import { stream_pattern } from "../core/stream_pattern.ts";
import { keep_alive, type StreamControl } from "../core/stream_session.ts";
import { type StreamKind, Streams } from "../core/streams.ts";
import type { Connection, ModuleApi, ModuleDefinition, StreamError } from "../core/types.ts";
import { nameprep } from "../util/encodings.ts";
import * as jid from "../util/jid.ts";
import { ns } from "../util/ns.ts";
import type { Attributes, Stanza } from "../util/stanza.ts";
import * as st from "../util/stanza.ts";
import * as uuid from "../util/uuid.ts";
import { ConnectedComponent, serve_component } from "./component/served_host.ts";

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

/** The kind of streams of components that connect to this server. */
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

	/** Whether a stanza has both addresses; answers with an error where not. */
	private has_addresses(session: ConnectedComponent, stanza: Stanza): boolean {
		// Before authentication there are no addresses to check; such stanzas are refused for that reason
		if (session.type !== "component") return true;
		const { from, to } = stanza.attr;
		if (session.validates_from) {
			if (from === undefined || nameprep(jid.host(from) ?? "") !== session.host) {
				session.log("warn", "Component sent stanza with missing or invalid 'from' address");
				session.close({
					condition: "invalid-from",
					text: `Component tried to send from address <${from ?? "< [missing 'from' attribute] >"}> which is not in domain <${session.host}>`,
				});
				return false;
			}
		} else if (from === undefined) stanza.attr["from"] = session.host;
		if (to === undefined) {
			session.log("warn", "Rejecting stanza with no 'to' address");
			if (stanza.attr["type"] !== "error" && stanza.attr["type"] !== "result") {
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

/** Components that connect to this server (XEP-0114). */
export const definition: ModuleDefinition = {
	name: "component",
	global: true,
	load(module) {
		const streams = new Streams(module, new ComponentStreams(module));
		module.hook("component-read-timeout", keep_alive, -1);
		module.add_host = serve_component;
		module.hook("server-stopping", ({ reason }) => streams.close_all({ condition: "system-shutdown", text: reason }), -100);
		module.provides("net", {
			name: "component",
			private: true,
			default_port: 5347,
			onconnect: (conn) => void streams.accept(conn),
			multiplex: { pattern: stream_pattern(ns.component_accept) },
		});
	},
};
