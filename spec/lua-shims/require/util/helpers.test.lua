local helpers = require "util.helpers"
local events = require "util.events"

local logged = {}
local function log(level, template, ...)
	logged[#logged + 1] = level .. " " .. (template:match("^[%w %%]+")) .. select("#", ...)
end

local e = events.new()
e.add_handler("a", function()
	return 5
end)
compare("same object", "true", rawequal(helpers.log_events(e, "name", log), e))
compare("fires", "5", e.fire_event("a"))
compare("logs", nil, logged)
helpers.revert_log_events(e)
logged = {}
compare("reverted", "5 {}", e.fire_event("a"), logged)
compare("no events", "true", fails(helpers.log_events, {}))

local up = 7
local function uses_up()
	return up
end
-- In Prosody it fails: what it takes for Lua's debug is its own.
ours_only("get_upvalue", "7 nil", function()
	return helpers.get_upvalue(uses_up, "up"), helpers.get_upvalue(uses_up, "down")
end)
e.add_handler("b", uses_up, 3)
local function blind(text)
	return (text:gsub("function: 0?x?%x+", "function"):gsub("%.0", ""))
end
compare("show_events", nil, blind(helpers.show_events(e)), blind(helpers.show_events(e, "b")))
