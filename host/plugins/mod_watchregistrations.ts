// Counterpart: plugins/mod_watchregistrations.lua

import type { ModuleDefinition } from "../core/types.ts";
import * as jid from "../util/jid.ts";
import * as st from "../util/stanza.ts";

/** Tells the admins of every account that somebody made for themselves. */
export const definition: ModuleDefinition = {
	name: "watchregistrations",
	load(module) {
		const watchers = new Set<string>();
		for (const watcher of module.get_option_set("registration_watchers", [...module.get_option_set("admins", [])])) {
			const address = typeof watcher === "string" ? jid.prep(watcher) : undefined;
			if (address !== undefined) watchers.add(address);
		}
		const from = module.get_option_string("registration_from", module.host);
		const text = module.get_option_string("registration_notification", "User $username just registered on $host from $ip");
		const type = module.get_option_enum("registration_notification_type", "chat", "normal", "headline");

		module.hook("user-registered", ({ username, host, session, ip }) => {
			const values: Record<string, string | undefined> = { username, host, ip: ip ?? session?.ip };
			const body = text.replace(/\$(\w+)/g, (variable, name: string) => values[name] ?? variable);
			for (const to of watchers) module.send(st.message({ type, from, to }, body));
		});
	},
};
