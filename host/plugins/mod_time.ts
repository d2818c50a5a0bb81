// Counterpart: plugins/mod_time.lua

import type { ModuleDefinition, StanzaEvent } from "../core/types.ts";
import * as datetime from "../util/datetime.ts";
import { ns } from "../util/ns.ts";
import * as st from "../util/stanza.ts";

/** Tells the time of the server, in UTC (XEP-0202). */
export const definition: ModuleDefinition = {
	name: "time",
	load(module) {
		const tell = ({ origin, stanza }: StanzaEvent): true => {
			const now = datetime.datetime(Date.now() / 1000);
			origin.send(st.reply(stanza).tag("time", { xmlns: ns.time }).text_tag("tzo", "+00:00").text_tag("utc", now));
			return true;
		};
		module.add_feature(ns.time);
		module.hook("iq-get/bare/urn:xmpp:time:time", tell);
		module.hook("iq-get/host/urn:xmpp:time:time", tell);
	},
};
