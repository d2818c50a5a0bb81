// Counterpart: plugins/mod_offline.lua

import type { ModuleDefinition } from "../core/types.ts";
import * as datetime from "../util/datetime.ts";
import * as jid from "../util/jid.ts";
import { ns } from "../util/ns.ts";
import * as st from "../util/stanza.ts";

/** Elements that may accompany a chat state (XEP-0085) without being content. */
const silent_namespaces: ReadonlySet<string | undefined> = new Set([
	ns.chat_states,
	ns.hints,
	ns.stanza_id,
	ns.delay,
	ns.addresses,
]);

/**
 * Whether a message need not be kept: it asks for that (XEP-0334 §4.3), or it only says that somebody is typing (XEP-0160 §3) and
 * does not ask to be kept.
 */
function is_fleeting(stanza: st.Stanza): boolean {
	if (stanza.get_child("no-store", ns.hints)) return true;
	if (stanza.get_child("store", ns.hints)) return false;
	const { tags } = stanza;
	if (!tags.some((tag) => tag.attr["xmlns"] === ns.chat_states)) return false;
	return tags.every((tag) => tag.name === "thread" || silent_namespaces.has(tag.attr["xmlns"]));
}

/** Keeps messages for accounts that are not online, until they are (XEP-0160). */
export const definition: ModuleDefinition = {
	name: "offline",
	load(module) {
		const messages = module.open_store("offline", "archive");
		module.add_feature("msgoffline");

		module.hook(
			"message/offline/handle",
			({ origin, stanza }) => {
				const { to } = stanza.attr;
				const username = to === undefined && origin.type === "c2s" ? origin.username : jid.node(to);
				if (username === undefined) return undefined;
				// Divergence: Prosody keeps all. These are dropped without an error, since their senders do not expect more.
				if (is_fleeting(stanza)) return true;
				const kept = messages.append(username, undefined, stanza, Math.floor(Date.now() / 1000), "");
				if (kept.ok) return true;
				// Nothing is wrong with the storage where somebody has as many messages as may be kept
				if (kept.error.text === "quota-limit") module.log("info", "No more messages are kept for %s@%s", username, module.host);
				else module.log("error", "A message for %s could not be kept: %s", to, kept.error.text);
				return undefined;
			},
			-1,
		);

		module.hook(
			"message/offline/broadcast",
			({ origin }) => {
				if (origin.type !== "c2s" || origin.username === undefined) return undefined;
				const kept = messages.find(origin.username);
				if (!kept.ok) {
					module.log("error", "The messages kept for %s could not be read: %s", origin.username, kept.error.text);
					return undefined;
				}
				for (const { stanza, when } of kept.value.items) {
					const delayed = st.clone(stanza).tag("delay", { xmlns: ns.delay, from: module.host, stamp: datetime.datetime(when) });
					origin.send(delayed.reset());
				}
				if (kept.value.items.length > 0) messages.delete(origin.username);
				return true;
			},
			-1,
		);
	},
};
