-- Counterpart: socket.lua of LuaSocket
-- The time. Connections are the host's business: `net.http`, `net.server` and the like open them.

return {
	_VERSION = "LuaSocket 3.0.0",
	gettime = require "util.time".now,
	dns = {
		gethostname = function () return require "util.pposix".uname().nodename end,
		toip = function () return nil, "not offered: the server would wait for the answer" end,
		tohostname = function () return nil, "not offered: the server would wait for the answer" end,
	},
	url = require "socket.url",
}
