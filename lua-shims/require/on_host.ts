// Counterpart: libraries of Prosody's net/ and util/ that ask its C libraries, in Lua of our own that asks the host

import unbound from "./net/unbound.lua";
import sql from "./util/sql.lua";

/** Source text of each library, by the name that modules `require` it by. */
export const on_host: { readonly [name: string]: string } = {
	"net.adns": 'return require "net.unbound"',
	"net.dns": 'return require "net.unbound".dns',
	"net.unbound": unbound,
	"util.sql": sql,
};
