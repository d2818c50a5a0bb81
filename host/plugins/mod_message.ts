// Counterpart: plugins/mod_message.lua

import type { ModuleApi, ModuleDefinition, Session, StanzaEvent } from "../core/types.ts";
import type { Handler } from "../util/events.ts";
import * as jid from "../util/jid.ts";
import * as st from "../util/stanza.ts";

/** Delivers to an account as RFC 6121 §8.5.2 has it for each type of message. */
function deliver_to_account(module: ModuleApi, bare: string, origin: Session, stanza: st.Stanza): true {
	const { delivery } = module.server;
	const username = jid.node(bare);
	const refuse = (): void => void origin.send(st.error_reply(stanza, "cancel", "service-unavailable"));
	const exists = (): boolean => username !== undefined && module.server.usermanager.user_exists(username, module.host);
	switch (stanza.attr["type"]) {
		case "error":
			return true;
		case "groupchat":
			if (!(exists() && module.fire_event("message/bare/groupchat", { origin, stanza }))) refuse();
			return true;
		case "headline":
			// A message of this type to a resource that is gone must not go to the other resources.
			if (stanza.attr["to"] === bare) delivery.send_to_account(bare, stanza, "non-negative");
			return true;
		default: {
			const sent = delivery.send_to_account(bare, stanza, "top");
			if (sent === 0 && !(exists() && module.fire_event("message/offline/handle", { origin, stanza }))) refuse();
			return true;
		}
	}
}

/** Messages to clients of this host. */
export const definition: ModuleDefinition = {
	name: "message",
	load(module) {
		const deliver: Handler<StanzaEvent> = ({ origin, stanza }) => {
			const to = stanza.attr["to"] ?? "";
			if (module.server.delivery.send(to, stanza)) return true;
			return deliver_to_account(module, jid.bare(to) ?? to, origin, stanza);
		};
		module.hook("message/full", deliver, -1);
		module.host_session().plain_delivery.set("message", deliver);
		module.hook(
			"message/bare",
			({ origin, stanza }) => {
				const own = origin.type === "c2s" ? jid.bare(origin.full_jid) : undefined;
				return deliver_to_account(module, stanza.attr["to"] ?? own ?? "", origin, stanza);
			},
			-1,
		);
	},
};
