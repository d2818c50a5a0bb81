// Counterpart: plugins/mod_http_openmetrics.lua (is_permitted)

import type { HttpRequest, ModuleApi } from "../core/types.ts";
import { AddressSet } from "../util/ip.ts";

/** Who may see a page where its options say nothing: this machine alone. */
export const this_machine = ["::1", "127.0.0.1"];

/** Tells whether somebody may see a page: those at certain addresses, and in a network. */
export function permitted(
	module: ModuleApi,
	addresses: Iterable<unknown>,
	network: string | undefined,
): (request: HttpRequest) => boolean {
	const known = new AddressSet([...[...addresses].map(String), ...(network === undefined ? [] : [network])]);
	for (const unknown of known.unknown) {
		module.log("error", "%q is neither an address nor a network such as 10.0.0.0/8: nobody is let in for it", unknown);
	}
	return ({ ip }) => known.has(ip) === true;
}
