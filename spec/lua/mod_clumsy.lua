-- A canary: fails wherever it is called.
local timer = require "util.timer";
local http = require "net.http";

local function fail(what)
	return function ()
		error("clumsy in " .. what);
	end
end

for _, event in ipairs { "server-started", "server-stopping", "host-activated" } do
	module:hook_global(event, fail(event));
end
for _, event in ipairs { "resource-bind", "resource-unbind", "presence/initial", "module-loaded", "module-unloaded",
	"muc-room-created", "muc-occupant-left" } do
	module:hook(event, fail(event));
end

module:add_timer(0, fail("module timer"));
timer.add_task(0, fail("task"));
http.request("http://127.0.0.1:1/", nil, fail("answer"));
module:on_ready(fail("ready"));

function module.unload()
	error("clumsy in unload");
end
