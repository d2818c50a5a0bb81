-- Counterpart: util/template.lua
-- Stanzas from XML with places {name} in texts and attributes: template [[<a b="{c}"/>]].apply { c = "d" }.
-- Templates are kept by their text.

local cache = require "util.cache"
local stanza = require "util.stanza".stanza
local parse = require "util.xml".parse
local gsub, match = string.gsub, string.match
local error, ipairs, pairs, setmetatable, tostring = error, ipairs, pairs, setmetatable, tostring

local kept_templates = 500

local function fill(text, data)
	return (gsub(text, "{([^}]*)}", function(name)
		return tostring(data[name] or "")
	end))
end

-- A function that builds what an element describes; it knows the element's text without the blanks around it.
local function builder(element, parent_xmlns)
	local name, attributes = element.name, {}
	for attribute, value in pairs(element.attr) do
		if attribute ~= "xmlns" or value ~= parent_xmlns then
			attributes[attribute] = value
		end
	end
	local children, size = {}, 0
	for _, child in ipairs(element) do
		local kept
		if type(child) == "string" then
			kept = match(child, "^%s*(.-)%s*$")
			if kept == "" then
				kept = nil
			end
		else
			kept = builder(child, element.attr.xmlns)
		end
		if kept then
			size = size + 1
			children[size] = kept
		end
	end

	return function(data)
		local filled = {}
		for attribute, value in pairs(attributes) do
			filled[attribute] = fill(value, data)
		end
		local built = stanza(name, filled)
		for index = 1, size do
			local child = children[index]
			if type(child) == "string" then
				built:text(fill(child, data))
			else
				built:add_child(child(data))
			end
		end
		return built
	end
end

local template_mt = {
	__tostring = function(self)
		return self.name
	end,
}
local templates = cache.new(kept_templates)

return function(text)
	local template = templates:get(text)
	if not template then
		local root, message = parse(text)
		if not root then
			error(message)
		end
		local caller = debug.getinfo(2, "Sl")
		local name = "template(unknown)"
		if caller then
			name = "template(" .. match(caller.short_src, "[^\\/]*$") .. ":" .. caller.currentline .. ")"
		end
		template = setmetatable({ apply = builder(root, ""), name = name, text = text }, template_mt)
		templates:set(text, template)
	end
	return template
end
