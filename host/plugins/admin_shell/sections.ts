// Counterpart: plugins/mod_admin_shell.lua (def_env)

import type { ModuleApi } from "../../core/types.ts";
import { c2s_section } from "./c2s.ts";
import type { Section } from "./command.ts";
import { config_section } from "./config.ts";
import { debug_section } from "./debug.ts";
import { dns_section } from "./dns.ts";
import { host_section } from "./host.ts";
import { http_section } from "./http.ts";
import { module_section } from "./module.ts";
import { muc_section } from "./muc.ts";
import { output_section } from "./output.ts";
import { port_section } from "./port.ts";
import { role_section } from "./role.ts";
import { s2s_section } from "./s2s.ts";
import { server_section } from "./server.ts";
import { stats_section } from "./stats.ts";
import { user_section } from "./user.ts";
import { watch_section } from "./watch.ts";
import { xmpp_section } from "./xmpp.ts";

/** The help is a section like others; it lists them. */
const help_section: Section = { name: "help", desc: "Show this help about available commands", commands: [] };

/** All sections that there are without anybody offering more. */
export function create_sections(module: ModuleApi): Section[] {
	return [
		help_section,
		output_section,
		...[
			server_section,
			module_section,
			config_section,
			c2s_section,
			s2s_section,
			host_section,
			port_section,
			muc_section,
			user_section,
			xmpp_section,
			dns_section,
			http_section,
			watch_section,
			debug_section,
			role_section,
			stats_section,
		].map((create) => create(module)),
	];
}
