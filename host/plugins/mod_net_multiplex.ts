// Counterpart: plugins/mod_net_multiplex.lua

import type { Connection, ModuleDefinition, NetService } from "../core/types.ts";

/**
 * One port for several services: which one a connection is for is known by the protocol that TLS agreed on, or by what comes first.
 * Options: ports, ssl_ports, ssl_interfaces, multiplex_buffer_size.
 */
export const definition: ModuleDefinition = {
	name: "net_multiplex",
	global: true,
	load(module) {
		const most_bytes = module.get_option_integer("multiplex_buffer_size", 1024, 1);
		const services = new Set<NetService>();
		module.handle_items(
			"net-provider",
			({ item }) => void (item.multiplex !== undefined && services.add(item)),
			({ item }) => void services.delete(item),
		);

		/** Hands a connection on, with what came over it. */
		function hand_on(conn: Connection, service: NetService, said: Buffer | undefined): void {
			module.log("debug", "Routing incoming connection to %s", service.name);
			service.onconnect(conn);
			if (said !== undefined) conn.ondata(said);
		}

		function onconnect(conn: Connection): void {
			const protocol = conn.details?.().alpn;
			const agreed = protocol && [...services].find(({ multiplex }) => multiplex?.protocol === protocol);
			if (agreed) {
				hand_on(conn, agreed, undefined);
				return;
			}
			let said = Buffer.alloc(0);
			conn.ondata = (chunk) => {
				said = Buffer.concat([said, chunk]);
				// No longer than what may come, or to look would take long
				const text = said.toString("latin1", 0, most_bytes);
				const meant = [...services].find(({ multiplex }) => multiplex?.pattern?.test(text));
				if (meant !== undefined) hand_on(conn, meant, said);
				else if (said.length > most_bytes) conn.close();
			};
		}

		module.provides("net", { name: "multiplex", config_prefix: "", onconnect });
		module.provides("net", {
			name: "multiplex_ssl",
			config_prefix: "ssl",
			encryption: "ssl",
			onconnect,
			// What there is when a port is opened
			get ssl_config() {
				return { alpn: [...services].flatMap(({ multiplex }) => multiplex?.protocol ?? []) };
			},
		});
	},
};
