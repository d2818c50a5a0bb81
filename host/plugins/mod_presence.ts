// Counterpart: plugins/mod_presence.lua

import type { C2sSession, ModuleApi, ModuleDefinition, Session, StanzaEvent, UserSessions } from "../core/types.ts";
import * as datetime from "../util/datetime.ts";
import type { Handler } from "../util/events.ts";
import * as jid from "../util/jid.ts";
import { ns } from "../util/ns.ts";
import * as st from "../util/stanza.ts";

/** The resources that messages to the account go to: the available ones of the highest priority, none below zero. */
function select_top_resources(user: UserSessions): C2sSession[] | undefined {
	let highest = 0;
	let top: C2sSession[] = [];
	for (const session of user.sessions.values()) {
		const priority = session.priority ?? 0;
		if (!session.presence || priority < highest) continue;
		if (priority > highest) top = [];
		highest = priority;
		top.push(session);
	}
	return top.length > 0 ? top : undefined;
}

/** The `<priority/>` of a presence, within the bounds of RFC 6121 §4.7.2.3; 0 where it is not a number. */
function priority_of(presence: st.Stanza): number {
	const text = presence.get_child_text("priority");
	return text !== undefined && /^[+-]?[0-9]+$/.test(text) ? Math.max(-128, Math.min(127, Number(text))) : 0;
}

/** Whether a presence says something about availability, rather than about a subscription. */
function is_availability(type: string | undefined): boolean {
	return type === undefined || type === "unavailable" || type === "error";
}

/** Presence and subscriptions of the accounts of one host. */
class PresenceHandling {
	constructor(private readonly module: ModuleApi) {}

	private get rosters() {
		return this.module.server.rostermanager;
	}

	private post(origin: Session, stanza: st.Stanza, preevents = false): void {
		this.module.server.router.post_stanza(origin, stanza, preevents);
	}

	/** A copy of a stanza with other addresses, since received stanzas must not be changed. */
	private readdressed(stanza: st.Stanza, to: string | undefined, from = stanza.attr["from"]): st.Stanza {
		const copy = st.clone(stanza);
		copy.attr["to"] = to;
		copy.attr["from"] = from;
		return copy;
	}

	private update_top_resources(user: UserSessions | undefined): void {
		if (user) user.top_resources = select_top_resources(user);
	}

	/** A client's own presence without `to` (RFC 6121 §4.2, §4.4, §4.5). */
	handle_own_presence(origin: C2sSession, stanza: st.Stanza, ignore_priority: boolean): void {
		const { username, host, full_jid } = origin;
		if (username === undefined || host === undefined || full_jid === undefined) return;
		const is_unavailable = stanza.attr["type"] === "unavailable";
		this.remember_presence(origin);
		if (ignore_priority) stanza.remove_children("priority");
		const roster = this.rosters.load_roster(username, host);
		this.module.server.delivery.send(full_jid, stanza);
		const user = this.module.server.delivery.account(`${username}@${host}`);
		const others = [...(user?.sessions.values() ?? [])].filter((session) => session !== origin && session.presence);
		for (const other of others) this.post(origin, this.readdressed(stanza, other.full_jid), true);
		for (const [contact, item] of roster.items) {
			if (item.subscription === "both" || item.subscription === "from") {
				this.post(origin, this.readdressed(stanza, contact), true);
			}
		}
		// Sending may have ended the session.
		if (origin.type !== "c2s" && !is_unavailable) return;
		if (!is_unavailable && !origin.presence) this.initial_presence(origin, stanza, others, priority_of(stanza));
		if (is_unavailable) {
			origin.presence = undefined;
			origin.priority = undefined;
			this.update_top_resources(user);
			for (const directed of origin.directed ?? []) this.post(origin, this.readdressed(stanza, directed), true);
			origin.directed = undefined;
			return;
		}
		const kept = this.readdressed(stanza, undefined);
		kept.reset().tag("delay", { xmlns: ns.delay, from: host, stamp: datetime.datetime() }).up();
		origin.presence = kept;
		origin.priority = priority_of(stanza);
		this.update_top_resources(user);
	}

	/** Where the turn fails, nobody has seen the presence. */
	private remember_presence(origin: C2sSession): void {
		const { presence, priority, directed } = origin;
		const { turn, delivery } = this.module.server;
		turn.remember({
			undo: () => {
				if (origin.type !== "c2s") return;
				origin.presence = presence;
				origin.priority = priority;
				origin.directed = directed;
				this.update_top_resources(delivery.account(`${origin.username}@${origin.host}`));
			},
		});
	}

	/** What follows on becoming available: probes, the others' presence, and requests that wait (RFC 6121 §4.2.2, §3.1). */
	private initial_presence(origin: C2sSession, stanza: st.Stanza, others: readonly C2sSession[], priority: number): void {
		const { username, host, full_jid } = origin;
		if (username === undefined || host === undefined) return;
		const own = `${username}@${host}`;
		const roster = this.rosters.load_roster(username, host);
		this.module.fire_event("presence/initial", { origin, stanza });
		origin.presence = stanza;
		for (const [contact, item] of roster.items) {
			if (item.subscription === "both" || item.subscription === "to") {
				this.post(origin, st.presence({ from: full_jid, to: contact, type: "probe" }), true);
			}
		}
		for (const other of others) {
			if (other.presence) this.post(other, this.readdressed(other.presence, full_jid), true);
		}
		for (const [contact, request] of roster.pending) {
			const subscribe = request === true ? st.presence() : st.clone(request);
			subscribe.attr["type"] = "subscribe";
			subscribe.attr["from"] = contact;
			origin.send(subscribe);
		}
		for (const [contact, item] of roster.items) {
			if (item.ask) this.post(origin, st.presence({ type: "subscribe", from: own, to: contact }), true);
		}
		if (priority >= 0) this.module.fire_event("message/offline/broadcast", { origin, stanza });
	}

	/** Sends the presences of an account's resources (or the given one instead) to somebody; returns how many there were. */
	show_available_resources(username: string, to: string, instead?: st.Stanza): number {
		let shown = 0;
		for (const session of this.module.host_session().sessions.get(username)?.sessions.values() ?? []) {
			if (!session.presence) continue;
			const presence = instead ? this.readdressed(instead, to, session.full_jid) : this.readdressed(session.presence, to);
			this.post(session, presence, true);
			shown++;
		}
		return shown;
	}

	/** Subscription changes and probes that a client of this host sends (RFC 6121 §3). */
	handle_outbound_subscription(
		origin: Session,
		stanza: st.Stanza,
		from = jid.bare(stanza.attr["from"]),
		to = jid.bare(stanza.attr["to"]),
	): true | undefined {
		const username = jid.node(from);
		if (from === undefined || to === undefined || username === undefined || from === to) return undefined;
		const { host } = this.module;
		const forwarded = this.readdressed(stanza, to, from);
		const push = (): void => this.rosters.roster_push(username, host, to);
		switch (stanza.attr["type"]) {
			case "probe":
				return undefined;
			case "subscribe":
				if (this.rosters.set_contact_pending_out(username, host, to)) push();
				this.post(origin, forwarded);
				return true;
			case "unsubscribe":
				if (this.rosters.unsubscribe(username, host, to)) push();
				this.post(origin, forwarded);
				return true;
			case "subscribed":
				if (this.rosters.subscribed(username, host, to)) push();
				if (this.rosters.is_contact_subscribed(username, host, to)) {
					this.post(origin, forwarded);
					this.show_available_resources(username, to);
				}
				if (this.rosters.is_user_subscribed(username, host, to)) {
					this.post(origin, st.presence({ type: "probe", from, to }));
				}
				return true;
			case "unsubscribed": {
				const { success, was_subscribed } = this.rosters.unsubscribed(username, host, to);
				if (!success) return true;
				if (was_subscribed) push();
				this.post(origin, forwarded);
				if (was_subscribed) this.show_available_resources(username, to, st.presence({ type: "unavailable" }));
				return true;
			}
			default:
				// PARITY: the error answers the presence as it was changed, between bare JIDs
				origin.send(st.error_reply(forwarded, "modify", "bad-request", "Invalid presence type"));
				return true;
		}
	}

	/** Subscription changes and probes that reach an account of this host. */
	handle_inbound_subscription(
		origin: Session,
		stanza: st.Stanza,
		from = jid.bare(stanza.attr["from"]),
		to = jid.bare(stanza.attr["to"]),
	): true {
		const username = jid.node(to);
		if (from === undefined || to === undefined || username === undefined) return true;
		const { host } = this.module;
		const server = this.module.host_session();
		const answer = (type: string, whom = from): void => this.post(server, st.presence({ from: to, to: whom, type }), true);
		const inward = this.readdressed(stanza, to, from);
		const tell_interested = (changed: boolean): void => {
			if (!changed) return;
			this.module.server.sessionmanager.send_to_interested_resources(username, host, inward);
			this.rosters.roster_push(username, host, from);
		};
		switch (stanza.attr["type"]) {
			case "probe": {
				const prober = stanza.attr["from"] ?? from;
				if (this.rosters.is_contact_subscribed(username, host, from)) {
					if (this.show_available_resources(username, prober) === 0) answer("unavailable", prober);
				} else answer("unsubscribed");
				return true;
			}
			case "subscribe":
				if (this.rosters.is_contact_subscribed(username, host, from)) {
					answer("subscribed");
					if (this.show_available_resources(username, from) === 0) answer("unavailable");
				} else if (this.rosters.is_contact_preapproved(username, host, from)) {
					if (
						!this.rosters.is_contact_pending_in(username, host, from) &&
						this.rosters.set_contact_pending_in(username, host, from, inward)
					) {
						answer("subscribed");
					}
				} else {
					answer("unavailable");
					if (
						!this.rosters.is_contact_pending_in(username, host, from) &&
						this.rosters.set_contact_pending_in(username, host, from, inward)
					) {
						this.module.server.sessionmanager.send_to_available_resources(username, host, inward);
					}
				}
				return true;
			case "unsubscribe":
				tell_interested(this.rosters.process_inbound_unsubscribe(username, host, from));
				return true;
			case "subscribed":
				tell_interested(this.rosters.process_inbound_subscription_approval(username, host, from));
				return true;
			case "unsubscribed":
				tell_interested(this.rosters.process_inbound_subscription_cancellation(username, host, from));
				return true;
			default:
				origin.send(st.error_reply(inward, "modify", "bad-request", "Invalid presence type"));
				return true;
		}
	}

	/** Remembers whom a client sent directed presence, so that they get its unavailable presence (RFC 6121 §4.6). */
	note_directed(origin: C2sSession, stanza: st.Stanza): void {
		const { to, type } = stanza.attr;
		const { username, host } = origin;
		const contact = jid.bare(to);
		if (to === undefined || contact === undefined || username === undefined || host === undefined) return;
		// Whoever has gone says so to each contact, and the roster would be read from storage for each
		if (type !== undefined && !origin.directed?.has(to)) return;
		if (this.rosters.is_contact_subscribed(username, host, contact)) return;
		origin.directed ??= new Set();
		if (type === undefined) origin.directed.add(to);
		else origin.directed.delete(to);
	}

	/** A session is here again with its presence; everybody knows of it. */
	come_back({ username, host }: C2sSession): void {
		this.update_top_resources(this.module.server.delivery.account(`${username}@${host}`));
	}

	/** A session ends: tells everybody who sees it as available. */
	handle_unbind(session: C2sSession, error: string | undefined): void {
		const gone = st.presence({ type: "unavailable", from: session.full_jid });
		if (error !== undefined) gone.text_tag("status", `Disconnected: ${error}`);
		if (session.presence) {
			// As if the client had said it, so that other modules hear of it
			this.post(session, gone, true);
			return;
		}
		for (const directed of session.directed ?? []) this.post(session, this.readdressed(gone, directed), true);
		session.directed = undefined;
	}
}

/** What other modules may do with presences. */
export interface PresenceExports {
	/** A client's own presence without `to`. */
	handle_normal_presence(origin: C2sSession, stanza: st.Stanza): void;
	/** Shows the presence of an account's resources, or instead of it the given one, to somebody; answers how many there were. */
	send_presence_of_available_resources(username: string, host: string, to: string, origin?: Session, instead?: st.Stanza): number;
	/** Changes of subscriptions and probes that a client of this host sends, between these bare JIDs or else the stanza's. */
	handle_outbound_presence_subscriptions_and_probes(
		origin: Session,
		stanza: st.Stanza,
		from?: string,
		to?: string,
	): true | undefined;
	/** The same where they reach an account of this host. */
	handle_inbound_presence_subscriptions_and_probes(origin: Session, stanza: st.Stanza, from?: string, to?: string): true;
}

declare module "../core/types.ts" {
	interface ModuleExports {
		presence: PresenceExports;
	}
}

/** Presence of clients, and subscriptions between accounts. */
export const definition: ModuleDefinition = {
	name: "presence",
	load(module): PresenceExports {
		const handling = new PresenceHandling(module);
		const ignore_priority = module.get_option_boolean("ignore_presence_priority", false);

		// Contacts may be approved before they ask (RFC 6121 §3.4)
		module.hook("stream-features", ({ origin, features }) => {
			if (origin.username !== undefined) features.add_child(st.stanza("sub", { xmlns: "urn:xmpp:features:pre-approval" }));
		});

		const outbound: Handler<StanzaEvent> = ({ origin, stanza }) => {
			if (stanza.attr["to"] === undefined) return undefined;
			if (!is_availability(stanza.attr["type"])) return handling.handle_outbound_subscription(origin, stanza);
			if (origin.type === "c2s") handling.note_directed(origin, stanza);
			return undefined;
		};
		module.hook("pre-presence/full", outbound);
		module.hook("pre-presence/bare", outbound);
		module.hook("pre-presence/host", outbound);

		module.hook("presence/bare", ({ origin, stanza }) => {
			const { to, type } = stanza.attr;
			if (to === undefined) {
				if (origin.type === "c2s" && (type === undefined || type === "unavailable")) {
					handling.handle_own_presence(origin, stanza, ignore_priority);
				} else if (type !== "error") {
					origin.send(st.error_reply(stanza, "modify", "bad-request", "Invalid presence type"));
				}
				return true;
			}
			if (!is_availability(type)) return handling.handle_inbound_subscription(origin, stanza);
			module.server.delivery.send_to_account(to, stanza, "available");
			return true;
		});

		const deliver: Handler<StanzaEvent> = ({ origin, stanza }) => {
			if (!is_availability(stanza.attr["type"])) return handling.handle_inbound_subscription(origin, stanza);
			module.server.delivery.send(stanza.attr["to"] ?? "", stanza);
			return true;
		};
		module.hook("presence/full", deliver);
		module.host_session().plain_delivery.set("presence", deliver);

		module.hook("presence/host", ({ stanza }) => {
			const to = jid.bare(stanza.attr["from"]);
			const { type, id } = stanza.attr;
			const answer = (kind?: string): void => module.send(st.presence({ from: module.host, to, id, type: kind }));
			if (type === "subscribe") answer("subscribed");
			if (type === "subscribe" || type === "probe") answer();
			return true;
		});

		module.hook("resource-unbind", ({ session, error }) => handling.handle_unbind(session, error));
		module.hook("session-restored", ({ session }) => handling.come_back(session));

		module.hook(
			"roster-item-removed",
			({ username, origin, jid: contact, item, roster }) => {
				const from = (origin.type === "c2s" ? origin.full_jid : undefined) ?? `${username}@${module.host}`;
				const { subscription = "none", ask } = item ?? {};
				if (subscription === "both" || subscription === "from" || roster.pending.has(contact)) {
					module.send(st.presence({ type: "unsubscribed", from, to: contact }), origin);
				}
				// Those who could see that the user is online (RFC 6121 §3.2.2). Divergence: Prosody tells those whom the user
				// could see instead
				if (subscription === "both" || subscription === "from") {
					handling.show_available_resources(username, contact, st.presence({ type: "unavailable" }));
				}
				if (subscription === "both" || subscription === "to" || ask) {
					module.send(st.presence({ type: "unsubscribe", from, to: contact }), origin);
				}
			},
			-1,
		);

		return {
			handle_normal_presence: (origin, stanza) => handling.handle_own_presence(origin, stanza, ignore_priority),
			send_presence_of_available_resources: (username, _host, to, _origin, instead) =>
				handling.show_available_resources(username, to, instead),
			handle_outbound_presence_subscriptions_and_probes: (origin, stanza, from, to) =>
				handling.handle_outbound_subscription(origin, stanza, from, to),
			handle_inbound_presence_subscriptions_and_probes: (origin, stanza, from, to) =>
				handling.handle_inbound_subscription(origin, stanza, from, to),
		};
	},
};
