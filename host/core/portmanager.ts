// Counterpart: core/portmanager.lua

import type { Duplex } from "node:stream";
import { open_socket } from "../net/connect.ts";
import { default_network_settings, type NetworkSettings } from "../net/network_settings.ts";
import { type Listener, type ListenFailure, NetServer } from "../net/server.ts";
import { failed, ok, type Result } from "../util/error.ts";
import type { ConfigValue } from "./config/config.ts";
import { explain_failure, interfaces_of, port_number, ports_of } from "./port_settings.ts";
import type { Connection, ListenAddress, Log, NetService, OutgoingAddress, Server, ServicePort } from "./types.ts";

/** Opens the ports of a server's services. */
export interface PortManager {
	/**
	 * Opens the ports of all services that are there; those of later ones are opened when they come. If it fails, none stays open.
	 */
	start(): Promise<Result<ListenAddress[], string>>;
	/** Closes ports and connections. */
	stop(): Promise<void>;
	addresses(): ListenAddress[];
	/**
	 * Gives a service a stream that is connected already, such as one end of a pair in memory; false where there is no such
	 * service.
	 */
	adopt(service: string, stream: Duplex, ip?: string): boolean;
	/** Takes a stream over which another process speaks for a client. */
	take(stream: Duplex, onconnect: (conn: Connection) => void, client: { readonly ip: string; readonly is_secure: boolean }): void;
	/** See {@link Server.listen_local}. */
	listen_local(path: string, onconnect: (conn: Connection) => void, told: (problem: string | undefined) => void): () => void;
	/** See {@link Server.close_port}. */
	close_port(at: ListenAddress): boolean;
	/** See {@link Server.connect}. */
	connect(address: OutgoingAddress, onconnect: (conn: Connection) => void, onfailure: (reason: string) => void): () => void;
}

interface ActivePort {
	readonly service: NetService;
	readonly listener: Listener;
	readonly at: ServicePort;
}

/** A port that could not be opened. */
interface Problem {
	readonly text: string;
	/** Whether the server must not run without it. */
	readonly fatal: boolean;
}

/** Reads `network_settings`; what has the wrong type is in the log, and stays as it is by default. */
function read_network_settings(option: ConfigValue | undefined, log: Log): NetworkSettings {
	const settings = { ...default_network_settings };
	if (typeof option !== "object" || option instanceof Map || Array.isArray(option)) return settings;
	const numbers = [
		"read_timeout",
		"send_timeout",
		"ssl_handshake_timeout",
		"max_send_buffer_size",
		"tcp_backlog",
		"shutdown_deadline",
	] as const;
	for (const name of numbers) {
		const value = option[name];
		if (typeof value === "number" && value > 0) settings[name] = value;
		else if (value !== undefined) log("error", "network_settings.%s is %j: expected a number above 0", name, value);
	}
	const { nagle, tcp_keepalive, openssl_records } = option;
	if (typeof openssl_records === "boolean") settings.openssl_records = openssl_records;
	if (typeof nagle === "boolean") settings.nagle = nagle;
	if (typeof tcp_keepalive === "boolean" || typeof tcp_keepalive === "number") settings.tcp_keepalive = tcp_keepalive;
	return settings;
}

/** What of a server its ports need. */
export type PortNeeds = Pick<Server, "cluster" | "config" | "events" | "logger" | "service_tls_context" | "turn">;

function place_of({ name, ssl_config }: NetService, host: string, port: number): ServicePort {
	return { service: name, interface: host, port, ...(ssl_config === undefined ? {} : { ssl_config }) };
}

/** Makes the port manager of one server. */
export function create_portmanager(server: PortNeeds): PortManager {
	const log = server.logger("portmanager");
	const { config } = server;
	const net = new NetServer(server.turn, read_network_settings(config.get("*", "network_settings"), log), server.logger("net"));
	/** Services by name; of several, the first one listens. */
	const services = new Map<string, NetService[]>();
	const active: ActivePort[] = [];
	let state: "new" | "running" | "stopped" = "new";

	async function open(service: NetService, host: string, port: number): Promise<Result<Listener, ListenFailure>> {
		const at = place_of(service, host, port);
		const opened = await net.listen({
			interface: host,
			port,
			onconnect: (connection) => service.onconnect(connection),
			...(service.encryption === "ssl" ? { tls: () => server.service_tls_context(at) } : {}),
		});
		if (!opened.ok) return opened;
		// By the time that it is open, the service may be gone.
		if (state === "stopped" || !services.get(service.name)?.includes(service)) {
			opened.value.close();
			return failed({ code: "", message: "the service is gone" });
		}
		active.push({ service, listener: opened.value, at });
		return opened;
	}

	/** Opens all ports of a service, and answers with what is wrong. */
	async function activate(service: NetService): Promise<Problem[]> {
		const problems: Problem[] = [];
		const { interfaces, by_default } = interfaces_of(config, service);
		const opened: string[] = [];
		const ports = ports_of(config, service);
		for (const given of ports) {
			const wanted = port_number(given);
			if (wanted === undefined) {
				problems.push({ text: `${service.name}_ports: ${JSON.stringify(given)} is no port number`, fatal: true });
				continue;
			}
			// Where any free port will do (port 0), it is to be the same on all interfaces.
			let port = wanted;
			for (const name of interfaces) {
				const host = String(name);
				const other = active.find(({ listener }) => wanted !== 0 && listener.port === wanted && listener.interface === host);
				if (other !== undefined) {
					const text = `${service.name} and ${other.service.name} are both configured to listen on [${host}]:${wanted}`;
					problems.push({ text, fatal: true });
					continue;
				}
				const result = await open(service, host, port);
				if (result.ok) {
					port = result.value.port;
					opened.push(`[${host}]:${port}`);
					continue;
				}
				const { code } = result.error;
				// Missing IPv6 (or IPv4) on a machine is not an error.
				const is_missing = code === "EAFNOSUPPORT" || code === "EADDRNOTAVAIL";
				if (by_default && is_missing) {
					log("debug", "Not listening on [%s]:%d: %s", host, port, explain_failure(result.error));
					continue;
				}
				const text = `${service.name} cannot listen on [${host}]:${port}: ${explain_failure(result.error)}`;
				// Where another program has the port, clients would reach that program.
				problems.push({ text, fatal: code === "EADDRINUSE" });
			}
		}
		if (opened.length > 0) log("info", "Activated service '%s' on %s", service.name, opened.join(", "));
		else if (ports.length > 0 && problems.length === 0) {
			problems.push({ text: `${service.name} has no interface to listen on`, fatal: true });
		}
		return opened.length > 0 ? problems : problems.map((problem) => ({ ...problem, fatal: true }));
	}

	/** Opens the ports of a service that came while the server runs; a port that cannot be opened does not stop the server then. */
	function activate_later(service: NetService): void {
		activate(service).then(
			(problems) => {
				for (const { text } of problems) log("error", "%s", text);
			},
			(error) => log("error", "Failed to activate service '%s': %s", service.name, error instanceof Error ? error.stack : error),
		);
	}

	function deactivate(is_meant: (port: ActivePort) => boolean): void {
		for (const port of active.filter(is_meant)) {
			port.listener.close();
			active.splice(active.indexOf(port), 1);
			log("debug", "Removed listening service %s from [%s]:%d", port.service.name, port.listener.interface, port.listener.port);
		}
	}

	server.events.add_handler("item-added/net-provider", ({ item }: { item: NetService }) => {
		const same_name = services.get(item.name) ?? [];
		services.set(item.name, [...same_name, item]);
		if (state === "running" && same_name.length === 0) activate_later(item);
	});
	server.events.add_handler("item-removed/net-provider", ({ item }: { item: NetService }) => {
		const rest = (services.get(item.name) ?? []).filter((service) => service !== item);
		services.set(item.name, rest);
		const was_active = active.some(({ service }) => service === item);
		deactivate(({ service }) => service === item);
		const [next] = rest;
		if (state === "running" && was_active && next !== undefined) activate_later(next);
	});
	// Problems with a certificate are to be logged now, not when the next client comes
	server.events.add_handler(
		"config-reloaded",
		() => {
			net.configure(read_network_settings(config.get("*", "network_settings"), log));
			for (const { service, at } of active) if (service.encryption === "ssl") server.service_tls_context(at);
		},
		-1,
	);
	// No new clients while the others are disconnected.
	server.events.add_handler(
		"server-stopping",
		() => {
			state = "stopped";
			deactivate(() => true);
		},
		-80,
	);

	function addresses(): ListenAddress[] {
		return active.map(({ service, listener }) => ({ service: service.name, host: listener.interface, port: listener.port }));
	}

	return {
		async start() {
			for (const [service] of services.values()) {
				if (service === undefined) continue;
				const problems = await activate(service);
				const fatal = problems.find((problem) => problem.fatal);
				if (fatal !== undefined) {
					deactivate(() => true);
					return failed(fatal.text);
				}
				for (const { text } of problems) log("error", "%s", text);
			}
			state = "running";
			return ok(addresses());
		},
		async stop() {
			state = "stopped";
			deactivate(() => true);
			await net.close();
		},
		addresses,
		adopt(name, stream, ip) {
			const service = services.get(name)?.[0];
			if (service === undefined) return false;
			const tls = service.encryption === "ssl" ? () => server.service_tls_context(place_of(service, "*", 0)) : undefined;
			net.adopt(stream, (connection) => service.onconnect(connection), { ...(ip === undefined ? {} : { ip }), tls });
			return true;
		},
		take: (stream, onconnect, client) => void net.adopt(stream, onconnect, client),
		listen_local(path, onconnect, told) {
			const is_shared = server.cluster?.neighbours !== undefined;
			return net.listen_local(path, onconnect, (failure) => told(failure?.message), is_shared);
		},
		close_port({ service: name, host, port }) {
			const is_meant = ({ service, listener }: ActivePort): boolean =>
				service.name === name && listener.interface === host && listener.port === port;
			const is_open = active.some(is_meant);
			deactivate(is_meant);
			return is_open;
		},
		connect(address, onconnect, onfailure) {
			const connecting = open_socket(address);
			connecting.socket.then((opened) => {
				if (!opened.ok) onfailure(opened.error);
				else if (state === "stopped") opened.value.destroy();
				else net.adopt(opened.value, onconnect, { ip: opened.value.remoteAddress ?? address.host, was_opened: true });
			});
			return connecting.cancel;
		},
	};
}
