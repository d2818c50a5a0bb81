// No counterpart: see mod_component_uplink.ts.

import { failed, ok, type Result } from "../../util/error.ts";

/** Where servers listen for components. */
const usual_port = 5347;

/** Reads `HOST`, `HOST:PORT`, `[IPv6]` or `[IPv6]:PORT`. The error says what was expected. */
export function parse_address(text: string): Result<{ host: string; port: number }, string> {
	const found = /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:[\]]+))(?::([0-9]{1,5}))?$/.exec(text);
	const [, ipv6, name, digits] = found ?? [];
	const host = ipv6 ?? name;
	const port = digits === undefined ? usual_port : Number(digits);
	if (host === undefined || port < 1 || port > 65535)
		return failed('expected HOST:PORT, such as "127.0.0.1:5347" or "[::1]:5347"');
	return ok({ host, port });
}
