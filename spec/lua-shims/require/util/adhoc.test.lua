local adhoc = require "util.adhoc"
local dataforms = require "util.dataforms"
local st = require "util.stanza"
local report = require "report"

local form = dataforms.new({
	title = "A form",
	{ name = "FORM_TYPE", type = "hidden", value = "urn:example" },
	{ name = "word", type = "text-single", required = true },
})
local filled = form:form({ word = "hello" }, "submit")
local empty = form:form({}, "submit")

local function result_handler(fields, err, data)
	return { status = "completed", fields = fields, err = err, node = data.node }, "done"
end

local function try(name, handler)
	report.call(name .. " first step", handler, {}, { node = "n" })
	report.call(name .. " filled", handler, {}, { node = "n", form = filled }, nil)
	report.call(name .. " filled with state", handler, {}, { node = "n", form = filled }, "executing")
	report.call(name .. " empty", handler, {}, { node = "n", form = empty }, "executing")
	report.call(name .. " canceled", handler, {}, { node = "n", action = "cancel" }, "executing")
	report.call(name .. " canceled with a form", handler, {}, { node = "n", action = "cancel", form = filled })
	report.call(name .. " canceled at first", handler, {}, { node = "n", action = "cancel" })
	report.call(name .. " state without a form", handler, {}, { node = "n", action = "next" }, "executing")
end

try("simple", adhoc.new_simple_form(form, result_handler))
try("with data", adhoc.new_initial_data_form(form, function(data) return { word = data.node } end, result_handler))
try("with a text as error", adhoc.new_initial_data_form(form, function() return nil, "no luck" end, result_handler))
try("with an error", adhoc.new_initial_data_form(form, function()
	return nil, { type = "wait", condition = "conflict", "later" }
end, result_handler))
try("with an odd error", adhoc.new_initial_data_form(form, function() return { word = "x" }, 7 end, result_handler))

local first = adhoc.new_initial_data_form(form, function() return {} end, result_handler)({}, {})
report.line("the same layout", first.form.layout == form, st.is_stanza(first.form))
