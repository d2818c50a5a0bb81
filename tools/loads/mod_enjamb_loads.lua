-- Runs in a real Prosody: once it has started, it loads one module on each of its hosts and logs what became of it.

local json = require "util.json";
local modulemanager = require "core.modulemanager";

module:set_global();

local wanted = module:get_option_string("enjamb_loads_module");
local hosts = module:get_option_array("enjamb_loads_hosts");

module:hook("server-started", function ()
	for _, host in ipairs(hosts) do
		local loaded, problem = modulemanager.load(host, wanted);
		module:log("info", "enjamb-loads %s", json.encode({
			host = host;
			loaded = loaded and true or false;
			problem = not loaded and tostring(problem) or nil;
		}));
	end
end, -1000);
