// Counterpart: plugins/mod_turn_external.lua

import type { ModuleDefinition } from "../core/types.ts";

/**
 * Tells clients of a STUN and TURN server, for calls. Options: turn_external_secret, turn_external_host, turn_external_user,
 * turn_external_port, turn_external_ttl, turn_external_tcp, turn_external_tls_port.
 */
export const definition: ModuleDefinition = {
	name: "turn_external",
	load(module) {
		const secret = module.get_option_string("turn_external_secret");
		const host = module.get_option_string("turn_external_host", module.host);
		const user = module.get_option_string("turn_external_user");
		const port = module.get_option_integer("turn_external_port", 3478, 1, 65535);
		const ttl = module.get_option_period("turn_external_ttl", "1 day");
		const tcp = module.get_option_boolean("turn_external_tcp", false);
		const tls_port = module.get_option_integer("turn_external_tls_port", undefined, 1, 65535);
		if (secret === undefined) {
			const problem = "Failed to initialize: the 'turn_external_secret' option is not set in your configuration";
			module.log("error", problem);
			module.set_status("error", problem);
			return;
		}
		module.depends("external_services");
		const transports = tcp ? ["udp", "tcp"] : ["udp"];
		for (const transport of transports) module.add_item("external_service", { type: "stun", transport, host, port });
		for (const transport of transports) {
			const credentials = { secret, ttl, ...(user === undefined ? {} : { username: user }) };
			module.add_item("external_service", { type: "turn", transport, host, port, ...credentials });
		}
		// PARITY: without credentials
		if (tls_port !== undefined) module.add_item("external_service", { type: "turns", transport: "tcp", host, port: tls_port });
	},
};
