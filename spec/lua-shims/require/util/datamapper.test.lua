local datamapper = require "util.datamapper"
local st = require "util.stanza"
local report = require "report"

-- Properties of a schema are walked in any order, and so are children written.
local function sorted(element)
	if not element then return element end
	local copy, children = st.stanza(element.name, element.attr), {}
	for _, child in ipairs(element) do children[#children + 1] = type(child) == "table" and sorted(child) or child end
	local keys = {}
	for _, child in ipairs(children) do keys[child] = report.dump(child) end
	table.sort(children, function(a, b) return keys[a] < keys[b] end)
	for _, child in ipairs(children) do
		if type(child) == "table" then copy:add_direct_child(child) else copy:text(child) end
	end
	return copy
end

local function round(name, schema, element, root)
	local ok, data = pcall(datamapper.parse, schema, element)
	if not ok then return print(name .. ": raises") end
	report.line(name, data)
	report.call(name .. " back", function() return sorted(datamapper.unparse(schema, data, root)) end)
end

local function message()
	return st.stanza("message", { xmlns = "jabber:client", from = "a@b", id = "1", type = "chat", ["xml:lang"] = "en", ["urn:ns\1special"] = "s" })
end

local schema = {
	type = "object",
	xml = { name = "message", namespace = "jabber:client" },
	properties = {
		from = { type = "string", xml = { attribute = true } },
		id = { type = "string", xml = { attribute = true } },
		kind = { type = "string", xml = { attribute = true, name = "type" }, enum = { "chat", "groupchat" } },
		lang = { type = "string", xml = { attribute = true, prefix = "xml" } },
		special = { type = "string", xml = { attribute = true, namespace = "urn:ns" } },
		body = { type = "string" },
		delay = {
			type = "object", xml = { namespace = "urn:xmpp:delay" },
			properties = {
				from = { type = "string", xml = { attribute = true } },
				stamp = { type = "string", xml = { attribute = true } },
				reason = { type = "string", xml = { text = true } },
			},
		},
		state = {
			type = "string", enum = { "active", "inactive", "composing" },
			xml = { namespace = "http://jabber.org/protocol/chatstates", x_name_is_value = true },
		},
		any = { type = "string", xml = { namespace = "urn:any", x_name_is_value = true } },
		fallback = { type = "array", items = { type = "object", xml = { name = "fallback", namespace = "urn:fb" }, properties = {
			to = { type = "string", xml = { attribute = true, name = "for" } },
		} } },
		origin_id = { type = "string", xml = { name = "origin-id", namespace = "urn:sid", x_single_attribute = "id" } },
		react = {
			type = "object", xml = { name = "reactions", namespace = "urn:react" },
			properties = {
				to = { type = "string", xml = { name = "id", attribute = true } },
				reactions = { type = "array", items = { type = "string", xml = { name = "reaction" } } },
			},
		},
		flags = { type = "array", xml = { wrapped = true, name = "flags", namespace = "urn:flags" },
			items = { type = "string", xml = { name = "flag", namespace = "urn:flags" } } },
		pins = { type = "array", items = { type = "string", xml = { name = "pin", namespace = "urn:pin", x_single_attribute = "at" } } },
		urgent = { type = "boolean", xml = { namespace = "urn:urgent", x_name_is_value = true } },
		count = { type = "integer" }, ratio = { type = "number" }, yes = { type = "boolean" }, no = { type = "boolean" },
		guessed = { properties = { x = {} } }, guessed_text = {},
	},
}

round("empty", schema, st.stanza("message", { xmlns = "jabber:client" }))
round("simple", schema, message():text_tag("body", "hi"))
round("everything", schema, message()
	:text_tag("body", "hi")
	:tag("delay", { xmlns = "urn:xmpp:delay", from = "c@d", stamp = "now" }):text("slow"):up()
	:tag("composing", { xmlns = "http://jabber.org/protocol/chatstates" }):up()
	:tag("whatever", { xmlns = "urn:any" }):up()
	:tag("fallback", { xmlns = "urn:fb", ["for"] = "x" }):up():tag("fallback", { xmlns = "urn:fb", ["for"] = "y" }):up()
	:tag("origin-id", { xmlns = "urn:sid", id = "o1" }):up()
	:tag("reactions", { xmlns = "urn:react", id = "m1" }):text_tag("reaction", "a"):text_tag("reaction", "b"):up()
	:tag("flags", { xmlns = "urn:flags" }):text_tag("flag", "f1"):text_tag("flag", "f2"):up()
	:tag("pin", { xmlns = "urn:pin", at = "p1" }):up():tag("pin", { xmlns = "urn:pin", at = "p2" }):up()
	:tag("urgent", { xmlns = "urn:urgent" }):up()
	:text_tag("count", "12"):text_tag("ratio", "1.5"):text_tag("yes", "true"):text_tag("no", "0")
	:tag("guessed"):text_tag("x", "in"):up():text_tag("guessed_text", "t"))
round("odd values", schema, message():text_tag("count", "many"):text_tag("ratio", "1e3"):text_tag("yes", "maybe"):text_tag("no", "")
	:tag("active", { xmlns = "other" }):up():tag("gone", { xmlns = "http://jabber.org/protocol/chatstates" }):up()
	:tag("reactions", { xmlns = "urn:react", id = "m1" }):up())
report.line("wrong types", sorted(datamapper.unparse(schema, { body = 7, count = "x", yes = 1, delay = "x", react = { reactions = "x" }, kind = true })))
report.line("numbers", sorted(datamapper.unparse(schema, { count = 4000000000.0, ratio = 0.1 })), sorted(datamapper.unparse(schema, { ratio = 1e20 })))

local list = {
	type = "array", xml = { name = "list", namespace = "urn:list" },
	items = { type = "object", xml = { name = "item" }, properties = { n = { type = "integer", xml = { attribute = true } } } },
}
round("a list", list, st.stanza("list", { xmlns = "urn:list" }):tag("item", { n = "1" }):up():tag("item", { n = "2" }):up():tag("other"):up())

local texts = { type = "array", xml = { name = "texts", namespace = "urn:t" }, items = { type = "string", xml = { name = "text", text = true } } }
round("a list of texts", texts, st.stanza("texts", { xmlns = "urn:t" }):text_tag("text", "a"):text_tag("text", "b"))

local referring = {
	type = "object", xml = { name = "query", namespace = "urn:q" },
	["$defs"] = { person = { type = "object", properties = { name = { type = "string" } } } },
	properties = {
		owner = { ["$ref"] = "#/$defs/person" },
		friends = { type = "array", xml = { wrapped = true, name = "friends" }, items = { ["$ref"] = "#/$defs/person" } },
	},
}
report.call("references", datamapper.parse, referring, st.stanza("query", { xmlns = "urn:q" })
	:tag("owner"):text_tag("name", "A"):up():tag("friends"):tag("person"):text_tag("name", "B"):up():up())
report.call("references back", function() return sorted(datamapper.unparse(referring, { owner = { name = "A" } })) end)
round("lists of lists", { type = "object", xml = { name = "m", namespace = "urn:m" }, properties = {
	rows = { type = "array", items = { type = "array", xml = { name = "row" }, items = { type = "integer", xml = { name = "cell", text = true } } } },
} }, st.stanza("m", { xmlns = "urn:m" }):tag("row"):text_tag("cell", "1"):text_tag("cell", "2"):up():tag("row"):text_tag("cell", "3"):up())

report.call("a scalar", datamapper.parse, { type = "string" }, message())
report.call("types as a list", datamapper.parse, { type = { "string", "null" } }, message())
report.call("a text as schema", datamapper.parse, { type = "object", properties = { x = "string" } }, message())
report.call("named", datamapper.unparse, { type = "object", properties = { x = { type = "string" } } }, { x = "1" }, "thing", "urn:thing")
