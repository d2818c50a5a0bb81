// Counterpart: plugins/mod_carbons.lua

import { ClientSession } from "../core/c2s_session.ts";
import type { C2sSession, EventMap, ModuleDefinition, Session, StanzaEvent, UserSessions } from "../core/types.ts";
import type { Handler } from "../util/events.ts";
import * as jid from "../util/jid.ts";
import { ns } from "../util/ns.ts";
import { is_plain_notice } from "../util/pubsub/notices.ts";
import type { Stanza } from "../util/stanza.ts";
import * as st from "../util/stanza.ts";

declare module "../core/types.ts" {
	interface EventMap {
		/** Whether other clients of an account get a copy; handlers may answer, and say why in `reason`. */
		"carbons-should-copy": { stanza: Stanza; session: Session; reason?: string };
	}
}

const nobody: ReadonlySet<Handler<EventMap["carbons-should-copy"]>> = new Set();
const namespaces_of_calls = ["urn:xmpp:jingle-message:0", "urn:xmpp:jingle-message:1"];

/** Whether a message is one that all clients of an account should have (XEP-0280 §6.1), and why. */
function should_copy(stanza: Stanza, account: string | undefined, is_sent: boolean): [boolean, string] {
	const { type = "normal", from, to } = stanza.attr;
	if (stanza.get_child("private", ns.carbons) !== undefined) return [false, "private"];
	if (stanza.get_child("no-copy", ns.hints) !== undefined) return [false, "hint"];
	// Private messages of rooms go to the client that is in the room
	if (!is_sent && to !== account && stanza.get_child("x", ns.muc_user) !== undefined) return [false, "muc-pm"];
	if (type === "chat" || (type === "normal" && stanza.get_child("body") !== undefined)) return [true, "type"];
	// What was sent to an account and comes back
	if (type === "error" && !is_sent && from !== undefined && jid.resource(from) === undefined) return [true, "bounce"];
	if (namespaces_of_calls.some((xmlns) => stanza.get_child(undefined, xmlns) !== undefined)) return [true, "jingle call"];
	const is_archived = [...stanza.childtags("stanza-id", ns.stanza_id)].some(({ attr }) => attr["by"] === account);
	return is_archived ? [true, "archived"] : [false, "default"];
}

function wants_copies(session: C2sSession): boolean {
	return "want_carbons" in session && Boolean(session.want_carbons);
}

function some_want(sessions: Iterable<C2sSession>): boolean {
	for (const session of sessions) if (wants_copies(session)) return true;
	return false;
}

/** Copies what an account sends and gets to all of its clients that want it (XEP-0280). */
export const definition: ModuleDefinition = {
	name: "carbons",
	load(module) {
		module.add_feature(ns.carbons);
		module.add_feature("urn:xmpp:carbons:rules:0");

		for (const [name, wants] of [
			["enable", ns.carbons],
			["disable", undefined],
		] as const) {
			module.hook(`iq-set/self/${ns.carbons}:${name}`, ({ origin, stanza }) => {
				if (!(origin instanceof ClientSession)) return undefined;
				origin.want_carbons = wants;
				origin.log("debug", "%sd carbons", name);
				origin.send(st.reply(stanza));
				return true;
			});
		}

		/** Whether no module says what is to be copied. */
		const is_unheard = (): boolean => module.is_only_heard_by("carbons-should-copy", nobody);

		/** Whether there is somebody to copy to. PARITY: what is private is looked at even where nobody wants copies. */
		function may_copy(stanza: Stanza, user: UserSessions | undefined): boolean {
			return (
				(user !== undefined && some_want(user.sessions.values())) ||
				stanza.get_child("private", ns.carbons) !== undefined ||
				!is_unheard()
			);
		}

		/** Whether somebody wants a copy of this, by what modules say. */
		function is_wanted(stanza: Stanza, session: Session, account: string, is_sent: boolean): boolean {
			const event: { stanza: Stanza; session: Session; reason?: string } = { stanza, session };
			const said = module.fire_event("carbons-should-copy", event);
			const [should, reason] = typeof said === "boolean" ? [said, event.reason] : should_copy(stanza, account, is_sent);
			if (!should) {
				module.log("debug", "Not copying stanza: %s (%s)", stanza.shown, reason);
				// Whoever gets it needs not know
				if (reason === "private" && !is_sent) {
					stanza.maptags((tag) => (tag.name === "private" && tag.attr["xmlns"] === ns.carbons ? undefined : tag));
				}
			}
			return should;
		}

		function copy_to_clients({ origin, stanza }: StanzaEvent, is_sent: boolean): undefined {
			const { type = "normal", from, to } = stanza.attr;
			if (type === "groupchat") return;
			// The client's own address, which needs not be taken apart
			const target = is_sent ? origin : module.server.delivery.session(to ?? "");
			const own = target?.type === "c2s" && target.full_jid === (is_sent ? from : to) ? target : undefined;
			if (own !== undefined && !may_copy(stanza, module.host_session().sessions.get(own.username ?? ""))) return;
			const account = jid.bare((is_sent ? from : to) ?? "");
			const user = account === undefined ? undefined : module.server.delivery.account(account);
			if (account === undefined || user === undefined || !may_copy(stanza, user)) return;
			if (!is_wanted(stanza, origin, account, is_sent)) return;
			const others = [...user.sessions.values()].filter(wants_copies);
			// Those get it themselves. PARITY: where there are none, nor do clients that have sent no presence
			const top = !is_sent && target === undefined ? user.top_resources?.[0]?.priority : false;
			let copy: Stanza | undefined;
			let text: st.AddressableText | undefined;
			for (const session of others) {
				if (session === target || session.priority === top) continue;
				copy ??= forwarded(stanza, type, account, is_sent);
				const send_text = module.server.delivery.text_answers(session, session.full_jid);
				if (send_text === undefined) {
					const carbon = st.clone(copy);
					carbon.attr["to"] = session.full_jid;
					session.send(carbon);
					continue;
				}
				text ??= st.serialise_for_many(copy);
				send_text(text);
			}
		}

		function forwarded(stanza: Stanza, type: string, account: string, is_sent: boolean): Stanza {
			const copy = st.clone(stanza);
			copy.attr["xmlns"] = ns.client;
			return st
				.message({ from: account, type })
				.tag(is_sent ? "sent" : "received", { xmlns: ns.carbons })
				.tag("forwarded", { xmlns: ns.forward })
				.add_child(copy)
				.reset();
		}

		const received = (event: StanzaEvent): undefined => copy_to_clients(event, false);
		module.host_session().bystanders.set(received, (_, stanza) => {
			if (stanza === undefined) return false;
			if (stanza.attr["type"] === "groupchat") return true;
			return is_plain_notice(stanza) && is_unheard();
		});
		for (const kind of ["host", "bare", "full"] as const) {
			module.hook(`pre-message/${kind}`, (event) => copy_to_clients(event, true), -0.5);
		}
		module.hook("message/bare", received, -0.5);
		module.hook("message/full", received, -0.5);
	},
};
