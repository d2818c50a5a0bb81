// Counterpart: plugins/mod_ping.lua

import type { ModuleDefinition, StanzaEvent } from "../core/types.ts";
import { ns } from "../util/ns.ts";
import * as st from "../util/stanza.ts";

/** Answers pings to hosts and accounts (XEP-0199). */
export const definition: ModuleDefinition = {
	name: "ping",
	load(module) {
		const pong = ({ origin, stanza }: StanzaEvent): true => {
			origin.send(st.reply(stanza));
			return true;
		};
		module.add_feature(ns.ping);
		module.hook("iq-get/bare/urn:xmpp:ping:ping", pong);
		module.hook("iq-get/host/urn:xmpp:ping:ping", pong);
	},
};
