// Counterpart: plugins/mod_s2s.lua (route_to_existing_session, route_to_new_session, bounce_sendq)

import type { ServerStreamSession } from "../../core/s2s_session.ts";
import { StanzaQueue } from "../../core/stanza_queue.ts";
import type { Connection, ModuleApi, Session, Stanza, TextRoute } from "../../core/types.ts";
import { failed, ok, type Result } from "../../util/error.ts";
import type { ServiceResolver, Target } from "../../util/resolver.ts";
import * as st from "../../util/stanza.ts";

/** Where servers listen when nothing else is said. */
const default_port = 5269;

/** The way from one of our hosts to another server: a stream, or what waits for one. */
export interface Route {
	readonly from_host: string;
	readonly to_host: string;
	/** What waits. */
	readonly queue: StanzaQueue;
	/** The stream, from before there is a connection for it. */
	session: ServerStreamSession;
	/** Gives up connecting. */
	cancel: (() => void) | undefined;
	/** What somebody else keeps for this way, who makes its connection. */
	kept_elsewhere: (() => Iterable<Stanza>) | undefined;
}

/** What routes need of the streams. */
export interface RouteServices {
	readonly resolver: ServiceResolver;
	readonly queue_size: number;
	/** Seconds for one address to answer. */
	readonly connect_timeout: number;
	/** Makes the session of a stream that is to be opened. */
	create(from_host: string, to_host: string): ServerStreamSession;
	/** Takes a session out of the server that found no connection, or needs none any more. */
	destroy(session: ServerStreamSession, reason: string | undefined): void;
	/** Has a stream to the other server go over a connection. */
	begin(conn: Connection, route: Route, target: Target): void;
}

/** Whether senders hear of a stanza that could not be sent (RFC 6120 §8.3.1). */
function is_bounced(stanza: Stanza): boolean {
	const type = stanza.attr["type"];
	return (
		stanza.attr["xmlns"] === undefined &&
		["message", "presence", "iq"].includes(stanza.name) &&
		type !== "error" &&
		type !== "result"
	);
}

/** Whether this is a question about a dialback key, which no turn has to store anything for. */
function is_about_streams(stanza: Stanza): boolean {
	return stanza.name === "db:verify";
}

/** Ways to other servers, one for each pair of domains. */
export class Routes {
	private readonly routes = new Map<string, Route>();
	private is_closed = false;

	constructor(
		private readonly module: ModuleApi,
		private readonly services: RouteServices,
	) {}

	find(from_host: string, to_host: string): Route | undefined {
		return this.routes.get(`${from_host} ${to_host}`);
	}

	/** Sends a stanza where there is a way already, now or once its stream is ready; undefined where there is none. */
	send_on(from_host: string, to_host: string, stanza: Stanza, origin: Session): true | undefined {
		const route = this.find(from_host, to_host);
		return route && this.send_over(route, stanza, origin);
	}

	/** Sends a stanza to another server, now or once there is a stream; true where it was dealt with. */
	send(from_host: string, to_host: string, stanza: Stanza, origin: Session): true {
		return this.send_over(this.find(from_host, to_host) ?? this.open(from_host, to_host), stanza, origin);
	}

	/** The stream for texts that many get; undefined where there is no way yet. Until it is ready, all has to be stanzas, which wait. */
	text_route(from_host: string, to_host: string): TextRoute | undefined {
		const route = this.find(from_host, to_host);
		return route && ((text, to) => route.session.is_authed && route.session.send_shared_to(text, to));
	}

	private send_over(route: Route, stanza: Stanza, origin: Session): true {
		const { session } = route;
		if (this.takes(session, stanza)) {
			session.sends2s(stanza);
			return true;
		}
		this.fetch(route, false);
		if (!this.is_closed && route.queue.add(stanza, is_about_streams(stanza))) return true;
		if (is_bounced(stanza)) origin.send(st.error_reply(stanza, "wait", "resource-constraint", "Outgoing stanza queue full"));
		return true;
	}

	/** Whether a stream may be sent something: questions about dialback keys come before it has proved who it is. */
	private takes(session: ServerStreamSession, stanza: Stanza): boolean {
		if (session.is_authed) return true;
		return is_about_streams(stanza) && session.dialback_key !== undefined;
	}

	/** Sends what waits, all of it or only the questions about dialback keys. */
	empty(route: Route): void {
		const { session } = route;
		this.fetch(route, false);
		for (const stanza of route.queue.take((stanza) => this.takes(session, stanza))) session.sends2s(stanza);
	}

	/** Takes over what is kept elsewhere; it comes before all that is added from now on. */
	private fetch(route: Route, is_certain: boolean): void {
		const { kept_elsewhere } = route;
		if (kept_elsewhere === undefined) return;
		for (const stanza of kept_elsewhere()) {
			if (!route.queue.add(stanza, is_certain)) this.module.log("warn", "Too many stanzas wait for %s", route.to_host);
		}
	}

	/**
	 * Makes the session of a stream whose connection somebody else makes: it is the way from now on.
	 * @param kept_elsewhere gives what the caller keeps for it, each stanza once
	 */
	prepare(from_host: string, to_host: string, kept_elsewhere: () => Iterable<Stanza>): ServerStreamSession {
		const session = this.services.create(from_host, to_host);
		const known = this.find(from_host, to_host);
		if (known === undefined) this.new_route(from_host, to_host, session).kept_elsewhere = kept_elsewhere;
		else {
			known.kept_elsewhere = kept_elsewhere;
			this.replace(known, session);
		}
		return session;
	}

	/** Has another stream be the way, and gives up what was to become one. */
	private replace(route: Route, session: ServerStreamSession): void {
		const { session: waiting } = route;
		route.cancel?.();
		route.cancel = undefined;
		this.use(route, session);
		if (waiting.conn === undefined) this.services.destroy(waiting, undefined);
	}

	/** Has stanzas go back over a stream that the other server opened, where there is no other way (XEP-0288). */
	adopt(from_host: string, to_host: string, session: ServerStreamSession): void {
		const known = this.find(from_host, to_host);
		if (known === undefined) {
			this.new_route(from_host, to_host, session);
			return;
		}
		if (known.session.conn !== undefined) return;
		this.replace(known, session);
		this.empty(known);
	}

	/** Has a stream be the way from now on. */
	private use(route: Route, session: ServerStreamSession): void {
		route.session = session;
		this.module.server.hosts.get(route.from_host)?.s2sout.set(route.to_host, session);
	}

	/** A stream is over; what waits for it is returned to its senders. */
	lost(session: ServerStreamSession, reason: string | undefined): void {
		for (const route of [...this.routes.values()]) {
			if (route.session !== session) continue;
			route.cancel?.();
			const text = session.bounce_text ?? reason;
			if (session.had_stream) this.bounce(route, "wait", "remote-server-timeout", text);
			else this.bounce(route, "cancel", "remote-server-not-found", text);
		}
	}

	/** Opens no more, and forgets what waits. */
	close(): void {
		this.is_closed = true;
		for (const route of this.routes.values()) route.cancel?.();
	}

	private new_route(from_host: string, to_host: string, session: ServerStreamSession): Route {
		const queue = new StanzaQueue(this.module.server.turn, this.services.queue_size, () => this.empty(route));
		const route: Route = { from_host, to_host, queue, session, cancel: undefined, kept_elsewhere: undefined };
		this.routes.set(`${from_host} ${to_host}`, route);
		this.use(route, session);
		return route;
	}

	private open(from_host: string, to_host: string): Route {
		const session = this.services.create(from_host, to_host);
		const route = this.new_route(from_host, to_host, session);
		let is_wanted = true;
		route.cancel = () => {
			is_wanted = false;
		};
		this.module.log("debug", "Connecting from %s to %s", from_host, to_host);
		this.module.server.hosts.get(from_host)?.events.fire_event("s2sout-created", { session });
		const give_up = (reason: string): void => {
			if (is_wanted) this.services.destroy(session, reason);
		};
		this.connect(route, () => is_wanted).then(
			(connected) => {
				if (!connected.ok) give_up(connected.error);
			},
			(error) => {
				this.module.log("error", "Connecting to %s failed: %s", to_host, error instanceof Error ? error.stack : error);
				give_up("internal error");
			},
		);
		return route;
	}

	/** Tries what there is for the other server's domain, one after the other. */
	private async connect(route: Route, is_wanted: () => boolean): Promise<Result<true, string>> {
		const { from_host, to_host, session } = route;
		const found = await this.services.resolver.find_server(to_host, default_port);
		const event = { session, from_host, to_host, targets: found.ok ? found.targets : [] };
		this.module.server.events.fire_event("s2sout-targets", event);
		this.module.server.hosts.get(from_host)?.events.fire_event("s2sout-pre-connect", event);
		let problem = found.ok ? "there is no address for it" : found.error;
		for (const target of event.targets) {
			if (!is_wanted()) return failed("no longer wanted");
			const conn = await this.connect_to(route, target);
			if (!conn.ok) {
				problem = conn.error;
				this.module.log("debug", "No connection to %s at %s port %d: %s", to_host, target.host, target.port, conn.error);
				continue;
			}
			if (!is_wanted()) {
				conn.value.destroy();
				return failed("no longer wanted");
			}
			route.cancel = undefined;
			this.services.begin(conn.value, route, target);
			return ok(true);
		}
		return failed(problem);
	}

	private connect_to(route: Route, { host, port }: Target): Promise<Result<Connection, string>> {
		return new Promise((resolve) => {
			const give_up = this.module.server.connect(
				{ host, port, timeout: this.services.connect_timeout },
				(conn) => resolve(ok(conn)),
				(reason) => resolve(failed(reason)),
			);
			const cancel = route.cancel;
			route.cancel = () => {
				cancel?.();
				give_up();
			};
		});
	}

	/** Tells senders that there is no way. Not why in detail: a room's occupants must not learn each other's servers from it. */
	private bounce(
		route: Route,
		type: "cancel" | "wait",
		condition: "remote-server-not-found" | "remote-server-timeout",
		reason: string | undefined,
	): void {
		this.routes.delete(`${route.from_host} ${route.to_host}`);
		const ways = this.module.server.hosts.get(route.from_host)?.s2sout;
		if (ways?.get(route.to_host) === route.session) ways.delete(route.to_host);
		this.fetch(route, true);
		const queue = route.queue.take();
		if (queue.length > 0) {
			this.module.log(
				"info",
				"Sending error replies for %d queued stanzas because of failed outgoing connection to %s: %s",
				queue.length,
				route.to_host,
				reason,
			);
		}
		const origin = this.module.server.hosts.get(route.from_host);
		if (origin === undefined) return;
		for (const stanza of queue) {
			if (!is_bounced(stanza)) continue;
			const text = reason === undefined ? undefined : `Server-to-server connection failed: ${reason}`;
			this.module.server.router.route_stanza(origin, st.error_reply(stanza, type, condition, text));
		}
	}
}
