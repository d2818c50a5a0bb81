// No counterpart: what is offered to modules in Lua.

import type { LuaContext } from "./context.ts";
import { core_libraries } from "./core.ts";
import { http_libraries } from "./http.ts";
import { filters_library } from "./require/filters.ts";
import { natives } from "./require/natives.ts";
import { on_host } from "./require/on_host.ts";
import { openssl_libraries } from "./require/openssl/libraries.ts";
import { protocols } from "./require/protocols.ts";
import { structures } from "./require/structures.ts";
import x509 from "./require/util/x509.lua";

/** Offers all libraries to the modules of a Lua state. */
export function provide(host: LuaContext): void {
	const { libraries } = host;
	for (const sources of [structures, protocols, on_host]) {
		for (const name in sources) {
			const source = sources[name];
			if (source !== undefined) libraries.add_source(name, source);
		}
	}
	for (const [name, make] of Object.entries(natives)) libraries.add(name, () => make(host));
	for (const [name, make] of Object.entries({ ...core_libraries, ...http_libraries })) libraries.add(name, () => make(host));
	for (const [name, make] of Object.entries(openssl_libraries(host))) libraries.add(name, make);
	libraries.add("host.filters", () => filters_library(host));
	libraries.add_source("util.x509", x509);
	libraries.add("util.stanza", () => host.stanza.library);
}
