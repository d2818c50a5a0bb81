// No counterpart: what a client has not acknowledged is lost when Prosody is killed.

import type { ClientSession } from "../../core/c2s_session.ts";
import type { ModuleApi, StorageError } from "../../core/types.ts";
import * as datetime from "../../util/datetime.ts";
import { ns } from "../../util/ns.ts";
import { type AddressableText, address, error_reply, type Stanza } from "../../util/stanza.ts";
import * as xml from "../../util/xml.ts";
import { is_fleeting } from "../fleeting.lib.ts";
import { is_for_later } from "./for_later.ts";
import { is_stanza, type Unacked } from "./unacked_queue.ts";

/** Copies of messages that clients have not acknowledged, in storage: the server may be killed before they do. */
export interface UnackedCopies {
	/**
	 * Makes one where the message is to be kept for later if it does not arrive.
	 * @param original what other clients of the account were sent as well: there is one copy for all of them
	 */
	keep(session: ClientSession, item: Unacked, original: Stanza | undefined): void;
	/** Removes those of what has arrived, or is kept in another way now. */
	remove(username: string, items: readonly Unacked[]): void;
	/** Gives what a server has left that did not come to its end to whoever keeps messages for later, or tells the senders. */
	settle(): void;
}

/** For configurations that want none. */
export const no_copies: UnackedCopies = { keep: () => {}, remove: () => {}, settle: () => {} };

const never_kept = /^<message(?=[ >])[^>]* type='(?:groupchat|headline|error)'/;
/** What archives answer is kept there. */
const archived = `><result xmlns='${ns.mam}'`;

/** The message of finished text that may have to be kept; most text of that kind is said in rooms, which keep it themselves. */
function message_in(text: AddressableText, to: string): Stanza | undefined {
	if (!text.head.startsWith("<message") || never_kept.test(`${text.head}>`)) return undefined;
	if (text.tail.startsWith(archived, text.tail.indexOf(">"))) return undefined;
	return xml.parse(address(text, to));
}

export function keep_copies(module: ModuleApi): UnackedCopies {
	const store = module.open_store("smacks_unacked", "archive");
	/** By what was sent to several clients of an account. */
	const shared = new WeakMap<Stanza, string>();

	function complain(what: string, username: string, error: StorageError): void {
		module.log("error", "%s for %s: %s", what, username, error.text);
	}

	return {
		keep(session, item, original) {
			const { username, full_jid = "" } = session;
			if (username === undefined) return;
			const stanza = is_stanza(item.content) ? item.content : message_in(item.content, full_jid);
			if (stanza === undefined || !is_for_later(session, stanza) || is_fleeting(stanza)) return;
			const known = original === undefined ? undefined : shared.get(original);
			if (known !== undefined) {
				item.copy = known;
				return;
			}
			const kept = store.append(username, undefined, stanza, item.sent_at, "");
			if (!kept.ok) {
				complain("A message could not be kept until it is acknowledged", username, kept.error);
				return;
			}
			item.copy = kept.value;
			if (original !== undefined) shared.set(original, kept.value);
		},

		remove(username, items) {
			const ids = items.flatMap(({ copy }) => copy ?? []);
			if (ids.length === 0) return;
			const removed = store.delete(username, { ids, uncounted: true });
			if (!removed.ok) complain("Messages that have arrived could not be removed", username, removed.error);
		},

		settle() {
			const users = store.users();
			if (!users.ok) complain("Messages that were not acknowledged could not be read", "anybody", users.error);
			for (const username of users.ok ? users.value : []) settle_for(username);
		},
	};

	function settle_for(username: string): void {
		const left = store.find(username);
		if (!left.ok) {
			complain("Messages that were not acknowledged could not be read", username, left.error);
			return;
		}
		if (left.value.items.length === 0) return;
		const account = `${username}@${module.host}`;
		module.log("info", "%d messages for %s were under way when the server ended", left.value.items.length, account);
		for (const { stanza, when } of left.value.items) {
			if (stanza.get_child("delay", ns.delay) === undefined) {
				stanza
					.reset()
					.tag("delay", { xmlns: ns.delay, from: account, stamp: datetime.datetime(when) })
					.reset();
			}
			if (module.fire_event("message/offline/handle", { origin: module.host_session(), stanza }) === true) continue;
			if (stanza.attr["type"] !== "error")
				module.send(error_reply(stanza, "cancel", "recipient-unavailable", undefined, account));
		}
		const removed = store.delete(username);
		if (!removed.ok) complain("Messages that are kept elsewhere now could not be removed", username, removed.error);
	}
}
