// Counterpart: plugins/mod_version.lua

import { type as os_type } from "node:os";
import type { ModuleDefinition } from "../core/types.ts";
import { ns } from "../util/ns.ts";
import * as st from "../util/stanza.ts";

/** Tells name, version and, unless `hide_os_type` is set, the operating system (XEP-0092). */
export const definition: ModuleDefinition = {
	name: "version",
	load(module) {
		const query = st.stanza("query", { xmlns: ns.version }).text_tag("name", "Enjamb").text_tag("version", module.server.version);
		if (!module.get_option_boolean("hide_os_type", false)) query.text_tag("os", os_type());
		module.add_feature(ns.version);
		module.hook("iq-get/host/jabber:iq:version:query", ({ origin, stanza }) => {
			origin.send(st.reply(stanza).add_child(st.clone(query)));
			return true;
		});
	},
};
