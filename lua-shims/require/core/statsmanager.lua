-- Counterpart: core/statsmanager.lua
-- Numbers about the server for those who ask, in the families of util.openmetrics, where the option `statistics` says so. What the
-- host measures of itself is among them.

local config = require "core.configmanager"
local host = require "host.statistics"
local log = require "util.logger".init("stats")
local openmetrics = require "util.openmetrics"
local timer = require "util.timer"
local fire_event = prosody.events.fire_event

local interval_option = config.get("*", "statistics_interval")
local interval = tonumber(interval_option)
local is_manual = interval_option == "manual"
if interval_option and not interval and not is_manual then
	log("error", "Invalid 'statistics_interval' setting, statistics will be disabled")
end

local provider = config.get("*", "statistics")
if not provider and interval then
	provider = "internal"
elseif provider and not interval and not is_manual then
	interval = 60
end

local libraries = { internal = "util.statistics" }

-- What keeps the numbers; nothing where nobody wants them.
local function open_provider()
	if not provider then
		return nil
	end
	local name = libraries[provider] or (type(provider) == "string" and provider:match("^:(.+)$"))
	if not name then
		log("error", "Unrecognized statistics provider '%s', statistics will be disabled", provider)
		return nil
	end
	local found, library = pcall(require, name)
	local made, problem
	if found then
		made, problem = library.new(config.get("*", "statistics_config"))
	end
	if not made then
		log("error", "Error loading statistics provider '%s': %s", provider, found and problem or library)
	end
	return made
end

local stats = open_provider()
if not stats then
	-- Answers with itself, whatever is done with it.
	local nobody = setmetatable({}, {
		__index = function (self) return self end,
		__call = function (self) return self end,
		__newindex = function () end,
	})
	local function measure() return measure end
	return {
		measure = measure,
		metric = function () return nobody end,
		cork = function () end,
		uncork = function () end,
		get_metric_registry = function () return nil end,
	}
end

local registry = stats.metric_registry

local function metric(kind, name, unit, description, labels, extra)
	local make = assert(registry[kind], "unknown metric family type: " .. tostring(kind))
	return make(registry, name, unit or "", description or "", labels, extra)
end

local second_steps = { 0.001, 0.01, 0.1, 1.0, 10.0, 100.0 }
local byte_steps = { 1024, 4096, 32768, 131072, 1048576, 4194304, 33554432, 134217728, 1073741824 }

-- The kinds of `measure`: the family, its unit and its steps, and what is done with a value.
local kinds = {
	amount = { "gauge", "", use = function (it) return function (value) it:set(value) end end, begin = function (it, initial) it:set(initial) end },
	counter = { "counter", "", use = function (it) return function (value) it:add(value) end end, begin = function (it) it:set(0) end },
	rate = { "counter", "", use = function (it) return function () it:add(1) end end, begin = function (it) it:set(0) end },
	times = { "histogram", "seconds", second_steps, use = function (it) return function () return openmetrics.timed(it) end end },
	sizes = { "histogram", "bytes", byte_steps, use = function (it) return function (value) it:sample(value) end end },
	distribution = { "summary", "", use = function (it) return function (value) it:sample(value) end end },
}

-- The older way: gives a function that takes a value, or for `times` one that begins and gives what ends it.
local function measure(kind, name, extra, label, label_value)
	local how = assert(kinds[kind], "unknown legacy metric type " .. tostring(kind))
	local given = type(extra) == "table" and extra or {}
	local initial = type(extra) == "number" and extra or given.initial or 0
	local steps = how[3] and { buckets = given.buckets or how[3] } or {}
	local description = given.description or name .. " " .. kind
	local family = metric(how[1], "prosody_" .. name, given.unit or how[2], description, label and { label } or {}, steps)
	if label then
		family = family:with_partial_label(label_value)
	end
	local it = family:with_labels()
	if how.begin then
		how.begin(it, initial)
	end
	return how.use(it)
end

-- Families for what the host measures, by their names.
local of_host = {}

local function take_over()
	for _, value in ipairs(host.values()) do
		local on_host = value.host ~= "*"
		local key = (on_host and "host " or "global ") .. value.name
		of_host[key] = of_host[key] or metric(value.counts_up and "counter" or "gauge", "prosody_" .. value.name, "", value.name, on_host and { "host" } or {})
		local family = of_host[key]
		local it = on_host and family:with_labels(value.host)
		if not on_host then
			it = family:with_labels()
		end
		it:set(value.value)
	end
end

local function cork() if stats.cork then stats:cork() end end
local function uncork() if stats.uncork then stats:uncork() end end

local function collect()
	fire_event("stats-update")
	uncork()
	take_over()
	fire_event("openmetrics-updated", { metric_registry = registry })
	return interval, registry
end

if interval then
	timer.add_task(interval, collect)
	prosody.events.add_handler("server-started", function () collect() end, -1)
end

return {
	collect = is_manual and collect or nil,
	measure = measure,
	metric = metric,
	cork = cork,
	uncork = uncork,
	get_metric_registry = function ()
		take_over()
		return registry
	end,
}
