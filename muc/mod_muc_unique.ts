// Counterpart: plugins/mod_muc_unique.lua (XEP-0307)

import type { ModuleDefinition } from "../host/core/types.ts";
import { medium } from "../host/util/id.ts";
import { ns } from "../host/util/ns.ts";
import * as st from "../host/util/stanza.ts";

/** Answers with names that no room has. */
export const definition: ModuleDefinition = {
	name: "muc_unique",
	load(module) {
		module.add_feature(ns.muc_unique);
		module.hook(
			`iq-get/host/${ns.muc_unique}:unique`,
			({ origin, stanza }) => {
				origin.send(st.reply(stanza).text_tag("unique", medium().toLowerCase(), { xmlns: ns.muc_unique }));
				return true;
			},
			-1,
		);
	},
};
