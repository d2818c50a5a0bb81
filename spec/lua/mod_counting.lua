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
