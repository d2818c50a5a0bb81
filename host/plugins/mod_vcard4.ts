// Counterpart: plugins/mod_vcard4.lua (XEP-0292)

import type { ModuleDefinition } from "../core/types.ts";
import type { ErrorType } from "../util/error.ts";
import * as jid from "../util/jid.ts";
import { ns } from "../util/ns.ts";
import type { PubsubError } from "../util/pubsub.ts";
import * as st from "../util/stanza.ts";

const node = "urn:xmpp:vcard4";

/** What is answered where a card could not be read or published. */
function shown_error(error: PubsubError): readonly [type: ErrorType, condition: string] {
	if (error === "item-not-found") return ["cancel", "item-not-found"];
	if (error === "forbidden") return ["auth", "forbidden"];
	// Divergence: Prosody says modify and undefined-condition of a storage that fails
	return error === "internal-server-error" ? ["wait", error] : ["modify", "undefined-condition"];
}

/** People's cards in the newer form, which are kept by mod_pep. */
export const definition: ModuleDefinition = {
	name: "vcard4",
	load(module) {
		const pep = module.depends("pep");

		module.hook("account-disco-info", ({ reply }) => {
			reply.tag("feature", { var: ns.vcard4 }).up();
		});

		module.hook(`iq-get/bare/${ns.vcard4}:vcard`, ({ origin, stanza }) => {
			const { to, from = "" } = stanza.attr;
			const username = to === undefined ? (origin.type === "c2s" ? origin.username : undefined) : jid.node(to);
			const last = pep.get_pep_service(username ?? "").get_last_item(node, from);
			const card = last.ok ? last.value?.[1].first_tag : undefined;
			if (card !== undefined) origin.send(st.reply(stanza).add_child(card));
			else origin.send(st.error_reply(stanza, ...shown_error(last.ok ? "item-not-found" : last.error)));
			return true;
		});

		module.hook(`iq-set/self/${ns.vcard4}:vcard`, ({ origin, stanza }) => {
			const card = stanza.first_tag;
			if (origin.type !== "c2s" || origin.username === undefined || card === undefined) return undefined;
			const item = st.stanza("item", { xmlns: ns.pubsub, id: "current" }).add_child(st.clone(card));
			const published = pep.get_pep_service(origin.username).publish(node, origin.full_jid ?? "", "current", item);
			origin.send(published.ok ? st.reply(stanza) : st.error_reply(stanza, ...shown_error(published.error)));
			return true;
		});
	},
};
