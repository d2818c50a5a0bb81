-- Filters what clients send and are sent, as util.filters lets modules.
local filters = require "util.filters"
local st = require "util.stanza"

local seen = module:shared("seen")
seen.lines = {}

local function note(...)
	seen.lines[#seen.lines + 1] = table.concat({ ... }, " ")
end

local function outgoing(stanza, session)
	if stanza.name ~= "message" then return stanza end
	note("out", session.resource, stanza:get_child_text("body"))
	local body = stanza:get_child_text("body")
	if body == "swallow" then return nil end
	if body == "fail" then error("on purpose") end
	if body == "replace" then return st.message({ from = stanza.attr.from, to = stanza.attr.to, id = "new" }):text_tag("body", "replaced") end
	stanza:tag("seen", { xmlns = "urn:example:seen", by = session.username }):up()
	return stanza
end

local function last(stanza, session)
	if stanza.name == "message" then note("last", session.resource, stanza:get_child_text("body")) end
	return stanza
end

local function incoming(stanza, session)
	if stanza.name == "message" then note("in", session.resource, stanza:get_child_text("body")) end
	if stanza:get_child_text("body") == "keep to yourself" then return nil end
	return stanza
end

module:hook("resource-bind", function(event)
	local session = event.session
	filters.add_filter(session, "stanzas/out", last, -10)
	filters.add_filter(session, "stanzas/out", outgoing)
	filters.add_filter(session, "stanzas/in", incoming)
end)

module:hook("stop-filtering", function(event)
	local session = event.session
	for _, callback in ipairs({ outgoing, last, last }) do
		local removed = filters.remove_filter(session, "stanzas/out", callback)
		note("stopped", tostring(removed))
	end
	local removed = filters.remove_filter(session, "stanzas/in", incoming)
	note("stopped", tostring(removed))
end)

module:hook("filtered-lines", function() return table.concat(seen.lines, "\n") end)
