// Counterpart: core/stanza_router.lua

import * as jid from "../util/jid.ts";
import { Slices } from "../util/slices.ts";
import type { Stanza } from "../util/stanza.ts";
import * as st from "../util/stanza.ts";
import { resourceprep } from "../util/stringprep.ts";
import type { C2sSession, HostSession, Log, Server, Session, StanzaEvent, StanzaRouter } from "./types.ts";

const stanza_names = new Set(["message", "presence", "iq"]);
const iq_types = new Set(["get", "set", "result", "error"]);

/** Whether a stanza must not be answered with an error: errors, and results of IQs (RFC 6120 §8.3.1). */
function is_answer(stanza: Stanza): boolean {
	return stanza.attrs["type"] === "error" || (stanza.name === "iq" && stanza.attrs["type"] === "result");
}

function close_stream(origin: Session, condition: string): void {
	if ("close" in origin) origin.close({ condition });
}

/**
 * Moves the stanzas of one server: checks and stamps what streams deliver, fires the events of local hosts, and hands on what is
 * for others.
 * @param wants_debug whether received stanzas are logged
 */
export function create_router(server: Server, wants_debug: () => boolean): StanzaRouter {
	const log: Log = server.logger("stanzarouter");
	const slices = new Slices(server.turn);

	function unhandled(origin: Session, stanza: Stanza): void {
		const { name } = stanza;
		if (stanza.attrs["xmlns"] === undefined && stanza_names.has(name)) {
			if (is_answer(stanza)) {
				if (wants_debug()) log("debug", "Discarding %s from %s: %s", name, origin.type, stanza.top_tag());
				return;
			}
			origin.send(st.error_reply(stanza, "cancel", "service-unavailable"));
			return;
		}
		log("warn", "Unhandled %s stream element: %s", origin.type, stanza.top_tag());
		close_stream(origin, "unsupported-stanza-type");
	}

	/** Answers with why an IQ is malformed, undefined for a good one. Source: RFC 6120 §8.2.3. */
	function iq_problem(stanza: Stanza): string | undefined {
		const type = stanza.attrs["type"];
		if (type === undefined || !iq_types.has(type)) return "Invalid IQ type";
		if (stanza.attrs["id"] === undefined) return "Missing required 'id' attribute";
		if ((type === "get" || type === "set") && stanza.tags.length !== 1) return "Incorrect number of children for IQ stanza";
		return undefined;
	}

	function is_known_address(address: string): boolean {
		return server.full_sessions.has(address) || server.bare_sessions.has(address) || server.hosts.has(address);
	}

	/** The address in its prepared form; undefined for one that is no JID. */
	function prepare(address: string): string | undefined {
		if (is_known_address(address)) return address;
		const parts = jid.prepped_split(address);
		return parts === undefined ? undefined : jid.join(parts.node, parts.host, parts.resource);
	}

	function process_checked(origin: Session, stanza: Stanza): void {
		const { attrs } = stanza;
		const is_client = origin.type === "c2s";
		if (is_client && attrs["xmlns"] === undefined) {
			if (attrs["type"] === "error" && stanza.first_tag === undefined) {
				unhandled(origin, stanza);
				return;
			}
			const problem = stanza.name === "iq" ? iq_problem(stanza) : undefined;
			if (problem !== undefined) {
				// An answer to something of type error would itself be against the rules.
				if (attrs["type"] !== "error") origin.send(st.error_reply(stanza, "modify", "bad-request", problem));
				return;
			}
			// Whatever a client claims, this is who it is.
			attrs["from"] = origin.full_jid;
		}
		for (const [which, text] of addresses) {
			const address = attrs[which];
			if (address === undefined || (which === "from" && is_client)) continue;
			const prepared = prepare(address);
			if (prepared === undefined) {
				log("warn", "Received stanza with invalid %s: %s", text, address);
				const type = attrs["type"];
				if (type !== "error" && type !== "result") {
					const refusal = st.error_reply(stanza, "modify", "jid-malformed", `The ${text} address is invalid: ${address}`);
					if (which === "to") refusal.attrs["from"] = without_empty_resource(address);
					origin.send(refusal);
				}
				return;
			}
			attrs[which] = prepared;
		}

		if ((is_client || origin.type === "component") && attrs["xmlns"] === undefined) {
			post_stanza(origin, stanza, is_client);
			return;
		}
		const host = server.hosts.get(attrs["to"] ?? origin.host ?? "");
		if (host?.events.fire_event(element_event(stanza), { origin, stanza })) return;
		unhandled(origin, stanza);
	}

	function process_stanza(origin: Session, stanza: Stanza): void {
		if (wants_debug()) origin.log("debug", "Received[%s]: %s", origin.type, stanza.top_tag());
		server.turn.record({ origin, stanza } satisfies StanzaEvent);
		try {
			process_checked(origin, stanza);
		} catch (error) {
			answer_mistake(origin, stanza, error);
		}
	}

	/** Something went wrong with a stanza that is nobody's fault but ours; its sender hears of it, and all others go on. */
	function answer_mistake(origin: Session, stanza: Stanza, error: unknown): void {
		log("error", "Error while handling %s: %s", stanza.top_tag(), error instanceof Error ? error.stack : error);
		if (stanza_names.has(stanza.name) && !is_answer(stanza)) {
			origin.send(st.error_reply(stanza, "cancel", "internal-server-error"));
		}
	}

	function in_slices(event: StanzaEvent, work: () => void): void {
		const { origin, stanza } = event;
		const { type } = origin;
		let has_waited = false;
		slices.run({
			work() {
				// The turn that it came in is over
				if (has_waited) server.turn.record(event);
				work();
			},
			// Who is gone meanwhile must not come in any more
			is_wanted: () => origin.type === type,
			hold() {
				const release = "hold" in origin ? origin.hold?.() : undefined;
				has_waited = release !== undefined;
				return release;
			},
			failed: (error) => answer_mistake(origin, stanza, error),
		});
	}

	function post_stanza(origin: Session, stanza: Stanza, preevents = false): void {
		const to = stanza.attrs["to"];
		const slash = to === undefined ? -1 : to.indexOf("/");
		const to_bare = to === undefined || slash < 0 ? to : to.slice(0, slash);
		const at = to_bare === undefined ? -1 : to_bare.indexOf("@");
		const host = to_bare === undefined || at < 0 ? to_bare : to_bare.slice(at + 1);
		const event: StanzaEvent = { origin, stanza };
		// A domain with a resource is still the domain's business.
		let kind: "full" | "bare" | "host" = at < 0 ? "host" : slash < 0 ? "bare" : "full";
		if (to === undefined) {
			kind = "bare";
			event.to_self = true;
		} else if (kind === "bare" && origin.type === "c2s" && to_bare === `${origin.username}@${origin.host}`) {
			stanza.attrs["to"] = undefined;
			event.to_self = true;
		}
		const name = stanza_name(stanza.name);
		if (preevents) {
			const own = server.hosts.get(origin.host ?? "");
			if (own) {
				if (own.events.fire_event("pre-stanza", event) !== undefined) {
					log("debug", "Stanza rejected by pre-stanza handler: %s", event.reason ?? "unknown reason");
					return;
				}
				if (own.events.fire_event(`pre-${name}/${kind}`, event)) return;
			}
		}
		const target = server.hosts.get(to_bare ?? "") ?? server.hosts.get(host ?? origin.host ?? "");
		if (target === undefined) {
			route_stanza(origin, stanza);
			return;
		}
		if (target.events.fire_event(`${name}/${kind}`, event)) return;
		if (event.to_self && target.events.fire_event(`${name}/self`, event)) return;
		unhandled(origin, stanza);
	}

	function route_stanza(given_origin: Session | undefined, stanza: Stanza): void {
		const to_host = jid.host(stanza.attrs["to"] ?? "") ?? "";
		const from_host = jid.host(stanza.attrs["from"] ?? "") ?? "";
		const origin = given_origin ?? server.hosts.get(from_host);
		if (origin === undefined) return;
		if (server.hosts.has(to_host)) {
			post_stanza(origin, stanza);
			return;
		}
		const own = server.hosts.get(from_host);
		if (own === undefined) {
			log("error", "Nothing to send from: no host %s for %s", from_host, stanza.top_tag());
			return;
		}
		if (own.events.fire_event("route/remote", { origin, stanza, from_host, to_host })) return;
		if (is_answer(stanza)) return;
		route_stanza(own, st.error_reply(stanza, "cancel", "not-allowed", "Communication with remote domains is not enabled"));
	}

	/** Whether stanzas of that name get to the sessions of a host as they are. */
	function delivers_plainly(host: HostSession | undefined, name: string): boolean {
		const delivery = host?.plain_delivery.get(name);
		return host !== undefined && delivery !== undefined && host.events.has_only(`${name}/full`, delivery);
	}

	function plain_session(full_jid: string, name: string): C2sSession | undefined {
		// Who asks for debug messages wants to read of each stanza
		const session = wants_debug() ? undefined : server.full_sessions.get(full_jid);
		if (session === undefined || session.has_filter("stanzas/out")) return undefined;
		return delivers_plainly(server.hosts.get(session.host ?? ""), name) ? session : undefined;
	}

	function broadcast(origin: HostSession, recipients: Iterable<string>, stanza: Stanza): void {
		let text: st.AddressableText | undefined;
		let last_host: string | undefined;
		let last_is_plain = false;
		for (const to of recipients) {
			const session = server.full_sessions.get(to);
			if (session !== undefined && session.host !== last_host) {
				last_host = session.host;
				last_is_plain = delivers_plainly(server.hosts.get(last_host ?? ""), stanza.name);
			}
			if (session !== undefined && last_is_plain && !session.has_filter("stanzas/out")) {
				text ??= st.serialise_for_many(stanza);
				session.send_shared(text);
				continue;
			}
			const copy = st.clone(stanza);
			copy.attrs["to"] = to;
			post_stanza(origin, copy);
		}
	}

	return {
		process_stanza,
		post_stanza,
		route_stanza,
		plain_session,
		broadcast,
		in_slices,
		slices,
	};
}

/** The bare JID of an address with a resource of which preparation leaves nothing, so that an answer can come from it. */
function without_empty_resource(address: string): string {
	const resource = jid.resource(address);
	const is_empty = resource !== undefined && resourceprep(resource) === "";
	return (is_empty ? jid.prep(jid.bare(address)) : undefined) ?? address;
}

const addresses = [
	["to", "destination"],
	["from", "source"],
] as const;

/** Narrows a stanza's name for the event table; anything else was sorted out before. */
function stanza_name(name: string): "message" | "presence" | "iq" {
	return name === "message" || name === "presence" ? name : "iq";
}

/** The event of a stream element that is no stanza of the stream's namespace, or of a stanza before authentication. */
function element_event(stanza: Stanza): `stanza/${string}` {
	const xmlns = stanza.attrs["xmlns"];
	if (xmlns !== undefined) return `stanza/${xmlns}:${stanza.name}`;
	const payload = stanza.first_tag;
	const type = stanza.attrs["type"];
	if (stanza.name === "iq" && (type === "set" || type === "get") && payload?.attrs["xmlns"] !== undefined) {
		return `stanza/iq/${payload.attrs["xmlns"]}:${payload.name}`;
	}
	return `stanza/${stanza.name}`;
}
