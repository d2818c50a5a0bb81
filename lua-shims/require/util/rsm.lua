-- Counterpart: util/rsm.lua
-- Pages of long results (XEP-0059): what a <set/> says, as a table, and back.

local stanza = require "util.stanza".stanza

local xmlns_rsm = "http://jabber.org/protocol/rsm"

-- Without this one set of names a page would list its fields in a different order each time.
local field_order = { "max", "index", "after", "before", "first", "last", "count" }
local is_number = { max = true, index = true, count = true }
local is_text = { after = true, last = true }

local function digits(number)
	return ("%d"):format(number)
end

local function parse(set)
	local result = {}
	for tag in set:childtags() do
		local name, text = tag.name, tag:get_text()
		if is_number[name] then
			result[name] = tonumber(text)
		elseif is_text[name] then
			result[name] = text
		elseif name == "before" then
			result.before = text == "" or text
		elseif name == "first" then
			result.first = { text, index = tonumber(tag.attr.index) }
		end
	end
	return result
end

local function generate(fields)
	local set = stanza("set", { xmlns = xmlns_rsm })
	for i = 1, #field_order do
		local name = field_order[i]
		local value = fields[name]
		if value == nil then
			-- not part of this page
		elseif is_number[name] then
			set:text_tag(name, digits(value))
		elseif name == "before" and value == true then
			set:tag(name):up()
		elseif name == "first" and type(value) == "table" then
			set:tag(name, { index = digits(value.index) }):text(value[1]):up()
		else
			set:text_tag(name, value)
		end
	end
	return set
end

local function get(element)
	local set = element:get_child("set", xmlns_rsm)
	if set and set.tags[1] then
		return parse(set)
	end
end

return { parse = parse, generate = generate, get = get }
