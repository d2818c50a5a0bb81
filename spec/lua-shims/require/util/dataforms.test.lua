local dataforms = require "util.dataforms"
local st = require "util.stanza"
local report = require "report"

local layout = dataforms.new({
	title = "Everything",
	instructions = "Fill it in",
	{ name = "FORM_TYPE", type = "hidden", value = "urn:example:form" },
	{ type = "fixed", value = "A heading" },
	{ name = "named", type = "fixed", value = "with a name" },
	{ name = "flag", type = "boolean", label = "Flag", value = true },
	{ name = "word", type = "text-single", label = "Word", desc = "One word", required = true },
	{ name = "secret", type = "text-private", value = "hush" },
	{ name = "lines", type = "text-multi", value = "one\ntwo\r\n\r\nthree\n" },
	{ name = "jid", type = "jid-single", value = "a@b" },
	{ name = "jids", type = "jid-multi", value = { "a@b", "c@d/e" } },
	{ name = "one", type = "list-single", options = {
		"plain", { label = "Labelled", value = "labelled" }, { label = "Chosen", value = "chosen", default = true },
	} },
	{ name = "many", var = "urn:many", type = "list-multi", options = {
		{ label = "A", value = "a", default = true }, { label = "B", value = "b" }, { label = "C", value = "c", default = true },
	} },
	{ name = "fixed-choice", type = "list-single", value = "y", options = { "x", "y" } },
	{ name = "count", type = "text-single", datatype = "xs:integer", range_min = 1, range_max = 10, value = 5 },
	{ name = "least", type = "text-single", datatype = "xs:integer", range_min = -3 },
	{ name = "limit", type = "text-single", datatype = "pubsub:integer-or-max", value = "max" },
	{ name = "when", type = "text-single", datatype = "xs:dateTime", value = 1668105000 },
	{ name = "ratio", type = "text-single", datatype = "xs:decimal", value = 1.5 },
	{ name = "double", type = "text-single", datatype = "xs:double", value = 2 },
	{ name = "untyped", value = "no type" },
	{ name = "odd", type = "odd-type", value = "kept back" },
	{ name = "snippet", type = "hidden", value = st.stanza("thing", { xmlns = "urn:thing" }):text("in") },
	{ name = "picture", type = "text-single", media = {
		height = 80, width = 290, { type = "image/png", uri = "https://example.org/a.png" }, { type = "audio/ogg", uri = "cid:x" },
	} },
})

report.line("form", layout:form())
report.line("form type", layout:form(nil, "form"))
report.line("result", layout:form({}, "result"))
report.line("submit", layout:form({}, "submit"))
report.line("cancel", layout:form({}, "cancel"))
report.line("given", layout:form({
	flag = false, word = "hi", lines = "x", jid = "z@z", jids = {}, one = "plain", many = { "b" }, count = 7.0, limit = 30,
	when = "2020-01-01T00:00:00Z", ratio = 3, untyped = 12,
}, "submit"))
report.line("options given", layout:form({
	one = { { label = "New", value = "new" }, { value = "second", default = true } },
	many = { { label = "New", value = "new" }, "plain", { value = "second", default = true } },
}))
report.line("options given to a result", layout:form({ many = { "a", "b" } }, "result"))
report.line("flags", layout:form({ flag = 0 }, "submit"):get_child_with_attr("field", nil, "var", "flag"),
	layout:form({ flag = 1 }, "submit"):get_child_with_attr("field", nil, "var", "flag"),
	layout:form({ flag = "0" }, "submit"):get_child_with_attr("field", nil, "var", "flag"))

local numbers = dataforms.new({ { name = "n", type = "text-single" } })
for _, number in ipairs({ 0, -1, 5.0, 2147483647, 4294967296.0, 1099511627776.0 }) do
	report.call("number", numbers.form, numbers, { n = number }, "submit")
end
report.call("a fraction", numbers.form, numbers, { n = 1.25 }, "submit")
report.call("a text given to a list", dataforms.new({ { name = "l", type = "list-multi" } }).form, { { name = "l", type = "list-multi" } })
report.line("bare layout", dataforms.new({}):form())

-- Reading

local function submitted(fields)
	local x = st.stanza("x", { xmlns = "jabber:x:data", type = "submit" })
	for _, field in ipairs(fields) do
		x:tag("field", { var = field.var, type = field.type })
		for _, value in ipairs(field) do x:text_tag("value", value) end
		x:up()
	end
	return x
end

local function read(name, fields, form, current)
	report.call(name, form.data, form, submitted(fields), current)
end

read("nothing", {}, layout)
read("nothing over current", {}, layout, { word = "kept", flag = false, count = 3, other = 1 })
read("its own form", {}, layout)
report.call("read its own form", layout.data, layout, layout:form())
report.call("read its own submission", layout.data, layout, layout:form({ word = "w" }, "submit"))
read("all", {
	{ var = "FORM_TYPE", "urn:example:form" }, { var = "named", "x" }, { var = "flag", "1" }, { var = "word", "hello" }, { var = "secret", "" },
	{ var = "lines", "a", "", "b" }, { var = "jid", "A@Example.ORG/R" }, { var = "jids", "A@b", "c" }, { var = "one", "x" },
	{ var = "urn:many", "a", "b" }, { var = "count", "10" }, { var = "least", "-3" }, { var = "limit", "max" },
	{ var = "when", "2022-11-10T18:30:00Z" }, { var = "ratio", "1.5" }, { var = "untyped", "u" }, { var = "odd", "o" },
	{ var = "snippet", "text" }, { var = "stranger", "x" },
}, layout)
read("without values", {
	{ var = "FORM_TYPE" }, { var = "flag" }, { var = "word" }, { var = "lines" }, { var = "jid" }, { var = "jids" }, { var = "one" },
	{ var = "urn:many" }, { var = "count" }, { var = "when" },
}, layout, { word = "kept", jid = "kept@kept" })
read("empty values", {
	{ var = "flag", "" }, { var = "word", "" }, { var = "lines", "" }, { var = "jid", "" }, { var = "jids", "" }, { var = "one", "" },
	{ var = "urn:many", "" }, { var = "count", "" }, { var = "when", "" },
}, layout)
read("wrong values", {
	{ var = "flag", "yes" }, { var = "word", "ok" }, { var = "jid", "@@" }, { var = "jids", "a@b", "@", "/x" }, { var = "count", "x" },
	{ var = "least", "1.5" }, { var = "limit", "maximum" }, { var = "when", "yesterday" },
}, layout)
read("only wrong JIDs", { { var = "word", "ok" }, { var = "jids", "@", "/x" } }, layout)
for _, value in ipairs({ "0", "1", "10", "11", "5.0", "5.5", "0x5", " 5 ", "1e1", "", "-0", "99999999999" }) do
	read("count " .. value, { { var = "word", "w" }, { var = "count", value }, { var = "limit", value } }, layout)
end
for _, value in ipairs({ "true", "false", "1", "0", "TRUE", "" }) do
	read("flag " .. value, { { var = "word", "w" }, { var = "flag", value } }, layout)
end
for _, value in ipairs({ "2022-11-10T18:30:00Z", "2022-11-10T18:30:00+01:00", "2022-11-10" }) do
	read("when " .. value, { { var = "word", "w" }, { var = "when", value } }, layout)
end
read("twice", { { var = "word", "first" }, { var = "word", "second" } }, layout)
read("by name instead of var", { { var = "word", "w" }, { var = "many", "a" } }, layout)

local required = dataforms.new({
	{ name = "FORM_TYPE", type = "hidden", required = true },
	{ name = "a", type = "text-multi", required = true }, { name = "b", type = "list-multi", required = true },
	{ name = "c", type = "jid-multi", required = true }, { name = "d", type = "jid-single", required = true },
	{ name = "e", type = "boolean", required = true }, { name = "f", type = "list-single", required = true },
	{ name = "g", type = "text-single", datatype = "xs:integer", required = true },
})
read("required missing", {}, required)
read("required without values", {
	{ var = "a" }, { var = "b" }, { var = "c" }, { var = "d" }, { var = "e" }, { var = "f" }, { var = "g" }, { var = "FORM_TYPE" },
}, required)
read("required of current", {}, required, { a = "", b = {}, c = {}, d = "", e = false, f = "", g = 0, FORM_TYPE = "" })
report.line("required form", required:form())

local other = st.stanza("x", { xmlns = "jabber:x:data" }):tag("field", { var = "word", xmlns = "other" }):text_tag("value", "w"):up()
report.call("a field of another namespace", layout.data, layout, other)

report.line("type", dataforms.get_type(layout:form()))
report.line("type of none", dataforms.get_type(st.stanza("x", { xmlns = "jabber:x:data" })))
report.line("type without value", dataforms.get_type(submitted({ { var = "other", "x" }, { var = "FORM_TYPE" } })))
report.line("type of no form", dataforms.get_type(st.stanza("x", { xmlns = "other" })))
report.line("type of another element", dataforms.get_type(st.stanza("y", { xmlns = "jabber:x:data" })))
report.line("type of no stanza", dataforms.get_type({}))
report.line("type of a text", dataforms.get_type("x"))
