// Counterpart: plugins/mod_time.lua

import type { ModuleDefinition, StanzaEvent } from "../core/types.ts";
import * as datetime from "../util/datetime.ts";
import { ns } from "../util/ns.ts";
import * as st from "../util/stanza.ts";

/** Tells the time of the server, in UTC (XEP-0202), and in the older way of 0.12 to those who ask for it (XEP-0090), which is not announced. */
export const definition: ModuleDefinition = {
	name: "time",
	load(module) {
		const tell = ({ origin, stanza }: StanzaEvent): true => {
			const now = datetime.datetime(Date.now() / 1000);
			origin.send(st.reply(stanza).tag("time", { xmlns: ns.time }).text_tag("tzo", "+00:00").text_tag("utc", now));
			return true;
		};
		const tell_as_before = ({ origin, stanza }: StanzaEvent): true => {
			const now = datetime.legacy();
			origin.send(st.reply(stanza).tag("query", { xmlns: ns.legacy_time }).text_tag("utc", now));
			return true;
		};
		module.add_feature(ns.time);
		module.hook("iq-get/bare/urn:xmpp:time:time", tell);
		module.hook("iq-get/host/urn:xmpp:time:time", tell);
		module.hook("iq-get/bare/jabber:iq:time:query", tell_as_before);
		module.hook("iq-get/host/jabber:iq:time:query", tell_as_before);
	},
};
