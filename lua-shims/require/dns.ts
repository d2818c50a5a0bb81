// No counterpart: what `net.unbound` asks for: records of the DNS by Node's own resolver, which waits for nothing in the event loop.

import { Resolver } from "node:dns/promises";
import { readFileSync } from "node:fs";
import { isIP } from "node:net";
import type {} from "../../host/plugins/s2s/events.ts";
import { addresses_in, read_name_servers, type Target } from "../../host/util/resolver.ts";
import type { LuaContext } from "../context.ts";
import { call_back } from "../native_calls.ts";
import { boolean_value, function_at, make_library, text_at } from "../vm/arguments.ts";
import type { TValue } from "../vm/fengari.ts";
import { nil, number_value, string_value } from "../vm/live_table.ts";

/** One record, with its value under the name of its type, as Prosody has it. */
type DnsRecord = { readonly [type: string]: unknown };

/** Response codes of RFC 1035, by Node's errors; no records is code 0. */
const codes: { readonly [error: string]: number } = {
	ENODATA: 0,
	EFORMERR: 1,
	ESERVFAIL: 2,
	ENOTFOUND: 3,
	ENOTIMP: 4,
	EREFUSED: 5,
};

/** How long a server may take, in milliseconds, and how often it is asked. */
const patience = { timeout: 5000, tries: 2 };

/** A name with a dot at its end. */
function full_name(name: string): string {
	return name.endsWith(".") ? name : `${name}.`;
}

type Lookup = (resolver: Resolver, name: string) => Promise<DnsRecord[]>;

const lookups: { readonly [type: string]: Lookup } = {
	A: async (resolver, name) => (await resolver.resolve4(name)).map((a) => ({ a })),
	AAAA: async (resolver, name) => (await resolver.resolve6(name)).map((aaaa) => ({ aaaa })),
	CNAME: async (resolver, name) => (await resolver.resolveCname(name)).map((cname) => ({ cname: full_name(cname) })),
	NS: async (resolver, name) => (await resolver.resolveNs(name)).map((ns) => ({ ns: full_name(ns) })),
	PTR: async (resolver, name) => (await resolver.resolvePtr(name)).map((ptr) => ({ ptr: full_name(ptr) })),
	TXT: async (resolver, name) => (await resolver.resolveTxt(name)).map((txt) => ({ txt })),
	MX: async (resolver, name) =>
		(await resolver.resolveMx(name)).map(({ priority, exchange }) => ({ mx: { pref: priority, mx: full_name(exchange) } })),
	SRV: async (resolver, name) =>
		(await resolver.resolveSrv(name)).map(({ priority, weight, port, name: target }) => ({
			srv: { priority, weight, port, target: full_name(target) },
		})),
	SOA: async (resolver, name) => {
		const { nsname, hostmaster, serial, refresh, retry, expire, minttl: minimum } = await resolver.resolveSoa(name);
		return [{ soa: { mname: full_name(nsname), rname: full_name(hostmaster), serial, refresh, retry, expire, minimum } }];
	},
};

function text_of_file(path: string | undefined): string {
	if (path === undefined) return "";
	try {
		return readFileSync(path, "utf8");
	} catch {
		return "";
	}
}

/** Addresses that a file names. */
function known_addresses(file: string | undefined, name: string, type: string): DnsRecord[] {
	if (type !== "A" && type !== "AAAA") return [];
	const family = type === "A" ? 4 : 6;
	const found = addresses_in(text_of_file(file), name.replace(/\.$/, ""));
	return found.filter((address) => isIP(address) === family).map((address) => ({ [type.toLowerCase()]: address }));
}

/** Where a module says that a server is: the records of type SRV that it gives. */
function targets_in(given: unknown): Target[] {
	const records = Array.isArray(given) ? given.map((record: unknown) => Reflect.get(Object(record), "srv")) : [];
	return records.flatMap((srv: unknown) => {
		const [host, port] = [Reflect.get(Object(srv), "target"), Reflect.get(Object(srv), "port")];
		if (typeof host !== "string" || typeof port !== "number") return [];
		return [{ host: host.replace(/\.$/, ""), port, direct_tls: false }];
	});
}

/**
 * `host.dns`: `lead(find)` has streams with other servers go where `find(domain)` says, a list of records of type SRV, or nil for where
 * the DNS says; `resolve(name, type, callback)` calls back with the response code and a list of records, or with nil and why there is no
 * answer; it answers with a function that has it not call back. Option: `unbound`.
 */
export function dns_library(host: LuaContext): TValue {
	const { vm, border, server } = host;
	return make_library(vm, {
		lead(args) {
			const find = function_at(args, 1, "lead");
			server.events.add_handler("s2sout-targets", (event) => {
				const [found = nil] = vm.call(find, [string_value(event.to_host)]);
				const targets = found.ttisnil() ? [] : targets_in(border.copy(found));
				if (targets.length > 0) event.targets = targets;
			});
			return undefined;
		},
		resolve(args) {
			const [name, type] = [text_at(args, 1, "resolve"), text_at(args, 2, "resolve")];
			const callback = function_at(args, 3, "resolve");
			let wanted = true;
			const answer = (...results: readonly TValue[]): void => {
				if (!wanted) return;
				wanted = false;
				call_back(host, "unbound", callback, results);
			};
			const { servers, hosts_file } = read_name_servers(server.config.get("*", "unbound"));
			const resolver = new Resolver(patience);
			const lookup = lookups[type];
			const here = known_addresses(hosts_file, name, type);
			const find = async (): Promise<DnsRecord[]> => {
				if (here.length > 0) return here;
				if (lookup === undefined) throw new Error(`records of type ${type} cannot be asked for here`);
				if (servers.length > 0) resolver.setServers(servers);
				return lookup(resolver, name);
			};
			find().then(
				(records) => answer(number_value(0), border.deep_table(records)),
				(error: NodeJS.ErrnoException) => {
					const code = codes[error.code ?? ""];
					if (code === undefined) answer(nil, string_value(error.message));
					else answer(number_value(code), border.deep_table(new Map()));
				},
			);
			return vm.native(() => {
				const was_wanted = wanted;
				wanted = false;
				resolver.cancel();
				return boolean_value(was_wanted);
			});
		},
	});
}
