// Counterpart: plugins/mod_admin_shell.lua (def_env.stats)

import type { ModuleApi } from "../../core/types.ts";
import { format_number } from "../../util/human/units.ts";
import { command, done, optional_text, refused, type Section } from "./command.ts";
import { lua_pattern } from "./patterns.ts";

const disabled = 'Statistics disabled. Try `statistics = "internal"` in the global section of the config file and restart.';

export function stats_section(module: ModuleApi): Section {
	const { server } = module;
	return {
		name: "stats",
		desc: "Commands to show internal statistics",
		commands: [
			command("show(pattern)", "Show internal statistics, optionally filtering by name with a pattern.", (shell, [given]) => {
				if (server.config.get("*", "statistics") === undefined) return refused(disabled);
				const pattern = optional_text(given, "the pattern");
				const is_meant = pattern === undefined ? () => true : lua_pattern(pattern);
				server.events.fire_event("stats-update", {});
				const values = [...server.statsmanager.values()].filter(([name]) => is_meant(name));
				values.sort(([a], [b]) => (a < b ? -1 : 1));
				for (const [name, value] of values) shell.print(`${name.padEnd(50)} ${format_number(value, "")}`);
				return done(`${values.length} statistics displayed`);
			}),
		],
	};
}
