-- Counterpart: socket.lua of LuaSocket
-- The time. Connections are the host's business: `net.http`, `net.server` and the like open them.

return {
	_VERSION = "LuaSocket 3.0.0",
	gettime = require "util.time".now,
	url = require "socket.url",
}
