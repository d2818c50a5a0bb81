// Counterpart: plugins/mod_admin_shell.lua (def_env.output)

import { command, result, type Section } from "./command.ts";

/** How values of Lua are printed; nothing here prints any. */
export const output_section: Section = {
	name: "output",
	desc: "Configure admin console output",
	commands: [command("configure(options)", "Configure how values are shown", () => result(undefined), { hidden: true })],
};
