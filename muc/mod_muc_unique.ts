// Counterpart: plugins/mod_muc_unique.lua (XEP-0307)

import type { ModuleDefinition, StanzaEvent } from "../host/core/types.ts";
import { medium } from "../host/util/id.ts";
import { ns } from "../host/util/ns.ts";
import * as st from "../host/util/stanza.ts";

function answer_with_name({ origin, stanza }: StanzaEvent): true {
	origin.send(st.reply(stanza).text_tag("unique", medium().toLowerCase(), { xmlns: ns.muc_unique }));
	return true;
}

/** Answers with names that no room has. */
export const definition: ModuleDefinition = {
	name: "muc_unique",
	load(module) {
		module.add_feature(ns.muc_unique);
		module.hook(`iq-get/host/${ns.muc_unique}:unique`, answer_with_name, -1);
	},
};
