// Counterpart: plugins/mod_welcome.lua

import type { EventMap, ModuleDefinition } from "../core/types.ts";
import * as st from "../util/stanza.ts";

/** Sends a message to everybody who has just made an account. Option: welcome_message. */
export const definition: ModuleDefinition = {
	name: "welcome",
	load(module) {
		const text = module.get_option_string("welcome_message", "Hello $username, welcome to the $host IM server!");

		module.hook("user-registered", welcome);

		function welcome({ username, host, source }: EventMap["user-registered"]): void {
			const values = new Map([
				["username", username],
				["host", host],
				["source", source],
			]);
			const body = text.replace(/\$([A-Za-z0-9]+)/g, (variable, name: string) => values.get(name) ?? variable);
			module.send(st.message({ to: `${username}@${host}`, from: module.host }, body));
		}
	},
};
