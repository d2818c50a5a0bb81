// Counterpart: plugins/mod_blocklist.lua (drop_stanza, bounce_stanza, drop_outgoing, bounce_outgoing)

import type { ModuleApi, Session, StanzaEvent } from "../../core/types.ts";
import type { Handler } from "../../util/events.ts";
import * as jid from "../../util/jid.ts";
import { ns } from "../../util/ns.ts";
import type { Stanza } from "../../util/stanza.ts";
import * as st from "../../util/stanza.ts";
import { type Blocklists, is_on } from "./lists.ts";

/** What becomes of a stanza: nothing stops it, it is from or to somebody who is blocked, or nobody knows. */
type Verdict = "passes" | "blocked" | "unknown";

const priority = 100;

/** Who invites to a room by way of the room. */
function inviter_of(stanza: Stanza): string | undefined {
	if (stanza.name !== "message") return undefined;
	const from = stanza.get_child("x", ns.muc_user)?.get_child("invite")?.attr["from"];
	return from === undefined ? undefined : jid.prep(from);
}

/** Keeps stanzas from and to those who are blocked. Option: bounce_blocked_messages. */
export function filter_stanzas(module: ModuleApi, lists: Blocklists): void {
	const { delivery } = module.server;
	const bounces_messages = module.get_option_boolean("bounce_blocked_messages", false);

	function judge(username: string, ...addresses: (string | undefined)[]): Verdict {
		const list = lists.get(username);
		if (!list.ok) {
			module.log("error", "The blocklist of %s could not be read: %s", username, list.error.text);
			return "unknown";
		}
		return addresses.some((address) => address !== undefined && is_on(list.value, address)) ? "blocked" : "passes";
	}

	function judge_incoming(stanza: Stanza): Verdict {
		const { to, from } = stanza.attr;
		const username = to === undefined ? undefined : jid.node(to);
		if (username === undefined || from === undefined) return "passes";
		return judge(username, from, inviter_of(stanza));
	}

	function judge_outgoing(origin: Session, stanza: Stanza): Verdict {
		const { to, from } = stanza.attr;
		const username = (origin.type === "c2s" ? origin.username : undefined) ?? jid.node(from);
		// What is sent without an address is for oneself
		return username === undefined || to === undefined ? "passes" : judge(username, to);
	}

	/** Whoever sends something that cannot be judged is told to try again; nobody who is blocked gets through. */
	function refuse_for_now(origin: Session, stanza: Stanza): true {
		const { type } = stanza.attr;
		const may_answer = type !== "error" && stanza.name !== "presence" && !(stanza.name === "iq" && type === "result");
		if (may_answer) origin.send(st.error_reply(stanza, "wait", "internal-server-error"));
		return true;
	}

	/** Whether the sender of a stanza to somebody who blocks them gets an error, as if nobody were there. */
	function bounces({ name, attr: { type, to } }: Stanza): boolean {
		if (name === "iq") return type === "get" || type === "set";
		if (name !== "message" || !bounces_messages) return false;
		// PARITY: not where that very client is online (issue #690 of Prosody)
		return (type === undefined || type === "chat" || type === "normal") && delivery.session(to ?? "") === undefined;
	}

	const check_incoming: Handler<StanzaEvent> = ({ origin, stanza }) => {
		const verdict = judge_incoming(stanza);
		if (verdict === "passes") return undefined;
		if (verdict === "unknown") return refuse_for_now(origin, stanza);
		if (bounces(stanza)) origin.send(st.error_reply(stanza, "cancel", "service-unavailable"));
		return true;
	};

	const check_outgoing: Handler<StanzaEvent> = ({ origin, stanza }) => {
		const verdict = judge_outgoing(origin, stanza);
		if (verdict === "passes") return undefined;
		if (verdict === "unknown") return refuse_for_now(origin, stanza);
		const { type } = stanza.attr;
		if (type === "error" || (stanza.name === "iq" && type === "result")) return true;
		const refused = st.error_reply(stanza, "cancel", "not-acceptable", "You have blocked this JID");
		origin.send(refused.tag("blocked", { xmlns: ns.blocking_errors }).reset());
		return true;
	};

	for (const name of ["presence", "message", "iq"] as const) {
		for (const kind of ["bare", "full"] as const) module.hook(`${name}/${kind}`, check_incoming, priority);
		for (const kind of ["bare", "full", "host"] as const) {
			// Subscriptions are dealt with before that
			module.hook(`pre-${name}/${kind}`, check_outgoing, name === "presence" && kind !== "full" ? -1 : priority);
		}
	}

	/** Those who have blocked nobody of the sender's domain need not be asked about each stanza. */
	module.host_session().bystanders.set(check_incoming, (from, stanza) => {
		if (stanza !== undefined && inviter_of(stanza) !== undefined) return false;
		const domain = jid.host(from) ?? from;
		return (session) => {
			// A presence that is blocked is dropped, and so is one for somebody who is gone
			if (session === undefined) return true;
			const { username } = session;
			const list = username === undefined ? undefined : lists.get(username);
			return list?.ok === true && !list.value.domains.has(domain);
		};
	});
}
