local rsm = require "util.rsm"
local st = require "util.stanza"
local report = require "report"

local xmlns = "http://jabber.org/protocol/rsm"

-- Our fields come in a fixed order, the original's in any.
local function sorted(set)
	local lines = {}
	for _, tag in ipairs(set.tags) do lines[#lines + 1] = report.dump(tag) end
	table.sort(lines)
	return set.name, set.attr.xmlns, table.concat(lines)
end

for _, fields in ipairs({
	{},
	{ max = 10 },
	{ max = 0, before = true },
	{ before = "id" },
	{ before = "" },
	{ after = "id", max = 3, index = 7 },
	{ first = "a", last = "b", count = 800 },
	{ first = { "a", index = 0 }, last = "b", count = 2 },
	{ first = { index = 3 }, count = 10.0 },
	{ unknown = "x", other = 3 },
	{ max = 4000000000 },
	{ after = "<&>" },
}) do
	report.call("generate " .. report.dump(fields), function() return sorted(rsm.generate(fields)) end)
end
report.call("generate a fraction", rsm.generate, { max = 1.5 })
report.call("generate a first without index", rsm.generate, { first = { "a" } })
report.call("generate no number", rsm.generate, { max = {} })

local function set(...)
	local element = st.stanza("set", { xmlns = xmlns })
	for _, child in ipairs({ ... }) do element:add_child(child) end
	return element
end
local function tag(name, text, attr)
	return st.stanza(name, attr):text(text)
end

for _, element in ipairs({
	set(),
	set(tag("max", "10"), tag("before")),
	set(tag("before", "x"), tag("after", "y"), tag("index", "3")),
	set(tag("first", "a", { index = "4" }), tag("last", "b"), tag("count", "19")),
	set(tag("first", "a")),
	set(tag("first")),
	set(tag("max", "many"), tag("count", ""), tag("index", " 12 "), tag("other", "x")),
	set(tag("max", "4000000000"), tag("index", "-1"), tag("count", "0x10")),
	set(tag("after")),
	set(tag("last"), tag("first", "x", { index = "?" })),
	set(tag("max", "1"), tag("max", "2")),
}) do
	report.line("parse " .. report.dump(element), rsm.parse(element))
	report.line("get", rsm.get(st.stanza("query"):add_child(element)))
end
report.line("get without a set", rsm.get(st.stanza("query")))
report.line("get of another namespace", rsm.get(st.stanza("query"):tag("set", { xmlns = "x" }):text_tag("max", "1"):reset()))

-- Kinds of numbers, and what is no field.
for _, text in ipairs({ "10", "10.0", "1e1", "0x10", "0x1p4", "9007199254740991", "-0", "+7", "", "1 2" }) do
	local page = rsm.parse(set(tag("max", text), tag("first", "a", { index = text })))
	report.line("kind of " .. text, page.max, math.type(page.max), page.first.index, math.type(page.first.index))
end
report.line("values", select("#", rsm.get(st.stanza("query"))), getmetatable(rsm.parse(set())), getmetatable(rsm.generate({})) == getmetatable(st.stanza("x")))
report.line("text and elements", rsm.parse(set(st.stanza("before"):tag("x"):up(), st.stanza("after"):text("a"):tag("x"):up():text("b"))))
report.line("other namespaces", rsm.parse(set(tag("max", "1", { xmlns = "urn:other" }), tag("count", "2", { xmlns = xmlns }))))
for _, fields in ipairs({
	{ after = 5 },
	{ after = true },
	{ before = 5 },
	{ before = {} },
	{ first = 5 },
	{ first = { "a", index = "x" } },
	{ last = {} },
	{ max = false },
	{ max = true },
	{ max = "ten" },
	{ count = 1 / 0 },
	{ count = 0 / 0 },
	{ max = "10" },
	{ max = " 0x10 " },
	{ max = "10.0" },
	{ first = { "a", index = "3" } },
	{ max = -1, index = -0.0 },
	{ max = 9007199254740992 },
	{ before = false },
	{ after = false },
	{ first = false },
	{ first = {} },
	{ first = true },
	{ "a", "b" },
}) do
	report.call("generate " .. report.dump(fields), function() return sorted(rsm.generate(fields)) end)
end
for _, name in ipairs({ "parse", "generate", "get" }) do
	report.call(name .. " of nothing", rsm[name])
	report.call(name .. " of text", rsm[name], "max")
	report.call(name .. " of true", rsm[name], true)
end
report.call("get of a number", rsm.get, 5)
report.call("parse of a page", rsm.parse, { max = 1 })
local page = rsm.parse(rsm.generate({ max = 1, first = { "a", index = 0 } }))
page.own, page.first.own = 1, 2
report.line("a page is a table of its own", page)
