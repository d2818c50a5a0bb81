// No counterpart: Prosody's modules look into full_sessions and bare_sessions themselves.

import { host } from "../util/jid.ts";
import type { AddressableText } from "../util/stanza.ts";
import * as st from "../util/stanza.ts";
import type { C2sSession, Delivery, Resources, Server, Stanza } from "./types.ts";

const wanted: { readonly [Which in Exclude<Resources, "top">]: (session: C2sSession) => boolean } = {
	available: ({ presence }) => presence !== undefined,
	"non-negative": ({ presence, priority }) => presence !== undefined && (priority ?? 0) >= 0,
	interested: ({ interested }) => interested,
};

/** Whether nothing looks at what is sent to a session. */
type PlainFor = (session: C2sSession) => boolean;

/** Whether a session may be handed finished text, where there are those questions; undefined for no session. */
function is_plain_for(session: C2sSession, questions: readonly PlainFor[] | undefined): boolean {
	if (questions === undefined) return false;
	for (const leaves_alone of questions) if (!leaves_alone(session)) return false;
	return true;
}

/**
 * Delivers to the sessions of one server.
 * @param wants_debug whether each stanza is to be logged
 */
export function create_delivery(
	{ hosts, full_sessions, bare_sessions }: Pick<Server, "hosts" | "full_sessions" | "bare_sessions">,
	wants_debug: () => boolean,
): Delivery {
	/**
	 * What sessions of a host have to be asked, each by one function, before they are handed finished text, since nothing else looks
	 * at stanzas on their way; undefined where something does.
	 */
	function plain_delivery(host_name: string | undefined, name: string, from: string, stanza?: st.Stanza): PlainFor[] | undefined {
		const session = host_name === undefined ? undefined : hosts.get(host_name);
		const delivery = session?.plain_delivery.get(name);
		if (session === undefined || delivery === undefined) return undefined;
		const event = `${name}/full`;
		if (session.events.has_only(event, delivery)) return [];
		const { bystanders } = session;
		if (bystanders.size === 0 || !session.events.has_only_among(event, new Set([delivery, ...bystanders.keys()])))
			return undefined;
		const questions: PlainFor[] = [];
		for (const handler of session.events.get_handlers(event)) {
			const leaves_alone = bystanders.get(handler)?.(from, stanza) ?? true;
			if (leaves_alone === false) return undefined;
			if (leaves_alone !== true) questions.push(leaves_alone);
		}
		return questions;
	}

	let count = 0;
	const send = (session: C2sSession, stanza: Stanza): boolean => {
		const is_sent = session.send(stanza);
		if (is_sent) count++;
		return is_sent;
	};

	return {
		get count() {
			return count;
		},
		is_ours: (jid) => hosts.get(host(jid) ?? "")?.type === "local",
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
			let text: AddressableText | undefined;
			let last_host: string | undefined;
			let questions: PlainFor[] | undefined;
			const from = stanza.attr["from"] ?? "";
			for (const to of recipients) {
				const session = full_sessions.get(to);
				if (session !== undefined && session.host !== last_host) {
					last_host = session.host;
					questions = plain_delivery(last_host, stanza.name, from, stanza);
				}
				if (session !== undefined && !session.has_filter("stanzas/out") && is_plain_for(session, questions)) {
					text ??= st.serialise_for_many(stanza);
					session.send_shared(text);
					count++;
				} else otherwise(to);
			}
		},
		text_sender(full_jid, name, from) {
			const session = wants_debug() ? undefined : full_sessions.get(full_jid);
			if (session === undefined || session.has_filter("stanzas/out")) return undefined;
			if (!is_plain_for(session, plain_delivery(session.host, name, from))) return undefined;
			return (text) => {
				session.send_shared(text);
				count++;
			};
		},
	};
}
