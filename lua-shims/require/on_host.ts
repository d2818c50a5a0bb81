// Counterpart: libraries of Prosody's core/, net/ and util/ that ask its C libraries, in Lua of our own that asks the host

import lualdap from "./lualdap.lua";
import connect from "./net/connect.lua";
import basic from "./net/resolvers/basic.lua";
import chain from "./net/resolvers/chain.lua";
import manual from "./net/resolvers/manual.lua";
import service from "./net/resolvers/service.lua";
import unbound from "./net/unbound.lua";
import http from "./socket/http.lua";
import smtp from "./socket/smtp.lua";
import tcp from "./socket/tcp.lua";
import ssl_core from "./ssl/core.lua";
import prosodyctl from "./util/prosodyctl.lua";
import sql from "./util/sql.lua";

/** Source text of each library, by the name that modules `require` it by. */
export const on_host: { readonly [name: string]: string } = {
	"host.tcp": tcp,
	lualdap,
	"net.adns": 'return require "net.unbound"',
	"net.connect": connect,
	"net.dns": 'return require "net.unbound".dns',
	"net.resolvers.basic": basic,
	"net.resolvers.chain": chain,
	"net.resolvers.manual": manual,
	"net.resolvers.service": service,
	"net.unbound": unbound,
	"socket.http": http,
	"socket.smtp": smtp,
	"ssl.core": ssl_core,
	"ssl.https": 'return require "socket.http"',
	"util.prosodyctl": prosodyctl,
	"util.sql": sql,
};
