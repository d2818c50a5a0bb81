local presence = require "util.presence"
local report = require "report"

local function user(...)
	local sessions = {}
	for i, session in ipairs({ ... }) do
		sessions["r" .. i] = { resource = "r" .. i, presence = session[1], priority = session[2] }
	end
	return { sessions = sessions }
end
local function names(sessions)
	local list = {}
	for i, session in ipairs(sessions or {}) do list[i] = session.resource end
	table.sort(list)
	return sessions and list
end

for _, case in ipairs({
	user(), user({ nil, 5 }), user({ "p", 0 }), user({ "p", -1 }), user({ "p", 0 }, { "p", 0 }),
	user({ "p", 1 }, { "p", 5 }, { "p", 5 }, { "p", 3 }, { nil, 9 }, { "p", -7 }),
}) do
	local selected = names(presence.select_top_resources(case))
	presence.recalc_resource_map(case)
	report.line("top resources", selected, names(case.top_resources))
end
report.call("nobody", presence.recalc_resource_map, nil)
