// Counterpart: plugins/mod_component.lua (what both ends of a component's stream have in common)

import { sha1 } from "../util/hashes.ts";
import { ns } from "../util/ns.ts";
import type { Stanza } from "../util/stanza.ts";
import type { StreamLimits } from "./streams.ts";
import type { ModuleApi } from "./types.ts";

/** Sizes and times of component streams. Options: component_stanza_size_limit, s2s_stanza_size_limit. */
export function component_limits(module: ModuleApi): StreamLimits {
	const for_servers = module.get_option_integer("s2s_stanza_size_limit", 1024 * 512, 10000);
	return {
		unauthed_timeout: 60,
		close_timeout: 5,
		unauthed: {
			stanza_size_limit: module.get_option_integer("component_stanza_size_limit", for_servers, 10000),
			element_limit: 25000,
			depth_limit: 100,
			attribute_limit: 100,
		},
	};
}

/** Options: component_tcp_keepalives, tcp_keepalives. */
export function component_keepalives(module: ModuleApi): boolean {
	return module.get_option_boolean("component_tcp_keepalives", module.get_option_boolean("tcp_keepalives", true));
}

/** The proof that a component knows the secret, for the id of a stream (XEP-0114 §3). */
export function handshake_token(streamid: string, secret: string): string {
	return sha1(streamid + secret, true);
}

/**
 * Whether an element is a stanza, as opposed to something of the stream itself. Those of the namespace `jabber:client` are taken for
 * the stream's own, as Prosody does.
 */
export function take_stanza(element: Stanza): boolean {
	const { xmlns } = element.attr;
	if (xmlns === undefined && element.name === "handshake") element.attr["xmlns"] = ns.component_accept;
	else if (xmlns === ns.client) element.attr["xmlns"] = undefined;
	return element.attr["xmlns"] === undefined;
}
