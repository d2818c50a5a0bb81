// Counterpart: plugins/mod_bosh.lua

import type { C2sSession, HttpAnswer, HttpEvent, HttpRequest, ModuleApi, ModuleDefinition } from "../core/types.ts";
import { nameprep } from "../util/encodings.ts";
import { ns } from "../util/ns.ts";
import type { Attributes } from "../util/stanza.ts";
import * as uuid from "../util/uuid.ts";
import { read_body } from "./bosh/body.ts";
import { BoshConnection, bosh_hold, bosh_max_requests, terminate_text } from "./bosh/connection.ts";
import { BoshFraming } from "./bosh/framing.ts";

declare module "../core/types.ts" {
	interface EventMap {
		/** A client's stream goes over BOSH. Source: mod_bosh. */
		"bosh-session": { session: C2sSession; request: HttpRequest };
	}
}

interface BoshSession {
	readonly conn: BoshConnection;
	readonly framing: BoshFraming;
}

/** How much of a body is looked at for its session. */
const head_bytes = 2048;
const head_form = /^\s*(?:<\?xml[^>]*\?>\s*)?<body((?:\s+[\w:.-]+\s*=\s*(?:'[^']*'|"[^"]*"))*)/;

/** The process that has the session of a request, which the session's name ends with; undefined for any. */
function process_of({ body }: HttpRequest): string | undefined {
	if (body === false) return undefined;
	const [, attributes = ""] = head_form.exec(body.toString("latin1", 0, head_bytes)) ?? [];
	const [, sid] = /\ssid\s*=\s*["']([^"']*)/.exec(attributes) ?? [];
	return /^[0-9a-f-]+\.([\w-]+)$/.exec(sid ?? "")?.[1];
}

/** A whole number from 0 on; undefined for anything else. */
function whole_number(text: string | undefined): number | undefined {
	return text !== undefined && /^\d{1,16}$/.test(text) && Number.isSafeInteger(Number(text)) ? Number(text) : undefined;
}

/** Clients' streams over BOSH (XEP-0124, XEP-0206). */
export const definition: ModuleDefinition = {
	name: "bosh",
	global: true,
	load(module) {
		const c2s = module.depends("c2s");
		const stanza_size_limit = module.get_option_integer("c2s_stanza_size_limit", 1024 * 256, 10000);
		const max_inactivity = module.get_option_period("bosh_max_inactivity", 60);
		const max_polling = module.get_option_period("bosh_max_polling", 5);
		const max_wait = module.get_option_period("bosh_max_wait", 120);
		const consider_bosh_secure = module.get_option_boolean("consider_bosh_secure", false);
		if (module.get_option("cross_domain_bosh") !== undefined) {
			module.log("info", "The 'cross_domain_bosh' option has been deprecated");
		}
		const { cluster, hosts, turn } = module.server;
		cluster?.carry_framing("BOSH", (host) => new BoshFraming(host, undefined));
		const sessions = new Map<string, BoshSession>();

		const measure_active = module.measure("active_sessions", "amount");
		const measure_inactive = module.measure("inactive_sessions", "amount");
		const report_bad_host = module.measure("bad_host", "rate");
		const report_bad_sid = module.measure("bad_sid", "rate");
		const report_new_sid = module.measure("new_sid", "rate");
		const report_timeout = module.measure("timeout", "rate");
		module.hook("stats-update", () => {
			const active = [...sessions.values()].filter(({ conn }) => conn.is_active).length;
			measure_active(active);
			measure_inactive(sessions.size - active);
		});

		/** Makes a session; a text where it refuses to. */
		function create(attr: Attributes, request: HttpRequest): BoshSession | string {
			const to = attr["to"];
			const host = to === undefined ? undefined : nameprep(to);
			const there = host === undefined ? undefined : hosts.get(host);
			if (host === undefined || there?.type !== "local" || !there.modules.has("c2s")) {
				module.log("debug", "BOSH client tried to connect to a host that is not here: %s", to ?? "(none)");
				report_bad_host();
				return terminate_text("improper-addressing");
			}
			const rid = whole_number(attr["rid"]);
			const asked_wait = whole_number(attr["wait"]);
			if (rid === undefined || asked_wait === undefined) {
				module.log("debug", "BOSH client sent invalid rid or wait attributes: rid=%s, wait=%s", attr["rid"], attr["wait"]);
				return terminate_text("bad-request");
			}
			const sid = cluster?.neighbours === undefined ? uuid.generate() : `${uuid.generate()}.${cluster.node}`;
			const wait = Math.min(asked_wait, max_wait);
			const framing = new BoshFraming(host, attr["xml:lang"]);
			const conn = new BoshConnection({
				sid,
				rid,
				wait,
				max_inactivity,
				framing,
				turn,
				ip: request.ip,
				secure: consider_bosh_secure || request.secure,
				log: module.log,
				add_timer: (delay, callback) => module.add_timer(delay, callback),
				forget: () => sessions.delete(sid),
				timed_out: () => report_timeout(),
				creation: {
					requests: String(bosh_max_requests),
					hold: String(bosh_hold),
					inactivity: String(max_inactivity),
					polling: String(max_polling),
					wait: String(wait),
					authid: sid,
					secure: "true",
					ver: "1.6",
					from: host,
					"xmlns:xmpp": "urn:xmpp:xbosh",
					"xmpp:version": "1.0",
				},
			});
			const made = { conn, framing };
			sessions.set(sid, made);
			report_new_sid();
			const session = c2s.accept(conn, framing);
			module.fire_event("bosh-session", { session, request });
			return made;
		}

		/** The session that a request belongs to; a text where it is refused. */
		function find(attr: Attributes, request: HttpRequest): BoshSession | string {
			const sid = attr["sid"];
			if (sid === undefined) return create(attr, request);
			const found = sessions.get(sid);
			if (found !== undefined) return found;
			module.log("info", "Client tried to use sid '%s' which we don't know about", sid);
			report_bad_sid();
			return terminate_text("item-not-found");
		}

		const limit_for = (attr: Attributes): number =>
			sessions.get(attr["sid"] ?? "")?.framing.stanza_size_limit ?? stanza_size_limit;

		function handle_post({ request, response }: HttpEvent): HttpAnswer {
			const data = request.body;
			if (data === false) return 400;
			response.headers["content_type"] = "text/xml; charset=utf-8";
			const body = read_body(data, { default_ns: ns.client }, limit_for);
			if (body.attr === undefined) return terminate_text("bad-request");
			const rid = whole_number(body.attr["rid"]);
			const session = find(body.attr, request);
			if (typeof session === "string") return session;
			if (rid === undefined) return terminate_text("bad-request");
			session.conn.take(body, data, { response, rid });
			return true;
		}

		function handle_get({ request, response }: HttpEvent): HttpAnswer {
			const is_secure = consider_bosh_secure || request.secure;
			const page = module.fire_event("http-message", {
				response,
				title: "BOSH endpoint",
				message: "It works! Now point your BOSH client to this URL to connect.",
				...(is_secure ? {} : { warning: "This endpoint is not considered secure!" }),
			});
			return typeof page === "string" ? page : "This is the BOSH endpoint.";
		}

		function serve(host_module: ModuleApi): void {
			host_module.depends("http");
			host_module.provides("http", {
				name: "bosh",
				default_path: "/http-bind",
				place: process_of,
				cors: { enabled: true },
				route: { GET: handle_get, "GET /": handle_get, POST: handle_post, "POST /": handle_post },
			});
		}
		module.add_host = (host_module) => {
			serve(host_module);
			host_module.depends("http_altconnect");
		};
		if (module.server.modulemanager.configured_for("*").includes(module.name)) serve(module);
	},
};
