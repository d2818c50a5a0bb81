// Counterpart: net/resolvers/service.lua, net/unbound.lua

import { Resolver } from "node:dns/promises";
import { readFileSync } from "node:fs";
import { isIP } from "node:net";

/** Where to try to connect, in this order. */
export interface Target {
	/** A name or an address. */
	readonly host: string;
	readonly port: number;
	/** TLS from the first byte (XEP-0368). */
	readonly direct_tls: boolean;
}

/** Where names are looked up. Option: `unbound`. */
export interface ResolverOptions {
	/** A file like /etc/hosts, whose names come before all others; undefined for none. */
	readonly hosts_file?: string | undefined;
	/** Name servers, `ADDRESS` or `ADDRESS:PORT`; the system's where it is empty. */
	readonly servers: readonly string[];
	/** How long an answer may take, in milliseconds. */
	readonly timeout: number;
	/** Which addresses may be used. */
	readonly families: readonly (4 | 6)[];
	/** Called when a name server is asked for records of a type; what it returns is called when there is an answer. */
	readonly measure?: (type: "A" | "AAAA" | "SRV") => () => void;
}

/** What the option `unbound` says about name servers, and about a file in which names are looked up first. */
export function read_name_servers(option: unknown): Pick<ResolverOptions, "hosts_file" | "servers"> {
	const settings: { readonly hoststxt?: unknown; readonly forward?: unknown } =
		typeof option === "object" && option !== null ? option : {};
	const { hoststxt = "/etc/hosts", forward } = settings;
	const servers = (Array.isArray(forward) ? forward : [forward]).filter((name): name is string => typeof name === "string");
	// Unbound separates the port by @
	return {
		hosts_file: typeof hoststxt === "string" ? hoststxt : undefined,
		servers: servers.map((name) => name.replace("@", ":")),
	};
}

/** The result of a look-up. */
export type Found = { readonly ok: true; readonly targets: Target[] } | { readonly ok: false; readonly error: string };

interface SrvRecord {
	readonly name: string;
	readonly port: number;
	readonly priority: number;
	readonly weight: number;
}

/**
 * Puts records into the order in which they are to be tried: by priority, and by weighted chance within a priority. Source: RFC
 * 2782.
 */
export function order_records<Record extends SrvRecord>(
	records: readonly Record[],
	random: () => number = Math.random,
): Record[] {
	const rest = [...records].sort((one, other) => one.priority - other.priority || one.weight - other.weight);
	const ordered: Record[] = [];
	while (rest.length > 0) {
		const { priority } = rest[0] ?? { priority: 0 };
		const same = rest.filter((record) => record.priority === priority);
		let chance = random() * same.reduce((sum, { weight }) => sum + weight, 0);
		const chosen =
			same.find(({ weight }) => {
				chance -= weight;
				return chance <= 0;
			}) ?? same[0];
		if (chosen === undefined) break;
		ordered.push(chosen);
		rest.splice(rest.indexOf(chosen), 1);
	}
	return ordered;
}

/** The addresses of a name in the text of a hosts file. */
export function addresses_in(text: string, name: string): string[] {
	return text.split("\n").flatMap((line) => {
		const [address = "", ...names] = (line.split("#")[0] ?? "").trim().split(/\s+/);
		return isIP(address) !== 0 && names.some((other) => other.toLowerCase() === name.toLowerCase()) ? [address] : [];
	});
}

/** Looks up where servers are, without blocking the event loop. */
export class ServiceResolver {
	private readonly resolver: Resolver;

	constructor(private readonly options: ResolverOptions) {
		this.resolver = new Resolver({ timeout: options.timeout, tries: 2 });
		if (options.servers.length > 0) this.resolver.setServers(options.servers);
	}

	/** Where the XMPP server of a domain is. Source: RFC 6120 §3.2, XEP-0368 §2. */
	async find_server(domain: string, default_port: number): Promise<Found> {
		if (isIP(domain) !== 0) return { ok: true, targets: [{ host: domain, port: default_port, direct_tls: false }] };
		const [plain, direct] = await Promise.all([this.records("_xmpp-server", domain), this.records("_xmpps-server", domain)]);
		if (plain === "none" && direct === "none") return { ok: false, error: `${domain} has no XMPP server, as its DNS says` };
		const records = order_records([
			...(direct === "none" ? [] : direct.map((record) => ({ ...record, direct_tls: true }))),
			...(plain === "none" ? [] : plain.map((record) => ({ ...record, direct_tls: false }))),
		]);
		const wanted = records.length > 0 ? records : [{ name: domain, port: default_port, direct_tls: false }];
		const found = await Promise.all(
			wanted.map(async ({ name, port, direct_tls }) => (await this.addresses(name)).map((host) => ({ host, port, direct_tls }))),
		);
		const targets = found.flat();
		return targets.length > 0 ? { ok: true, targets } : { ok: false, error: `there is no address for ${domain}` };
	}

	/** SRV records; "none" where the domain says that it does not have the service. */
	private async records(service: string, domain: string): Promise<SrvRecord[] | "none"> {
		try {
			const records = await this.timed("SRV", this.resolver.resolveSrv(`${service}._tcp.${domain}`));
			const [only] = records;
			return records.length === 1 && (only?.name === "." || only?.name === "") ? "none" : records;
		} catch {
			return [];
		}
	}

	private timed<Answer>(type: "A" | "AAAA" | "SRV", asked: Promise<Answer>): Promise<Answer> {
		const done = this.options.measure?.(type);
		return done === undefined ? asked : asked.finally(done);
	}

	private async addresses(name: string): Promise<string[]> {
		const { hosts_file, families } = this.options;
		const may_be_used = (address: string): boolean => families.some((family) => family === isIP(address));
		if (isIP(name) !== 0) return [name].filter(may_be_used);
		const here = addresses_in(read_text(hosts_file), name).filter(may_be_used);
		if (here.length > 0) return here;
		const found = await Promise.allSettled([
			families.includes(6) ? this.timed("AAAA", this.resolver.resolve6(name)) : [],
			families.includes(4) ? this.timed("A", this.resolver.resolve4(name)) : [],
		]);
		return found.flatMap((result) => (result.status === "fulfilled" ? result.value : []));
	}
}

function read_text(path: string | undefined): string {
	try {
		return path === undefined ? "" : readFileSync(path, "utf8");
	} catch {
		return "";
	}
}
