// Counterpart: plugins/mod_admin_shell.lua (def_env.host)

import type { ModuleApi } from "../../core/types.ts";
import { command, done, optional_text, refused, result, type Section, text_of } from "./command.ts";
import { compare_hosts } from "./hosts.ts";

export function host_section(module: ModuleApi): Section {
	const { server } = module;
	/** A component with the module that serves it. */
	const kind_of = (host: string): string => {
		const kind = server.config.get(host, "component_module");
		return kind === "component" ? kind : `${String(kind)} component`;
	};
	return {
		name: "host",
		desc: "Commands to activate, deactivate and list virtual hosts",
		commands: [
			command(
				"activate(hostname)",
				"Activates the specified host",
				(_shell, [host]) => {
					const activated = server.activate_host(text_of(host, "the host"));
					return activated.ok ? result(true) : refused(activated.error);
				},
				{ nodes: "workers" },
			),
			command(
				"deactivate(hostname)",
				"Disconnects all clients on this host and deactivates",
				(_shell, [host, reason]) => {
					const text = optional_text(reason, "the reason");
					const deactivated = server.deactivate_host(
						text_of(host, "the host"),
						text === undefined ? undefined : { condition: "host-gone", text },
					);
					return deactivated.ok ? result(true) : refused(deactivated.error);
				},
				{ nodes: "workers" },
			),
			command("list()", "List the currently-activated hosts", (shell) => {
				const hosts = [...server.hosts.values()].sort((a, b) => compare_hosts(a.host, b.host));
				for (const { host, type } of hosts) shell.print(type === "local" ? host : `${host} (${kind_of(host)})`);
				return done(`${hosts.length} hosts`);
			}),
		],
	};
}
