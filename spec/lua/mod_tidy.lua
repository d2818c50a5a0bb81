-- Hooks one function in several places, and leaves some of it for its end.
local new_bus = require "util.events".new;

first, second = new_bus(), new_bus();
local calls = 0;
local function count() calls = calls + 1; end

function hook_twice()
	for _, object in ipairs({ first, second, prosody.events }) do
		module:hook_object_event(object, "tidy", count);
	end
	module:hook("tidy", count);
	elsewhere:hook("tidy-elsewhere", function () return "elsewhere"; end);
end

function unhook(name)
	if name == "own" then return module:unhook("tidy", count); end
	module:unhook_object_event(({ first = first, second = second, prosody = prosody.events })[name], "tidy", count);
end

function fire()
	calls = 0;
	first.fire_event("tidy");
	second.fire_event("tidy");
	prosody.events.fire_event("tidy");
	module:fire_event("tidy");
	return calls;
end

-- a bus of somebody whose functions fail
local failing = { add_handler = function () end, remove_handler = function () error("tidy: cannot be undone"); end };
module:hook_object_event(failing, "anything", count);

elsewhere = module:context("conference.localhost");
elsewhere:hook_object_event(first, "tidy-bus", function () return "bus"; end);
elsewhere.noted = "for all";

was_ready = {};
module:on_ready(function () was_ready[#was_ready + 1] = "on_ready"; end);
elsewhere:on_ready(function () was_ready[#was_ready + 1] = "context"; end);
function module.ready() was_ready[#was_ready + 1] = "ready"; end
function ready_now()
	module:on_ready(function () was_ready[#was_ready + 1] = "now"; end);
	return table.concat(was_ready, " ");
end
function noted() return module.noted, elsewhere.global, module.global; end
