// Counterpart: core/stanza_router.lua

import * as jid from "../util/jid.ts";
import { Slices } from "../util/slices.ts";
import type { Stanza } from "../util/stanza.ts";
import * as st from "../util/stanza.ts";
import { Waiting } from "../util/waiting.ts";
import { create_answers, is_answer } from "./stanza_answers.ts";
import { create_checks } from "./stanza_checks.ts";
import { create_stanza_slices } from "./stanza_slices.ts";
import type { StoredNeeds } from "./stored_ahead.ts";
import type { HostSession, Log, Server, Session, StanzaEvent, StanzaRouter, Waited } from "./types.ts";

/** Narrows the type of a stanza's name; other elements never come here. */
function stanza_name(name: string): "message" | "presence" | "iq" {
	return name === "message" || name === "presence" ? name : "iq";
}

/** The names of events, which would cost as much as a handler if each stanza had them put together. */
const event_names = {
	message: names_of("message"),
	presence: names_of("presence"),
	iq: names_of("iq"),
} as const;

function names_of<Name extends "message" | "presence" | "iq">(name: Name) {
	return {
		self: `${name}/self`,
		full: `${name}/full`,
		bare: `${name}/bare`,
		host: `${name}/host`,
		before: { full: `pre-${name}/full`, bare: `pre-${name}/bare`, host: `pre-${name}/host` },
	} as const;
}

/** What of a server its router needs. */
export type RouterNeeds = Pick<Server, "cluster" | "delivery" | "hosts" | "logger" | "turn"> & StoredNeeds;

/**
 * Moves the stanzas of one server: fires the events of local hosts, and passes on what is for others.
 * @param wants_debug whether received stanzas are logged
 */
export function create_router(server: RouterNeeds, wants_debug: () => boolean): StanzaRouter {
	const log: Log = server.logger("stanzarouter");
	const slices = new Slices(server.turn);
	const answers = create_answers(log, wants_debug);

	function post_stanza(origin: Session, stanza: Stanza, preevents = false, event: StanzaEvent = { origin, stanza }): Waited {
		const to = stanza.attr["to"];
		const slash = to === undefined ? -1 : to.indexOf("/");
		const to_bare = to === undefined || slash < 0 ? to : to.slice(0, slash);
		const at = to_bare === undefined ? -1 : to_bare.indexOf("@");
		const host = to_bare === undefined || at < 0 ? to_bare : to_bare.slice(at + 1);
		// An address of a domain with a resource belongs to the domain, too.
		let kind: "full" | "bare" | "host" = at < 0 ? "host" : slash < 0 ? "bare" : "full";
		if (to === undefined) {
			kind = "bare";
			event.to_self = true;
		} else if (kind === "bare" && origin.type === "c2s" && to_bare === `${origin.username}@${origin.host}`) {
			stanza.attr["to"] = undefined;
			event.to_self = true;
		}
		const names = event_names[stanza_name(stanza.name)];
		if (preevents) {
			const own = server.hosts.get(origin.host ?? "");
			if (own) {
				if (own.events.fire_event("pre-stanza", event) !== undefined) {
					log("debug", "Stanza rejected by pre-stanza handler: %s", event.reason ?? "unknown reason");
					return undefined;
				}
				const answer = own.events.fire_waiting(names.before[kind], event);
				if (answer instanceof Waiting)
					return answer.go_on((late) => (late ? undefined : post_stanza(origin, stanza, false, event)));
				if (answer) return undefined;
			}
		}
		// No host has an @ in its name
		const target = server.hosts.get(host ?? origin.host ?? "");
		if (target === undefined) {
			route_stanza(origin, stanza);
			return undefined;
		}
		if (server.cluster !== undefined && to_bare !== undefined && !(event.to_self || event.is_here)) {
			return server.cluster.pass(target, to_bare, event, (own) => post_stanza(own.origin, own.stanza, false, own));
		}
		const answer = target.events.fire_waiting(names[kind], event);
		if (answer instanceof Waiting) return answer.go_on((late) => (late ? undefined : try_self(target, event, names.self)));
		return answer ? undefined : try_self(target, event, names.self);
	}

	/** Where no handler takes it, it goes to the account itself, or gets an error. */
	function try_self(target: HostSession, event: StanzaEvent, name: "message/self" | "presence/self" | "iq/self"): Waited {
		const { origin, stanza } = event;
		const answer = event.to_self ? target.events.fire_waiting(name, event) : undefined;
		if (answer instanceof Waiting) return answer.go_on((late) => (late ? undefined : answers.unhandled(origin, stanza)));
		if (!answer) answers.unhandled(origin, stanza);
		return undefined;
	}

	function route_stanza(given_origin: Session | undefined, stanza: Stanza): void {
		const to_host = jid.host(stanza.attr["to"] ?? "") ?? "";
		const from_host = jid.host(stanza.attr["from"] ?? "") ?? "";
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

	return {
		process_stanza: create_checks(server, log, answers, post_stanza, wants_debug),
		post_stanza,
		route_stanza,
		in_slices: create_stanza_slices(slices, server.turn, answers),
		slices,
	};
}
