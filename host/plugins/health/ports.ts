// No counterpart: what of the configured ports is not there.

import { port_number, ports_of } from "../../core/port_settings.ts";
import type { Server } from "../../core/types.ts";

/** A line for each service that should listen, and does so nowhere; other servers may have its ports. */
export function missing_ports({ addresses, config, hosts, modulemanager }: Server): string[] {
	const listening = new Set(addresses().map(({ service }) => service));
	const services = ["*", ...hosts.keys()].flatMap((host) => modulemanager.get_items(host, "net-provider"));
	const missing = services.filter((service) => {
		if (listening.has(service.name)) return false;
		return ports_of(config, service).some((port) => port_number(port) !== undefined);
	});
	return [...new Set(missing.map(({ name }) => name))].map((name) => `${name} listens nowhere`);
}
