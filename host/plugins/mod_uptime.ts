// Counterpart: plugins/mod_uptime.lua

import type { ModuleDefinition } from "../core/types.ts";
import { ns } from "../util/ns.ts";
import * as st from "../util/stanza.ts";

/** Tells for how long the server has been running (XEP-0012 §5). */
export const definition: ModuleDefinition = {
	name: "uptime",
	load(module) {
		module.add_feature(ns.last);
		module.hook("iq-get/host/jabber:iq:last:query", ({ origin, stanza }) => {
			const seconds = Math.floor(Date.now() / 1000 - module.server.start_time);
			origin.send(st.reply(stanza).tag("query", { xmlns: ns.last, seconds: String(seconds) }));
			return true;
		});
	},
};
