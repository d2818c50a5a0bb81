// Counterpart: libraries of Prosody's core/, net/ and util/ that ask its C libraries, in Lua of our own that asks the host

import statsmanager from "./core/statsmanager.lua";
import unbound from "./net/unbound.lua";
import prosodyctl from "./util/prosodyctl.lua";
import sql from "./util/sql.lua";

/** Source text of each library, by the name that modules `require` it by. */
export const on_host: { readonly [name: string]: string } = {
	"core.statsmanager": statsmanager,
	"net.adns": 'return require "net.unbound"',
	"net.dns": 'return require "net.unbound".dns',
	"net.unbound": unbound,
	"util.prosodyctl": prosodyctl,
	"util.sql": sql,
};
