import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { newcomer_config } from "../../host/cli/newcomer.ts";
import { compose_server } from "../../host/composition.ts";
import { own_certificate_files } from "../../host/core/certmanager.ts";
import type { ConfigValue } from "../../host/core/config/config.ts";
import type { RunningServer } from "../../host/running_server.ts";
import { patience } from "../../host/testing.ts";
import { Client } from "../../tools/scansion/client.ts";

/** What may differ from a newcomer's server. */
export interface NewcomerOptions {
	/** Speaks TLS and nothing else, as with `--tls`. */
	readonly tls_only?: boolean;
	/** In place of a fresh temporary folder, which is removed at the end. */
	readonly data?: string;
	/** Ports of its services, where a server comes back to those that it had. */
	readonly ports?: Readonly<Record<string, number>>;
	/** Global options above its own. */
	readonly config?: Readonly<Record<string, ConfigValue>>;
}

/** The server that `npm start` runs, in this process, on free ports. */
export interface Newcomer {
	readonly server: RunningServer;
	readonly data: string;
	/** Ports by the names of services: `c2s`, `c2s_direct_tls`, `http`, `https`. */
	readonly ports: Readonly<Record<string, number>>;
	/** The file of the certificate that it made for itself. */
	readonly certificate: string;
	/** Warnings and errors in its log. */
	readonly complaints: readonly string[];
	/** Logs in as somebody of `localhost`, encrypted where that is offered. */
	client(name: string, resource?: string): Promise<Client>;
	stop(): Promise<void>;
}

const port_options: Readonly<Record<string, string>> = {
	c2s: "c2s_ports",
	c2s_direct_tls: "c2s_direct_tls_ports",
	http: "http_ports",
	https: "https_ports",
};

/** Starts it. Throws where it cannot start. */
export async function start_newcomer(options: NewcomerOptions = {}): Promise<Newcomer> {
	const data = options.data ?? mkdtempSync(join(tmpdir(), "enjamb-newcomer-"));
	const config = newcomer_config(data, options.tls_only);
	for (const [service, option] of Object.entries(port_options)) {
		const its_own = config.get("*", option);
		if (Array.isArray(its_own) && its_own.length > 0) config.set("*", option, [options.ports?.[service] ?? 0]);
	}
	// A free port is free on one address, not on two
	for (const option of ["interfaces", "http_interfaces", "https_interfaces"]) config.set("*", option, ["127.0.0.1"]);
	for (const [option, value] of Object.entries(options.config ?? {})) config.set("*", option, value);
	const complaints: string[] = [];
	const write = (line: string): void => void complaints.push(line);
	const composed = compose_server(config, { log: [{ to: { write }, level: "warn" }] });
	if (!composed.ok) throw new Error(composed.error);
	const server = composed.value;
	const listening = await server.start();
	if (!listening.ok) throw new Error(listening.error);
	const ports = Object.fromEntries(server.addresses().map(({ service, port }) => [service, port]));
	const clients: Client[] = [];
	return {
		server,
		data,
		ports,
		complaints,
		certificate: own_certificate_files("localhost", data).certificate,
		async client(name, resource) {
			const jid = `${name}@localhost`;
			const at = { host: "127.0.0.1", port: ports["c2s"] ?? 0, jid, password: "any", resource, timeout: patience };
			const client = await Client.connect(at);
			if (!client.ok) throw new Error(client.error);
			clients.push(client.value);
			return client.value;
		},
		async stop() {
			await Promise.all(clients.map((client) => client.disconnect()));
			await server.stop("The test is over");
			if (options.data === undefined) rmSync(data, { recursive: true, force: true });
		},
	};
}

/** The text of its certificate, which makes those trust it who are told of it. */
export function trusted(newcomer: Newcomer): string {
	if (!existsSync(newcomer.certificate)) throw new Error(`expected a certificate: ${newcomer.certificate}`);
	return readFileSync(newcomer.certificate, "utf8");
}
