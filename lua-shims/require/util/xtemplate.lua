-- Counterpart: util/xtemplate.lua
-- Templates over stanzas: {path} is the text or attribute that stanza:find(path) finds, {.} the stanza and {#} its text.
-- What follows a bar changes it: {path|filter(args){template}}, with each, and, or built in. A minus sign inside a bracket
-- takes away the blanks outside.

local st = require "util.stanza"
local gsub, match, sub = string.gsub, string.match, string.sub
local concat = table.concat
local error, type = error, type

local render

-- A filter with what may follow it in any combination: where it ends, its name, arguments and template.
local function read_filter(text, position)
	local name, next_position = match(text, "^(%w+)()", position)
	if not name then
		return nil
	end
	local args, template
	local found, stop = match(text, "^(%b())()", next_position)
	if found then
		args, next_position = sub(found, 2, -2), stop
	end
	found, stop = match(text, "^(%b{})()", next_position)
	if found then
		template, next_position = sub(found, 2, -2), stop
	end
	return next_position, name, args, template
end

-- The template for each child by a path such as "{namespace}name", of which either part may be left out.
local function render_each(parent, path, template, escape, filters)
	local namespace, name = match(path, "^(%b{})(.*)$")
	if namespace then
		namespace = sub(namespace, 2, -2)
	else
		name = path
	end
	if namespace == "" then
		namespace = nil
	end
	if name == "" then
		name = nil
	end
	local parts, size = {}, 0
	for child in parent:childtags(name, namespace) do
		size = size + 1
		parts[size] = render(template, child, escape, filters)
	end
	return concat(parts)
end

local function look_up(root, path)
	if path == "." then
		return root
	elseif path == "#" then
		return root:get_text()
	end
	return root:find(path)
end

-- The text for what stands in one pair of brackets; nil leaves them as they are.
local function fill(inner, root, escape, filters)
	local path, bar, position = match(inner, "^([^|]+)(|?)()")
	if not path then
		return nil
	end
	local value, escaped = look_up(root, path), false
	while bar == "|" do
		local stop, name, args, template = read_filter(inner, position)
		if not stop then
			break
		end
		if name == "each" and template then
			if not st.is_stanza(value) then
				return ""
			end
			-- Without arguments the children are the stanza's own, by the path itself.
			if args then
				value = render_each(value, args, template, escape, filters)
			else
				value = render_each(root, path, template, escape, filters)
			end
			escaped = true
		elseif (name == "and" or name == "or") and template then
			local condition = value
			if args then
				condition = root:find(args)
			end
			if (name == "and") == not not condition then
				value, escaped = render(template, root, escape, filters), true
			end
		elseif filters and filters[name] then
			value, escaped = filters[name](value, args, template)
		else
			error("No such filter function: " .. name)
		end
		bar, position = match(inner, "^(|?)()", stop)
	end
	if type(value) ~= "string" then
		value, escaped = st.is_stanza(value) and value:get_text(), false
	end
	if not value then
		return ""
	elseif escaped then
		return value
	end
	return escape(value)
end

function render(template, root, escape, filters)
	escape = escape or st.xml_escape
	return (
		gsub(template, "(%s*)(%b{})(%s*)", function(before, block, after)
			local inner = sub(block, 2, -2)
			if sub(inner, 1, 1) == "-" then
				before, inner = "", sub(inner, 2)
			end
			if sub(inner, -1) == "-" then
				after, inner = "", sub(inner, 1, -2)
			end
			local text = fill(inner, root, escape, filters)
			return text and before .. text .. after
		end)
	)
end

return { render = render }
