// Counterpart: plugins/mod_iq.lua

import type { ModuleApi, ModuleDefinition, StanzaEvent } from "../core/types.ts";
import type { Handler } from "../util/events.ts";
import * as st from "../util/stanza.ts";
import { Waiting } from "../util/waiting.ts";

/** Turns `iq/KIND` into the events that name the payload: `iq/KIND/NS:NAME`, then `iq-get|set/KIND/NS:NAME`, or by id for answers. */
function dispatch(module: ModuleApi, kind: "bare" | "self" | "host"): Handler<StanzaEvent> {
	return (event) => {
		const { stanza } = event;
		const { type, id } = stanza.attr;
		if (type === "result" || type === "error") return module.fire_waiting(`iq-${type}/${kind}/${id}`, event);
		if (type !== "get" && type !== "set") return undefined;
		const payload = stanza.first_tag;
		if (!payload) return undefined;
		const name = `${payload.attr["xmlns"] ?? "jabber:client"}:${payload.name}`;
		const of_type = (): unknown => module.fire_waiting(`iq-${type}/${kind}/${name}`, event);
		const answer = module.fire_waiting(`iq/${kind}/${name}`, event);
		if (answer instanceof Waiting) return answer.go_on((late) => late ?? of_type());
		return answer ?? of_type();
	};
}

/** IQs: to the session they are addressed to, or to whoever handles their payload. */
export const definition: ModuleDefinition = {
	name: "iq",
	load(module) {
		if (module.get_host_type() === "local") {
			const deliver: Handler<StanzaEvent> = ({ origin, stanza }) => {
				if (module.server.delivery.send(stanza.attr["to"] ?? "", stanza)) return true;
				const { type } = stanza.attr;
				if (type === "get" || type === "set") origin.send(st.error_reply(stanza, "cancel", "service-unavailable"));
				return true;
			};
			module.hook("iq/full", deliver);
			module.host_session().plain_delivery.set("iq", deliver);
		}
		module.hook("iq/bare", dispatch(module, "bare"));
		module.hook("iq/self", dispatch(module, "self"));
		module.hook("iq/host", dispatch(module, "host"));
	},
};
