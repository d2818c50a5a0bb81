// Counterpart: plugins/mod_admin_shell.lua (def_env.dns), net/unbound.lua (answers as texts)

import { Resolver } from "node:dns/promises";
import { readFileSync } from "node:fs";
import { isIP } from "node:net";
import type { ModuleApi } from "../../core/types.ts";
import { addresses_in, read_name_servers } from "../../util/resolver.ts";
import { BadArgument, command, done, type Outcome, optional_text, refused, result, type Section, text_of } from "./command.ts";

/** How the records of each type are looked up, and how one shows. */
const lookups: Readonly<Record<string, (resolver: Resolver, name: string) => Promise<string[]>>> = {
	A: (resolver, name) => resolver.resolve4(name),
	AAAA: (resolver, name) => resolver.resolve6(name),
	CNAME: (resolver, name) => resolver.resolveCname(name),
	MX: async (resolver, name) => (await resolver.resolveMx(name)).map(({ priority, exchange }) => `${priority} ${exchange}.`),
	NS: async (resolver, name) => (await resolver.resolveNs(name)).map((server) => `${server}.`),
	PTR: async (resolver, name) => (await resolver.resolvePtr(name)).map((other) => `${other}.`),
	SOA: async (resolver, name) => {
		const { nsname, hostmaster, serial, refresh, retry, expire, minttl } = await resolver.resolveSoa(name);
		return [`${nsname}. ${hostmaster}. ${serial} ${refresh} ${retry} ${expire} ${minttl}`];
	},
	SRV: async (resolver, name) =>
		(await resolver.resolveSrv(name)).map(
			({ priority, weight, port, name: target }) => `${priority} ${weight} ${port} ${target}.`,
		),
	TXT: async (resolver, name) => (await resolver.resolveTxt(name)).map((parts) => `"${parts.join("")}"`),
};

/** What there is where no records are: the words of the DNS. */
const statuses: Readonly<Record<string, string>> = {
	ENODATA: "No Error",
	ENOTFOUND: "Non-Existent Domain",
	ESERVFAIL: "Server Failure",
	EREFUSED: "Query Refused",
	ETIMEOUT: "no answer in time",
	ECONNREFUSED: "no name server answers",
};

/** A name server, `ADDRESS` or `ADDRESS:PORT`. */
function name_server(given: string): string {
	const address = /^\[?(.*?)\]?(?::\d+)?$/.exec(given)?.[1] ?? "";
	if (isIP(given) !== 0 || isIP(address) !== 0) return given;
	throw new BadArgument(`expected the address of a name server, got ${given}`);
}

/** Look-ups of the console: they go past what the server itself has looked up, and so do changes of name servers. */
export function dns_section(module: ModuleApi): Section {
	const resolver = new Resolver({ timeout: 5000, tries: 2 });
	const { servers, hosts_file } = read_name_servers(module.server.config.get("*", "unbound"));
	if (servers.length > 0) resolver.setServers([...servers]);

	/** Addresses that the file of hosts has for a name, which come before all others. */
	function in_hosts_file(name: string, type: string): string[] {
		const family = type === "A" ? 4 : type === "AAAA" ? 6 : undefined;
		if (hosts_file === undefined || family === undefined) return [];
		try {
			return addresses_in(readFileSync(hosts_file, "utf8"), name).filter((address) => isIP(address) === family);
		} catch {
			return [];
		}
	}

	async function lookup(name: string, type: string): Promise<Outcome> {
		const find = Object.hasOwn(lookups, type) ? lookups[type] : undefined;
		if (find === undefined) return refused(`expected one of ${Object.keys(lookups).join(", ")} as the type, got ${type}`);
		try {
			const listed = in_hosts_file(name, type);
			const records = listed.length > 0 ? listed : await find(resolver, name);
			return done(["Status: No Error", ...records.map((record) => `${name}\tIN\t${type}\t${record}`)].join("\n"));
		} catch (error) {
			const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
			return code === "ENOTFOUND" || code === "ENODATA" ? done(`Status: ${statuses[code]}`) : refused(statuses[code] ?? code);
		}
	}

	return {
		name: "dns",
		desc: "Commands to manage and inspect the internal DNS resolver",
		commands: [
			command("lookup(name, type, class)", "Do a DNS lookup", (_shell, [name, type, given]) => {
				const of_class = optional_text(given, "the class") ?? "IN";
				if (of_class.toUpperCase() !== "IN") return refused(`only records of the class IN are looked up, not of ${of_class}`);
				return lookup(text_of(name, "the name"), (optional_text(type, "the type") ?? "A").toUpperCase());
			}),
			command("addnameserver(nameserver)", "Add a nameserver to the list", (_shell, [given]) => {
				resolver.setServers([...resolver.getServers(), name_server(text_of(given, "the name server"))]);
				return result(true);
			}),
			command("setnameserver(nameserver)", "Replace the list of name servers with the supplied one", (_shell, [given]) => {
				resolver.setServers([name_server(text_of(given, "the name server"))]);
				return result(true);
			}),
			command("purge()", "Clear the DNS cache", () => done("Nothing is cached here: each look-up asks the name server")),
			command("cache()", "Show cached records", () => done("Cache:\n")),
		],
	};
}
