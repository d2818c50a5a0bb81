// Counterpart: plugins/mod_s2s.lua (s2sout-pre-connect): a resolver that a module in Lua puts in the place of the host's look-up

import { isIP } from "node:net";
import type { Target } from "../host/util/resolver.ts";

function property(value: unknown, name: string): unknown {
	return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}

/** The target of a resolver of `net.resolvers.basic`: a name or an address, and a port. */
function target_of(resolver: unknown): Target | undefined {
	const [host, port] = [property(resolver, "hostname"), property(resolver, "port")];
	if (typeof host !== "string" || typeof port !== "number") return undefined;
	// A host name for TLS means that TLS begins with the first byte
	return { host, port, direct_tls: property(property(resolver, "extra"), "servername") !== undefined };
}

/** The targets of a resolver of `net.resolvers.manual`: lists of kind, address and port. */
function targets_of(resolver: unknown): Target[] {
	const found: Target[] = [];
	const targets = property(resolver, "targets");
	for (let index = 0; ; index++) {
		const target = property(targets, String(index));
		if (target === undefined) return found;
		const [host, port] = [property(target, "1"), property(target, "2")];
		const extra = property(target, "3");
		if (typeof host === "string" && isIP(host) !== 0 && typeof port === "number") {
			found.push({ host, port, direct_tls: property(extra, "servername") !== undefined });
		}
	}
}

/** Asks the resolver that a Lua handler has set, if any, where to connect to. */
export function follow_resolver(event: unknown): void {
	const resolver = property(event, "resolver");
	if (typeof event !== "object" || event === null || resolver === undefined) return;
	const one = target_of(resolver);
	const targets = one === undefined ? targets_of(resolver) : [one];
	if (targets.length > 0) Reflect.set(event, "targets", targets);
}
