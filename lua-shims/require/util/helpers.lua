-- Counterpart: util/helpers.lua
-- For those who look for what goes on with events.

local var_debug = require "util.debug"
local default_log = require "util.logger".init("util.debug")
local concat, sort = table.concat, table.sort
local error, ipairs, pairs, pcall, tostring = error, ipairs, pairs, pcall, tostring

-- Logs each event that is fired on an object of util.events, and what its handlers do.
local function log_events(events, name, logger)
	local fire_event = events.fire_event
	if not fire_event then
		error("Object does not appear to be a util.events object")
	end
	logger = logger or default_log
	name = name or tostring(events)

	local function logged_fire_event(event, ...)
		logger("debug", "%s firing event: %s", name, event)
		return fire_event(event, ...)
	end
	events.fire_event = logged_fire_event
	-- Kept for revert_log_events.
	events[logged_fire_event] = fire_event

	events.set_debug_hook(function(handler, event, data)
		logger("debug", "calling handler for %s: %s", event, handler)
		local ok, result = pcall(handler, data)
		if not ok then
			logger("error", "error in event handler %s: %s", handler, result)
			error(result)
		end
		if result ~= nil then
			logger("debug", "event chain ended for %s by %s with result: %s", event, handler, result)
		end
		return result
	end)
	return events
end

local function revert_log_events(events)
	local logged_fire_event = events.fire_event
	events.fire_event, events[logged_fire_event] = events[logged_fire_event], nil
	events.set_debug_hook(nil)
end

local function log_host_events(host)
	return log_events(prosody.hosts[host].events, host)
end

local function revert_log_host_events(host)
	return revert_log_events(prosody.hosts[host].events)
end

-- Every event, or one, with its handlers, their priorities and their upvalues, as text.
local function show_events(events, specific_event)
	local names = {}
	for event in pairs(events._event_map) do
		if specific_event == nil or event == specific_event then
			names[#names + 1] = event
		end
	end
	sort(names)
	local lines = {}
	for _, event in ipairs(names) do
		local handlers = events._handlers[event]
		if handlers then
			local priorities = events._event_map[event]
			lines[#lines + 1] = lines[1] and "\n" .. event or event
			for _, handler in ipairs(handlers) do
				local upvalues = var_debug.string_from_var_table(var_debug.get_upvalues_table(handler))
				lines[#lines + 1] = "  "
					.. tostring(priorities[handler] or "?")
					.. ": "
					.. tostring(handler)
					.. (upvalues and "\n        " .. upvalues or "")
			end
		end
	end
	return concat(lines, "\n")
end

-- The value of a function's upvalue by its name.
local function get_upvalue(func, wanted)
	local index = 1
	local name, value = debug.getupvalue(func, index)
	while name and name ~= wanted do
		index = index + 1
		name, value = debug.getupvalue(func, index)
	end
	return value
end

return {
	log_host_events = log_host_events,
	revert_log_host_events = revert_log_host_events,
	log_events = log_events,
	revert_log_events = revert_log_events,
	show_events = show_events,
	get_upvalue = get_upvalue,
}
