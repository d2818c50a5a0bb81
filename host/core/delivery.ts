// No counterpart: Prosody's modules look into full_sessions and bare_sessions themselves.

import { Audience } from "../util/audience.ts";
import type { CopyWatcher } from "../util/events.ts";
import { bare, host } from "../util/jid.ts";
import type { AddressableText } from "../util/stanza.ts";
import * as st from "../util/stanza.ts";
import { Copies, type Watched } from "./copies.ts";
import { type Division, Divisions } from "./divisions.ts";
import { TextRoutes } from "./text_routes.ts";
import type { C2sSession, Collected, Delivery, Resources, Server, Stanza } from "./types.ts";

const wanted: { readonly [Which in Exclude<Resources, "top">]: (session: C2sSession) => boolean } = {
	available: ({ presence }) => presence !== undefined,
	"non-negative": ({ presence, priority }) => presence !== undefined && (priority ?? 0) >= 0,
	interested: ({ interested }) => interested,
};

/** Whether nothing looks at what is sent to a session. */
type PlainFor = (session: C2sSession | undefined) => boolean;

/** How what goes to many gets to sessions: each is asked these questions first, and handlers in Lua are watched where there are some. */
interface Way {
	readonly questions: readonly PlainFor[];
	readonly watched: Watched | undefined;
}

const plain_way: Way = { questions: [], watched: undefined };

/** Whether a session may be handed finished text, and whether somebody without one may be left out. */
function is_plain_for(session: C2sSession | undefined, questions: readonly PlainFor[]): boolean {
	for (const leaves_alone of questions) if (!leaves_alone(session)) return false;
	return true;
}

function copy_for(to: string, stanza: Stanza): Stanza {
	const copy = st.clone(stanza);
	copy.attr["to"] = to;
	return copy;
}

/**
 * Delivers to the sessions of one server.
 * @param wants_debug whether each stanza is to be logged
 */
export function create_delivery(
	server: Pick<Server, "hosts" | "full_sessions" | "bare_sessions"> & { readonly cluster?: Server["cluster"] },
	wants_debug: () => boolean,
): Delivery {
	const { hosts, full_sessions, bare_sessions } = server;
	/**
	 * How stanzas of that name get to sessions of a host; undefined where something looks at each of them that is not known to do nothing
	 * with it.
	 */
	function way_on(host_name: string | undefined, name: string, from: string, stanza?: Stanza): Way | undefined {
		const session = host_name === undefined ? undefined : hosts.get(host_name);
		const delivery = session?.plain_delivery.get(name);
		if (session === undefined || delivery === undefined) return undefined;
		const event = `${name}/full`;
		if (session.events.has_only(event, delivery)) return plain_way;
		const handlers = session.events.unwrapped_handlers(event);
		if (handlers?.includes(delivery) !== true) return undefined;
		const questions: PlainFor[] = [];
		let watcher: CopyWatcher | undefined;
		let watched = 0;
		let is_delivered = false;
		for (const handler of handlers) {
			if (handler === delivery) {
				is_delivered = true;
				continue;
			}
			const bystander = session.bystanders.get(handler);
			if (bystander !== undefined) {
				const leaves_alone = bystander(from, stanza);
				if (leaves_alone === false) return undefined;
				if (leaves_alone !== true) questions.push(leaves_alone);
				continue;
			}
			watcher ??= handler.copies;
			if (watcher === undefined || handler.copies !== watcher) return undefined;
			// those behind it do not get what it has delivered
			if (!is_delivered) watched++;
		}
		return { questions, watched: watcher === undefined || watched === 0 ? undefined : { watcher, handlers: watched } };
	}

	/** Whether nothing looks at stanzas of that name on their way to sessions of a host. */
	function is_plain_on(host_name: string | undefined, name: string): boolean {
		const session = host_name === undefined ? undefined : hosts.get(host_name);
		const delivery = session?.plain_delivery.get(name);
		return session !== undefined && delivery !== undefined && session.events.has_only(`${name}/full`, delivery);
	}

	/**
	 * Makes a question about somebody without a session: whether a stanza for him would only be dropped, since his host drops presences of
	 * those who are gone (RFC 6121 §8.5.3.2.2), and nothing else looks at them. When a crowd leaves, that is most of its presences.
	 */
	function drops(stanza: Stanza): (full_jid: string) => boolean {
		const { type, from = "" } = stanza.attr;
		const is_availability = stanza.name === "presence" && (type === undefined || type === "unavailable");
		if (!is_availability || server.cluster !== undefined) return () => false;
		let last_host: string | undefined;
		let is_dropped = false;
		return (full_jid) => {
			const slash = full_jid.indexOf("/");
			const at = full_jid.lastIndexOf("@", slash);
			if (slash < 0 || at < 0) return false;
			if (last_host === undefined || slash - at - 1 !== last_host.length || !full_jid.startsWith(last_host, at + 1)) {
				last_host = full_jid.slice(at + 1, slash);
				const way = hosts.get(last_host)?.type === "local" ? way_on(last_host, stanza.name, from, stanza) : undefined;
				is_dropped = way !== undefined && way.watched === undefined && is_plain_for(undefined, way.questions);
			}
			return is_dropped;
		};
	}

	let count = 0;
	const send = (session: C2sSession, stanza: Stanza): boolean => {
		const is_sent = session.send(stanza);
		if (is_sent) count++;
		return is_sent;
	};

	/** Sends to recipients who are looked up one by one. */
	function broadcast_to_each(recipients: Iterable<string>, stanza: Stanza, otherwise: (full_jid: string) => void): void {
		let text: AddressableText | undefined;
		let last_host: string | undefined;
		let way: Way | undefined;
		let copies: Copies | undefined;
		let elsewhere: Collected | undefined;
		let routes: TextRoutes | undefined;
		let is_dropped: ReturnType<typeof drops> | undefined;
		const from = stanza.attr["from"] ?? "";
		const is_single = Array.isArray(recipients) && recipients.length === 1;
		for (const to of recipients) {
			const session = full_sessions.get(to);
			if (session === undefined && server.cluster !== undefined) {
				elsewhere ??= new Map();
				if (server.cluster.collect(to, elsewhere)) continue;
			}
			if (session === undefined) {
				is_dropped ??= drops(stanza);
				if (is_dropped(to)) continue;
				routes ??= new TextRoutes(server, stanza.name, from, stanza);
				const route = routes.to(to);
				if (route !== undefined) text ??= st.serialise_for_many(stanza);
				if (text !== undefined && route?.(text, to)) count++;
				else {
					copies?.forget();
					otherwise(to);
				}
				continue;
			}
			if (session.host !== last_host) {
				last_host = session.host;
				way = way_on(last_host, stanza.name, from, stanza);
			}
			const watched = is_single ? undefined : way?.watched;
			const may_be_shared = way !== undefined && is_plain_for(session, way.questions);
			if (watched !== undefined) {
				copies ??= new Copies();
				if (!may_be_shared || !copies.may_pass(watched, to)) {
					copies.deliver(watched, to, () => otherwise(to));
					continue;
				}
				if (session.has_filter("stanzas/out")) {
					copies.hand_over(watched, to, () => send(session, copy_for(to, stanza)) || otherwise(to));
					continue;
				}
			} else if (!may_be_shared || way?.watched !== undefined || session.has_filter("stanzas/out")) {
				copies?.forget();
				otherwise(to);
				continue;
			}
			text ??= st.serialise_for_many(stanza);
			session.send_shared(text);
			count++;
		}
		if (elsewhere !== undefined && elsewhere.size > 0) {
			server.cluster?.broadcast(elsewhere, stanza.name, from, text ?? st.serialise_for_many(stanza));
		}
	}

	const divisions = new Divisions(server);

	/**
	 * Hands a text to all sessions of an audience that are here.
	 * @param find_way as {@link way_on}
	 * @returns those for whom something has to see a stanza of its own; undefined where that is so for all, and nothing was done
	 */
	function share_out(
		{ here }: Division,
		make_text: () => AddressableText,
		find_way: (host_name: string | undefined) => Way | undefined,
	): string[] | undefined {
		const ways = here.map(({ host }) => find_way(host));
		if (ways.some((way) => way === undefined || way.watched !== undefined)) return undefined;
		const left: string[] = [];
		let sent = 0;
		for (const [index, { jids, sessions }] of here.entries()) {
			const { questions } = ways[index] ?? plain_way;
			const text = make_text();
			for (let at = 0; at < sessions.length; at++) {
				const [session, jid] = [sessions[at], jids[at]];
				if (session === undefined || jid === undefined) continue;
				if (session.has_filter("stanzas/out") || !is_plain_for(session, questions)) left.push(jid);
				else {
					session.send_shared(text);
					sent++;
				}
			}
		}
		count += sent;
		return left;
	}

	return {
		get count() {
			return count;
		},
		is_ours(jid) {
			if (hosts.get(host(jid) ?? "")?.type !== "local") return false;
			const { cluster } = server;
			return cluster === undefined || cluster.is_mine(bare(jid) ?? "");
		},
		session: (full_jid) => full_sessions.get(full_jid),
		account: (bare_jid) => bare_sessions.get(bare_jid),
		is_online: (jid) => full_sessions.has(jid) || bare_sessions.has(jid),
		send(full_jid, stanza) {
			const session = full_sessions.get(full_jid);
			return session !== undefined && send(session, stanza);
		},
		send_to_account(bare_jid, stanza, resources) {
			const user = bare_sessions.get(bare_jid);
			if (user === undefined) return 0;
			// A copy, since sending can end a session
			const sessions =
				resources === "top" ? [...(user.top_resources ?? [])] : [...user.sessions.values()].filter(wanted[resources]);
			return sessions.filter((session) => send(session, stanza)).length;
		},
		broadcast(recipients, stanza, otherwise) {
			if (!(recipients instanceof Audience)) {
				broadcast_to_each(recipients, stanza, otherwise);
				return;
			}
			const beyond = divisions.beyond(recipients);
			let text: AddressableText | undefined;
			const make_text = (): AddressableText => {
				text ??= st.serialise_for_many(stanza);
				return text;
			};
			const from = stanza.attr["from"] ?? "";
			const left = beyond && share_out(divisions.of(recipients), make_text, (name) => way_on(name, stanza.name, from, stanza));
			if (beyond === undefined || left === undefined) {
				broadcast_to_each(recipients.jids, stanza, otherwise);
				return;
			}
			if (beyond.elsewhere.size > 0) server.cluster?.broadcast(beyond.elsewhere, stanza.name, from, make_text());
			for (const jid of left) otherwise(jid);
			if (beyond.rest.length > 0) broadcast_to_each(beyond.rest, stanza, otherwise);
		},
		deliver_text(recipients, { name, from, text, stanza }, otherwise) {
			if (recipients instanceof Audience) {
				const division = divisions.of(recipients);
				const way_to = (host_name: string | undefined): Way | undefined =>
					is_plain_on(host_name, name) ? plain_way : way_on(host_name, name, from, stanza());
				const left = share_out(division, () => text, way_to);
				if (left !== undefined) {
					if (left.length + division.absent.length > 0) otherwise([...left, ...division.absent]);
					return;
				}
			}
			let last_host: string | undefined;
			let way: Way | undefined;
			const left: string[] = [];
			for (const to of recipients) {
				const session = full_sessions.get(to);
				if (session !== undefined && session.host !== last_host) {
					last_host = session.host;
					way = is_plain_on(session.host, name) ? plain_way : way_on(last_host, name, from, stanza());
				}
				const may_be_shared = session !== undefined && way !== undefined && is_plain_for(session, way.questions);
				if (!may_be_shared || way?.watched !== undefined || session.has_filter("stanzas/out")) left.push(to);
				else {
					session.send_shared(text);
					count++;
				}
			}
			if (left.length > 0) otherwise(left);
		},
		text_answers(origin, to) {
			const session = wants_debug() || to === undefined ? undefined : full_sessions.get(to);
			if (session === undefined || session !== origin || session.has_filter("stanzas/out")) return undefined;
			return (text) => session.send_shared(text);
		},
		text_sender(full_jid, name, from) {
			if (wants_debug()) return undefined;
			const session = full_sessions.get(full_jid);
			if (session === undefined) {
				const elsewhere = server.cluster?.text_sender(full_jid, name, from);
				if (elsewhere !== undefined) return elsewhere;
				const route = new TextRoutes(server, name, from).to(full_jid);
				if (route === undefined) return undefined;
				return (text) => {
					const is_sent = route(text, full_jid);
					if (is_sent) count++;
					return is_sent;
				};
			}
			if (session.has_filter("stanzas/out")) return undefined;
			const way = way_on(session.host, name, from);
			if (way === undefined || way.watched !== undefined || !is_plain_for(session, way.questions)) return undefined;
			return (text) => {
				session.send_shared(text);
				count++;
				return true;
			};
		},
	};
}
