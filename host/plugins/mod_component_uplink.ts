// No counterpart: Prosody cannot be another server's component. The other side is plugins/mod_component.lua (XEP-0114).

import { ComponentStreamSession } from "../core/component_session.ts";
import { component_keepalives, component_limits, handshake_token, take_stanza } from "../core/component_streams.ts";
import { StanzaQueue } from "../core/stanza_queue.ts";
import type { StreamControl } from "../core/stream_session.ts";
import { type StreamKind, Streams } from "../core/streams.ts";
import type {
	Connection,
	EventMap,
	ModuleApi,
	ModuleDefinition,
	OutgoingAddress,
	StreamError,
	TextRoute,
	Timer,
} from "../core/types.ts";
import { nameprep } from "../util/encodings.ts";
import type { Handler } from "../util/events.ts";
import * as jid from "../util/jid.ts";
import { ns } from "../util/ns.ts";
import type { Attributes, Stanza } from "../util/stanza.ts";
import * as st from "../util/stanza.ts";
import { parse_address } from "./component_uplink/uplink_address.ts";

declare module "../core/types.ts" {
	interface EventMap {
		/** The stream to the server that reaches everybody else is up, for the first time or again. */
		"component-uplink-connected": { host: string };
		/** It is gone; connecting is tried again automatically. */
		"component-uplink-disconnected": { host: string; reason: string | undefined };
	}
}

/** Most stanzas that may wait for the stream; rooms say far less while a connection is interrupted for a moment. */
const most_stanzas = 10_000;
/** How long a connection may take, in seconds. */
const connect_timeout = 30;
/** The pauses between attempts, in seconds: each twice the one before, up to the longest. */
const shortest_pause = 1;
const longest_pause = 60;
/** After this many seconds of silence a blank is sent, so that firewalls on the way keep the connection. */
const keepalive_interval = 60;

/** A stream to the server that this component belongs to. What is sent after its end goes over the next stream. */
class UplinkSession extends ComponentStreamSession {
	/** Sends something over the present stream, once this one is gone. */
	instead: ((stanza: Stanza) => boolean) | undefined;

	protected override get begins(): boolean {
		return true;
	}

	override send(stanza: Stanza): boolean {
		return this.destroyed && this.instead !== undefined ? this.instead(stanza) : super.send(stanza);
	}
}

/** The connection of one component to the server that it belongs to, kept up for as long as the host is there. */
class Uplink implements StreamKind<UplinkSession> {
	readonly name = "uplink";
	readonly peer = "Uplink";
	readonly xmlns = ns.component_accept;
	readonly limits;
	readonly keepalives;

	private readonly streams: Streams<UplinkSession>;
	private readonly queue: StanzaQueue;
	/** The stream that is up. */
	private session: UplinkSession | undefined;
	private pause = shortest_pause;
	private waiting: Timer | undefined;
	private cancel: (() => void) | undefined;
	private wanted = true;

	constructor(
		private readonly module: ModuleApi,
		private readonly address: OutgoingAddress,
		private readonly secret: string,
	) {
		this.limits = component_limits(module);
		this.keepalives = component_keepalives(module);
		this.streams = new Streams(module, this);
		this.queue = new StanzaQueue(module.server.turn, most_stanzas, () => this.send_waiting());
	}

	/** Connects, and again whenever the connection is lost. */
	start(): void {
		const { host, port } = this.address;
		this.module.log("debug", "Connecting to %s port %d", host, port);
		this.cancel = this.module.server.connect(
			this.address,
			(conn) => void this.streams.accept(conn),
			(reason) => {
				if (this.wanted) this.try_again(`cannot connect to ${host} port ${port}: ${reason}`);
			},
		);
	}

	/** Ends the stream for good. */
	stop(reason: StreamError): void {
		this.wanted = false;
		this.waiting?.stop();
		this.cancel?.();
		this.streams.close_all(reason);
	}

	/** Sends a stanza to the other server, now or once the stream is up again. */
	send(stanza: Stanza): boolean {
		if (this.session !== undefined) return this.session.send(stanza);
		if (!this.wanted) return false;
		const is_kept = this.queue.add(stanza);
		if (!is_kept) this.module.log("debug", "More than %d stanzas wait for the other server: %s", most_stanzas, stanza.top_tag());
		return is_kept;
	}

	/** The stream for texts that many get. While there is none, all has to be stanzas, which wait for it. */
	text_route(): TextRoute {
		const { session } = this;
		return (text, to) => session?.send_shared_to(text, to) === true;
	}

	private send_waiting(): void {
		const { session } = this;
		if (session !== undefined) for (const stanza of this.queue.take()) session.send(stanza);
	}

	create(session_id: string, conn: Connection, control: StreamControl): UplinkSession {
		const session = new UplinkSession(this.module.server, session_id, conn, control);
		session.host = this.module.host;
		session.instead = (stanza) => this.send(stanza);
		return session;
	}

	connected(session: UplinkSession): void {
		session.open_stream(undefined, this.module.host);
	}

	streamopened(session: UplinkSession, attr: Attributes): void {
		const { id, from } = attr;
		session.notopen = false;
		session.streamid = id;
		if (id === undefined) {
			session.close({ condition: "undefined-condition", text: "The stream header has no id, which the handshake needs" });
			return;
		}
		if (from !== undefined && nameprep(from) !== this.module.host) {
			this.module.log("warn", "The other server answers for %s: expected %s", from, this.module.host);
		}
		session.send(st.stanza("handshake").text(handshake_token(id, this.secret)));
	}

	handlestanza(session: UplinkSession, element: Stanza): void {
		const stanza = session.filter("stanzas/in", element);
		if (stanza === undefined) return;
		if (take_stanza(stanza)) {
			if (session.type === "component" && this.may_come(stanza)) this.module.server.router.process_stanza(session, stanza);
			return;
		}
		if (stanza.name === "handshake" && session.type === "component_unauthed") this.established(session);
		else session.log("debug", "Ignored %s", stanza.top_tag());
	}

	/** The other server may send in the name of everybody except hosts that are served here, and only to this component. */
	private may_come(stanza: Stanza): boolean {
		const { from, to } = stanza.attr;
		const sender = nameprep(jid.host(from ?? "") ?? "");
		const problem =
			from === undefined || sender === undefined
				? "no sender"
				: this.module.server.hosts.has(sender)
					? "a sender who is served here"
					: nameprep(jid.host(to ?? "") ?? "") !== this.module.host
						? "another recipient than this component"
						: undefined;
		if (problem !== undefined)
			this.module.log("warn", "Dropped a stanza from the other server, it has %s: %s", problem, stanza.top_tag());
		return problem === undefined;
	}

	private established(session: UplinkSession): void {
		const { module } = this;
		session.type = "component";
		session.authenticated();
		this.session = session;
		this.pause = shortest_pause;
		module.log("info", "Connected to %s port %d as the component %s", this.address.host, this.address.port, module.host);
		module.set_status("info", "Connected");
		this.send_waiting();
		module.fire_event("component-uplink-connected", { host: module.host });
	}

	private try_again(reason: string): void {
		const { module } = this;
		// So that components of one server do not all come at once
		const pause = this.pause * (0.75 + Math.random() / 2);
		module.log("warn", "No stream to the server of this component, trying again in %d s: %s", Math.ceil(pause), reason);
		module.set_status("warn", reason);
		this.pause = Math.min(this.pause * 2, longest_pause);
		this.waiting = module.add_timer(pause, () => this.start());
	}

	is_unauthed(session: UplinkSession): boolean {
		return session.type === "component_unauthed";
	}

	is_established(): boolean {
		return false;
	}

	closing(_session: UplinkSession, reason: StreamError | false | undefined): StreamError | false | undefined {
		return reason;
	}

	destroy(session: UplinkSession, text: string | undefined): void {
		if (session.destroyed) return;
		const was_up = session.type === "component";
		session.type = "component_destroyed";
		if (this.session === session) this.session = undefined;
		if (was_up) this.module.fire_event("component-uplink-disconnected", { host: this.module.host, reason: text });
		if (!this.wanted) return;
		const why = was_up
			? (text ?? "the stream was closed")
			: `${text ?? "the stream was closed"} (is component_secret the same on both sides?)`;
		this.try_again(why);
	}

	disconnected(): void {}

	read_timeout(session: UplinkSession): boolean {
		return session.send_white_space();
	}

	/** Keeps a silent connection open. */
	keep_alive(): void {
		this.session?.send_white_space();
	}
}

/** The rooms of this process as a component of another server. Options: component_uplink, component_secret. */
export const definition: ModuleDefinition = {
	name: "component_uplink",
	load(module) {
		if (module.get_host_type() !== "component")
			throw new Error("component_uplink is for components: expected Component, not VirtualHost");
		const given = module.get_option_string("component_uplink") ?? "";
		const address = parse_address(given);
		if (!address.ok) throw new Error(`component_uplink = ${JSON.stringify(given)}: ${address.error}`);
		const secret = module.get_option_string("component_secret");
		if (secret === undefined)
			throw new Error("component_uplink needs component_secret: the secret that the other server has for this component");

		const uplink = new Uplink(module, { ...address.value, timeout: connect_timeout }, secret);
		const route: Handler<EventMap["route/remote"]> = ({ stanza }) => uplink.send(stanza) || undefined;
		module.hook("route/remote", route, 200);
		const { text_routes } = module.host_session();
		text_routes.set(route, () => uplink.text_route());
		module.add_timer(keepalive_interval, () => {
			uplink.keep_alive();
			return keepalive_interval;
		});
		module.hook_global("server-stopping", ({ reason }) => uplink.stop({ condition: "system-shutdown", text: reason }), -100);
		module.unload = () => {
			text_routes.delete(route);
			uplink.stop({ condition: "host-gone", text: "This component is no longer served" });
		};
		uplink.start();
	},
};
