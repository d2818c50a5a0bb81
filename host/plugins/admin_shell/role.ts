// Counterpart: plugins/mod_admin_shell.lua (def_env.role)

import type { ModuleApi } from "../../core/types.ts";
import { command, done, optional_text, refused, type Section } from "./command.ts";

export function role_section(module: ModuleApi): Section {
	const users = module.server.usermanager;
	return {
		name: "role",
		desc: "Role and access management",
		commands: [
			command("list(host)", "List known roles", (shell, [given]) => {
				const host = optional_text(given, "the host");
				if (host === undefined) return refused("Specify which host to list roles for");
				const roles = [...users.get_all_roles(host).values()];
				roles.sort((a, b) => (b.priority ?? 0) - (a.priority ?? 0) || (a.name < b.name ? -1 : 1));
				for (const { name } of roles) shell.print(name);
				return done(`Showing ${roles.length} roles on ${host}`);
			}),
			command("show(host, role_name)", "Show information about a role", (shell, [given, named]) => {
				const [host, name] = [optional_text(given, "the host"), optional_text(named, "the role")];
				if (host === undefined || name === undefined) return refused("Specify the host and role to show");
				const role = users.get_role_by_name(name, host);
				if (role === undefined) return refused(`Unable to find role ${name} on host ${host}`);
				const policies = new Map(role.policies());
				shell.print("Name:    ", role.name);
				shell.print("Inherits:", role.inherits.map((inherited) => inherited.name).join(", "));
				shell.print("Policies:");
				for (const permission of [...policies.keys()].sort()) {
					shell.print(`  [${policies.get(permission) === true ? "+" : " "}] ${permission}`);
				}
				shell.print("");
				return done(`Showing role ${role.name} with ${policies.size} policies`);
			}),
		],
	};
}
