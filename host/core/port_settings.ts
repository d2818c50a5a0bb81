// Counterpart: core/portmanager.lua (what the options of ports say)

import type { ListenFailure } from "../net/server.ts";
import type { ConfigValue } from "./config/config.ts";
import type { ConfigReader, NetService } from "./types.ts";

/** What of a service decides where it listens. */
export type PortService = Pick<NetService, "name" | "default_port" | "private" | "config_prefix">;

function list(value: ConfigValue | undefined): ConfigValue[] | undefined {
	if (value === undefined) return undefined;
	return Array.isArray(value) ? [...new Set(value)] : [value];
}

/** Why a server cannot listen on a port, in words. */
export function explain_failure({ code, message }: ListenFailure): string {
	switch (code) {
		case "EADDRINUSE":
			return "the port is in use by another program";
		case "EACCES":
			return "this user has no permission to listen on it (ports below 1024 need one)";
		case "EADDRNOTAVAIL":
			return "this machine does not have that address";
		case "EAFNOSUPPORT":
			return "this machine has no such kind of address";
		case "ENOTFOUND":
			return "there is no such interface: expected an IP address, * or ::";
		default:
			return message;
	}
}

function default_interfaces(config: ConfigReader, local: boolean): string[] {
	const interfaces: string[] = [];
	if (config.get("*", "use_ipv4") !== false) interfaces.push(local ? "127.0.0.1" : "*");
	if (config.get("*", "use_ipv6") !== false) interfaces.push(local ? "::1" : "::");
	return interfaces;
}

/** Where a service listens; `by_default` where the configuration does not name the interfaces. */
export function interfaces_of(config: ConfigReader, service: PortService): { interfaces: ConfigValue[]; by_default: boolean } {
	const { config_prefix = service.name } = service;
	const named =
		list(config.get("*", `${config_prefix}_interfaces`)) ??
		list(config.get("*", `${config_prefix}_interface`)) ??
		(service.private ? list(config.get("*", "local_interfaces")) : undefined) ??
		(service.private ? undefined : (list(config.get("*", "interfaces")) ?? list(config.get("*", "interface"))));
	return named === undefined
		? { interfaces: default_interfaces(config, service.private ?? false), by_default: true }
		: { interfaces: named, by_default: false };
}

/** Ports that a service listens on, as the configuration has them: not all need to be numbers. */
export function ports_of(config: ConfigReader, service: PortService): ConfigValue[] {
	const { config_prefix = service.name } = service;
	const named = list(config_prefix === "" ? config.get("*", "ports") : config.get("*", `${config_prefix}_ports`));
	return named ?? (service.default_port === undefined ? [] : [service.default_port]);
}

/** A port from 0 to 65535, which may be written as text; undefined for anything else. */
export function port_number(given: ConfigValue): number | undefined {
	const port = typeof given === "string" && given.trim() !== "" ? Number(given) : given;
	return typeof port === "number" && Number.isInteger(port) && port >= 0 && port < 65536 ? port : undefined;
}
