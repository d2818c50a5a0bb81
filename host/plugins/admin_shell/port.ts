// Counterpart: plugins/mod_admin_shell.lua (def_env.port)

import type { ModuleApi } from "../../core/types.ts";
import { BadArgument, command, done, optional_text, type Section } from "./command.ts";

export function port_section(module: ModuleApi): Section {
	const { server } = module;
	return {
		name: "port",
		desc: "Commands to manage ports the server is listening on",
		commands: [
			command("list()", "Lists all network ports prosody currently listens on", (shell) => {
				const ports = server.addresses();
				const services = [...new Set(ports.map(({ service }) => service))].sort();
				for (const name of services) {
					const own = ports.filter(({ service }) => service === name);
					shell.print(`${name}: ${own.map(({ host, port }) => `[${host}]:${port}`).join(", ")}`);
				}
				return done(`${services.length} services listening on ${ports.length} ports`);
			}),
			command(
				"close(port, interface)",
				"Close a port",
				(shell, [given, named]) => {
					const port = Number(given);
					if (given === undefined || given === "" || !Number.isInteger(port)) throw new BadArgument("Invalid port number");
					const host = optional_text(named, "the interface");
					let closed = 0;
					for (const at of server.addresses()) {
						if (at.port !== port || (host !== undefined && at.host !== host)) continue;
						shell.print(`Closing [${at.host}]:${port}...`);
						if (server.close_port(at)) closed++;
						else shell.print(`Failed to close ${at.host} ${port}: nobody listens there any more`);
					}
					return done(`Closed ${closed} ports`);
				},
				{ nodes: "workers" },
			),
		],
	};
}
