// Counterpart: plugins/mod_admin_shell.lua (get_hosts_set, get_hosts_with_module, _sort_hosts), core/hostmanager.lua (host_mt)

import type { ModuleApi, Server } from "../../core/types.ts";
import { BadArgument, type ShellValue } from "./command.ts";

/** A host name from its end on, so that those of a domain stand together. */
function from_the_end(host: string): string {
	return host.split(".").reverse().join(".");
}

/** The order of hosts in lists: the global section first, then by domain. */
export function compare_hosts(a: string, b: string): number {
	if (a === b) return 0;
	if (a === "*") return -1;
	if (b === "*") return 1;
	const [left, right] = [from_the_end(a), from_the_end(b)];
	return left < right ? -1 : left > right ? 1 : 0;
}

/** The hosts that an argument names, one or a list; all that are served where it is left out. */
export function hosts_of(server: Server, given: ShellValue): string[] {
	if (given === undefined) return [...server.hosts.keys()];
	if (typeof given === "string") return [given];
	if (Array.isArray(given)) return [...new Set(given.filter((host) => typeof host === "string"))];
	throw new BadArgument(`expected a host, or a list of hosts, got ${typeof given}`);
}

/**
 * The hosts that a command about modules means.
 * @param name only those that have this module loaded, the global section too; without it and without hosts, all VirtualHosts
 */
export function hosts_with_module(module: ModuleApi, given: ShellValue, name?: string): string[] {
	const { server } = module;
	const is_meant = (host: string): boolean => {
		if (name !== undefined) return server.modulemanager.is_loaded(host, name);
		return given !== undefined || server.hosts.get(host)?.type === "local";
	};
	const hosts = hosts_of(server, given).filter(is_meant);
	return name !== undefined && server.modulemanager.is_loaded("*", name) && !hosts.includes("*") ? [...hosts, "*"] : hosts;
}

/** A host as the console shows it: `VirtualHost "example.com"`. */
export function show_host(server: Server, host: string | undefined): string {
	const session = host === undefined ? undefined : server.hosts.get(host);
	if (session === undefined) return "Unknown host";
	if (session.type === "local") return `VirtualHost "${session.host}"`;
	const kind = server.config.get(session.host, "component_module");
	return kind === "component" ? `Component "${session.host}"` : `Component "${session.host}" "${String(kind)}"`;
}

/** `1 host`, `2 hosts`. */
export function count_of(count: number, word: string): string {
	return `${count} ${word}${count === 1 ? "" : "s"}`;
}
