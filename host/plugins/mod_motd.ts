// Counterpart: plugins/mod_motd.lua

import type { ModuleDefinition, StanzaEvent } from "../core/types.ts";
import * as st from "../util/stanza.ts";

/** Sends whoever comes online the message of the day. Options: motd_text, motd_jid. */
export const definition: ModuleDefinition = {
	name: "motd",
	load(module) {
		const from = module.get_option_string("motd_jid", module.host);
		const written = module.get_option_string("motd_text");
		if (written === undefined) {
			module.log("warn", "There is no message of the day: motd_text is not set");
			module.set_status("warn", "motd_text is not set");
			return;
		}
		// As it is indented in the configuration
		const text = written.trim().replace(/\n[ \t]+/g, "\n");

		module.hook("presence/initial", greet, 1);

		function greet({ origin }: StanzaEvent): void {
			if (origin.type === "c2s") module.send(st.message({ to: origin.full_jid, from }, text));
		}
	},
};
