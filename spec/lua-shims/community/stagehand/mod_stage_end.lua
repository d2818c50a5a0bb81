-- Takes over the end of the server: it closes the clients' port, and lets whoever is inside go on.
module:set_global();

local portmanager = require "core.portmanager";
local shutdown = prosody.shutdown;

function prosody.shutdown(reason)
	if reason == "fail" then error("not today"); end
	module:log("info", "asked to end: %s", reason);
	portmanager.deactivate("c2s");
end

function module.unload()
	prosody.shutdown = shutdown;
end
