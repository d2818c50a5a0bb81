-- Uses another module, its library, and a context of another host.
local lifecycle = module:depends("lifecycle");
local sums = module:require("sums");

function total()
	return sums.add(lifecycle.greetings(), 1);
end

-- the other host is not there yet while this one's modules are loaded
function module.ready()
	local elsewhere = module:context("conference.localhost");
	elsewhere:hook("dependant-elsewhere", function () return elsewhere.host .. " for " .. module.host; end);
end

local nothing, why = module:depends("switched_off", true);
soft = { nothing = nothing == nil, why = why };
