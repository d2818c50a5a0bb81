-- Counts what it sees, in all ways that modules have.

local seen = module:metric("counter", "seen", "events", "Events that were seen", { "kind" });
local measure_size = module:measure("size", "sizes");
local set_load = module:measure("load", "amount");
local begin = module:measure("handling", "times");
local names = {};

module:wrap_event(false, function (handlers, name, event)
	names[#names + 1] = name;
	return handlers(name, event);
end);

module:hook("counting/see", function (event)
	local done = begin();
	seen:with_labels(event.kind):add(2);
	measure_size(event.size);
	set_load(7);
	done();
	return table.concat(names, " ");
end);

module:hook("counting/render", function ()
	local registry = require "core.statsmanager".get_metric_registry();
	return registry and registry:render() or "nothing";
end);

-- Events of three buses
local own_bus = require "util.events".new();
module:measure_event("counting/timed");
module:measure_global_event("counting/global", "everywhere");
module:measure_object_event(own_bus, "counting/own");
module:hook("counting/fire", function ()
	module:fire_event("counting/timed", {});
	prosody.events.fire_event("counting/global", {});
	own_bus.add_handler("counting/own", function (event) return event.value; end);
	return tostring(own_bus.fire_event("counting/own", { value = "kept" }));
end);

-- What other modules do with the registry
module:hook("counting/walk", function ()
	local statsmanager = require "core.statsmanager";
	local registry = statsmanager.get_metric_registry();
	local family = registry:get_metric_families()["prosody_mod_counting/seen_events"];
	local lines = { family.type_, family.unit, table.concat(family.label_keys, ","), tostring(statsmanager.collect ~= nil) };
	for labels, metric in family:iter_metrics() do
		for suffix, extra, value in metric:iter_samples() do
			if suffix == "_total" then lines[#lines + 1] = table.concat(labels, ",") .. " " .. tostring(extra) .. " " .. value; end
		end
	end
	statsmanager.measure("distribution", "old/way", "apples", "who", "me")(3);
	registry:gauge("by_hand", "rooms", "x", { "host" }):with_labels("here"):set(9);
	return table.concat(lines, " | ");
end);
module:hook("counting/bad", function (event)
	local problems = {};
	for i, what in ipairs {
		function () return module:measure("x", "nonsense"); end,
		function () return module:metric("nonsense", "x"); end,
		function () return module:metric("histogram", "x"); end,
		function () seen:with_labels(); end,
		function () set_load("many"); end,
	} do
		local ok, problem = pcall(what);
		problems[i] = tostring(problem);
	end
	return table.concat(problems, "\n");
end);
