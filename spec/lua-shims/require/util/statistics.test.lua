package.loaded["util.time"] = {
	now = function()
		return 1000
	end,
}
local registry = require "util.statistics".new().metric_registry

registry:gauge("room/count", "rooms", 'With "quotes"\nand\\more'):with_labels():set(5)
registry:gauge("0weird", "", "x"):with_labels():add(1.5)
local messages = registry:counter("messages", "", "Messages", { "host", "kind" })
messages:with_labels("a.example", "chat"):add(2)
messages:with_labels("b.example", 'q"uo\\te'):add(1)
messages:with_labels("a.example", "chat"):add(1)
local times = registry:histogram("time", "seconds", "Times", { "host" }, { buckets = { 0.1, 1, 10 } })
for _, seconds in ipairs { 0.05, 0.5, 5, 50, 1 } do
	times:with_labels("a"):sample(seconds)
end
registry:summary("sizes", "bytes", "Sizes"):with_labels():sample(7)

local function rendered()
	local lines = {}
	for line in registry:render():gmatch("[^\n]*\n") do
		lines[#lines + 1] = line
	end
	table.sort(lines)
	return lines
end
for _, line in ipairs(rendered()) do
	compare("line", nil, line)
end
ours_only("sample", "true", function()
	return registry:render():find('time_seconds_bucket{host="a",le="1"} 3\n', 1, true) ~= nil
end)
for _, family in pairs(registry:get_metric_families()) do
	family:clear()
end
for _, line in ipairs(rendered()) do
	compare("cleared", nil, line)
end
