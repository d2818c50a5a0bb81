local filters = require "util.filters"
local report = require "report"

local function append(text)
	return function(data) return data .. text end
end

local session = { name = "s" }
local filter = filters.initialize(session)
report.line("unfiltered", filter("stanzas/in", "x"), filter("other", nil), session.filter == filter, type(session.filters))
report.line("again", filters.initialize(session) == filter)

local a, b, c, d = append("a"), append("b"), append("c"), append("d")
filters.add_filter(session, "bytes/out", a)
filters.add_filter(session, "bytes/out", b, 10)
filters.add_filter(session, "bytes/out", c, -5)
filters.add_filter(session, "bytes/out", d)
filters.add_filter(session, "bytes/out", a, 99)
report.line("order", filter("bytes/out", ":"), filter("bytes/in", ":"))
report.line("remove", filters.remove_filter(session, "bytes/out", b), filters.remove_filter(session, "bytes/out", b),
	filters.remove_filter(session, "bytes/in", a), filters.remove_filter({}, "bytes/in", a))
report.line("then", filter("bytes/out", ":"))
filters.add_filter(session, "bytes/out", b, 0)
report.line("added again", filter("bytes/out", ":"))

local dropped = {}
filters.add_filter(session, "stanzas/in", function(data, from)
	dropped[#dropped + 1] = data .. from.name
	return nil
end, 1)
filters.add_filter(session, "stanzas/in", a)
report.line("held back", filter("stanzas/in", "x"), dropped)
filters.add_filter(session, "stanzas/out", function() return false end)
report.line("false", filter("stanzas/out", "x"))

local seen = {}
local function hook(new) seen[#seen + 1] = new.name end
filters.add_filter_hook(hook)
local other = { name = "t" }
filters.add_filter(other, "bytes/in", b)
filters.add_filter(other, "bytes/in", c)
report.line("hooks", seen, other.filter("bytes/in", ":"))
filters.initialize({ name = "u" })
filters.initialize(other)
filters.remove_filter_hook(hook)
filters.remove_filter_hook(hook)
filters.initialize({ name = "v" })
report.line("hooks then", seen)
