-- Counterpart: util/caps.lua
-- The verification string of entity capabilities (XEP-0115 section 5.1).

local base64 = require "util.encodings".base64.encode
local sha1 = require "util.hashes".sha1

local t_concat, t_sort = table.concat, table.sort

-- Parts are joined by a zero while they are sorted, since it sorts below any character of theirs.
local function identity(attr)
	return t_concat({ attr.category or "", attr.type or "", attr["xml:lang"] or "", attr.name or "" }, "\0")
end

local function form_field(field)
	local values = {}
	for _, value in ipairs(field.tags) do
		if #value.tags == 0 then
			values[#values + 1] = value:get_text()
		end
	end
	t_sort(values)
	return values
end

local function form(x)
	local fields, form_type = {}, nil
	for _, field in ipairs(x.tags) do
		local var = field.attr.var
		if field.name == "field" and var then
			local values = form_field(field)
			if var == "FORM_TYPE" then
				form_type = values[1]
			elseif values[1] then
				fields[#fields + 1] = var .. "\0" .. t_concat(values, "<")
			else
				fields[#fields + 1] = var
			end
		end
	end
	t_sort(fields)
	local text = t_concat(fields, "<")
	return form_type and form_type .. "\0" .. text or text
end

local function joined(parts, separator)
	if not parts[1] then return "" end
	t_sort(parts)
	return (t_concat(parts, "<"):gsub("\0", separator)) .. "<"
end

-- Takes the element whose children are identities, features and forms; gives the hash and the text that it is made of.
local function calculate_hash(disco_info)
	local identities, features, forms = {}, {}, {}
	for _, tag in ipairs(disco_info) do
		if type(tag) == "table" then
			local attr = tag.attr
			if tag.name == "identity" then
				identities[#identities + 1] = identity(attr)
			elseif tag.name == "feature" then
				features[#features + 1] = attr.var or ""
			elseif tag.name == "x" and attr.xmlns == "jabber:x:data" then
				forms[#forms + 1] = form(tag)
			end
		end
	end
	local text = joined(identities, "/") .. joined(features, "\0") .. joined(forms, "<")
	return base64(sha1(text)), text
end

return { calculate_hash = calculate_hash }
