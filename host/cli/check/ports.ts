// Counterpart: util/prosodyctl/check.lua (ports, which Prosody leaves to the start)

import { createServer } from "node:net";
import type { Config } from "../../core/configmanager.ts";
import { explain_failure, interfaces_of, type PortService, port_number, ports_of } from "../../core/port_settings.ts";
import type { ListenFailure } from "../../net/server.ts";
import type { Finding } from "./findings.ts";
import { running_server } from "./other_server.ts";

/** A service that listens, and the module that offers it. */
interface KnownService extends PortService {
	readonly module: string;
}

/** Source: the net-providers of Prosody's modules. */
const services: readonly KnownService[] = [
	{ name: "c2s", module: "c2s", default_port: 5222 },
	{ name: "c2s_direct_tls", module: "c2s" },
	{ name: "legacy_ssl", module: "c2s" },
	{ name: "s2s", module: "s2s", default_port: 5269 },
	{ name: "s2s_direct_tls", module: "s2s" },
	{ name: "component", module: "component", default_port: 5347, private: true },
	{ name: "http", module: "http", default_port: 5280, private: true },
	{ name: "https", module: "http", default_port: 5281 },
	{ name: "console", module: "admin_telnet", default_port: 5582, private: true },
	{ name: "proxy65", module: "proxy65", default_port: 5000 },
];

/** Tries a port for a moment; undefined where it is free. */
function try_port(name: string, port: number): Promise<ListenFailure | undefined> {
	return new Promise((done) => {
		const server = createServer();
		server.once("error", (error) => {
			done({ code: "code" in error ? String(error.code) : "", message: error.message });
		});
		const host = name === "*" ? "0.0.0.0" : name;
		server.listen({ host, port, ipv6Only: name === "::", exclusive: true }, () => server.close(() => done(undefined)));
	});
}

/** The services whose ports are checked. */
export interface PortContext {
	/** Names of the modules that would be loaded. */
	readonly loaded: ReadonlySet<string>;
	readonly data_folder: string;
}

/**
 * Checks whether the ports of all services that would run are free, by listening on them for a moment. A port in use is not an
 * error while the server of this configuration, or of its data, still runs.
 */
export async function check_ports(config: Config, context: PortContext): Promise<Finding[]> {
	const findings: Finding[] = [];
	const taken = new Map<string, string>();
	const running = running_server(config, context.data_folder);
	for (const service of services) {
		const option = `${service.name}_ports`;
		if (!context.loaded.has(service.module)) continue;
		const place = { area: "port", option, host: "*", ...config.location("*", option) } as const;
		const { interfaces, by_default } = interfaces_of(config, service);
		for (const given of ports_of(config, service)) {
			const port = port_number(given);
			if (port === undefined) {
				findings.push({
					...place,
					severity: "error",
					message: `${option}: ${JSON.stringify(given)} is no port number`,
					expected: "expected whole numbers from 0 to 65535, as { 5222 }",
				});
				continue;
			}
			for (const name of interfaces.map(String)) {
				const address = `[${name}]:${port}`;
				const other = port === 0 ? undefined : taken.get(address);
				taken.set(address, service.name);
				if (other !== undefined) {
					const message = `${service.name} and ${other} are both configured to listen on ${address}`;
					findings.push({ ...place, severity: "error", message, expected: "expected each service on ports of its own" });
					continue;
				}
				const failure = await try_port(name, port);
				const is_missing = failure?.code === "EAFNOSUPPORT" || failure?.code === "EADDRNOTAVAIL";
				if (failure === undefined || (by_default && is_missing)) continue;
				const is_ours = failure.code === "EADDRINUSE" && running !== undefined;
				findings.push({
					...place,
					severity: is_ours ? "warning" : "error",
					message: `${service.name} cannot listen on ${address}: ${explain_failure(failure)}`,
					...(is_ours
						? {
								expected: `${running.program} still runs with this configuration or on its data (process ${running.pid}); stop it first`,
							}
						: {}),
				});
			}
		}
	}
	return findings;
}
