-- Leaves something of every kind on its host, so that a test can see it go.
local st = require "util.stanza";
local set = require "util.set";

local state = { greetings = 0 };
local shared = module:shared("/lifecycle/log");

local function note(text)
	shared[#shared + 1] = text;
end

module:add_feature("urn:test:lifecycle");
module:add_identity("component", "test", "Lifecycle");
module:add_item("lifecycle-item", { name = "one" });
module:depends("disco");

module:hook("lifecycle", function (event)
	state.greetings = state.greetings + 1;
	event.seen = (event.seen or "") .. "+" .. module.name;
	if event.stop == "nil" then return nil; end
	if event.stop == "false" then return false; end
	return event.stop;
end, 5);

module:hook_global("lifecycle-global", function () note("global"); return "answered"; end);

module:wrap_event("lifecycle-wrapped", function (handlers, event_name, event_data)
	local answer = handlers(event_name, event_data);
	return "<" .. tostring(answer) .. ">";
end);
module:hook("lifecycle-wrapped", function (event) return event.text; end);

module:hook("iq-get/host/urn:test:lifecycle:query", function (event)
	local origin, stanza = event.origin, event.stanza;
	origin.send(st.reply(stanza):tag("query", { xmlns = "urn:test:lifecycle", count = tostring(state.greetings) }));
	return true;
end);

module:hook("iq-get/host/urn:test:error:query", function ()
	local nothing;
	return nothing.field;
end);

module:hook("iq-get/host/urn:test:loop:query", function ()
	while true do pcall(error, "again"); end
end);

function module.load()
	note("load" .. (module.reloading and " again" or ""));
end
function module.save()
	return { greetings = state.greetings };
end
function module.restore(saved)
	state.greetings = saved.greetings + 100;
end
function module.unload()
	note("unload");
end
function module.ready()
	note("ready");
end

-- what other modules find in this one
function greetings()
	return state.greetings;
end
options = {
	text = module:get_option_string("lifecycle_text", "none");
	number = module:get_option_number("lifecycle_number", 3);
	period = module:get_option_period("lifecycle_period", "1d");
	choice = module:get_option_enum("lifecycle_choice", "a", "b", "c");
	set = module:get_option_set("lifecycle_set", { "x" });
	array = module:get_option_array("lifecycle_array", {});
	missing = module:get_option("lifecycle_missing");
	missing_set = module:get_option_set("lifecycle_missing_set");
};
assert(set.is_set == nil or set.is_set(options.set));

-- hooks and takes back, as modules do for each answer that they wait for
function wait_for_nothing(times)
	for i = 1, times do
		local function handler() return true; end
		module:hook("lifecycle-answer/" .. i, handler);
		module:unhook("lifecycle-answer/" .. i, handler);
	end
end
