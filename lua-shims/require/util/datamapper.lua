-- Counterpart: util/datamapper.lua
-- Reads XML into tables and writes it from them, as a JSON schema says whose `xml` parts tell where each value is found.

local st = require "util.stanza"
local resolve_pointer = require "util.jsonpointer".resolve

-- A schema may stand elsewhere in the whole one, and be referred to.
local function resolved(schema, root)
	local reference = type(schema) == "table" and schema["$ref"]
	if reference and reference:sub(1, 1) == "#" then
		return (resolve_pointer(root, reference:sub(2)))
	end
	return schema
end

local function type_of(schema)
	local declared = schema.type
	if type(declared) == "string" then
		return declared
	elseif declared ~= nil then
		error("schema has unsupported 'type' property")
	end
	return schema.properties and "object" or schema.items and "array" or "string"
end

-- Where the value of a schema is in the XML, and what it is there.
local function place_of(schema, property, current_namespace)
	if type(schema) == "string" then
		error("schema as string is not supported: " .. schema .. " {" .. tostring(current_namespace) .. "}" .. tostring(property))
	end
	local place = { type = "string", where = property and "child_text" or "text", name = property }
	if type(schema) ~= "table" then
		return place
	end

	place.type = type_of(schema)
	if place.type == "object" or place.type == "array" then
		place.where = "child"
	end
	if schema.const then
		place.allowed = { schema.const }
	else
		place.allowed = schema.enum
	end
	local xml = schema.xml
	if not xml then
		return place
	end
	place.name = xml.name or place.name
	place.prefix = xml.prefix
	if xml.namespace ~= current_namespace then
		place.namespace = xml.namespace
	end
	if place.type == "array" and xml.wrapped then
		place.where = "wrapper"
	elseif xml.attribute then
		place.where = "attribute"
	elseif xml.text then
		place.where = "text"
	elseif xml.x_name_is_value then
		place.where = "tag_name"
	elseif xml.x_single_attribute then
		place.where = "child_attribute"
		place.attribute = xml.x_single_attribute
	end
	return place
end

-- The name of an attribute as elements hold it: with its prefix, or its namespace before a \1.
local function attribute_name(place, name, current_namespace)
	if place.prefix then
		return place.prefix .. ":" .. name
	elseif place.namespace and place.namespace ~= current_namespace then
		return place.namespace .. "\1" .. name
	end
	return name
end

-- Reading

local function tag_name_at(element, place)
	local child
	if place.type == "boolean" then
		child = element:get_child(place.name, place.namespace)
	elseif place.allowed and place.type == "string" then
		for i = 1, #place.allowed do
			child = element:get_child(place.allowed[i], place.namespace)
			if child then break end
		end
	else
		child = element:get_child(nil, place.namespace)
	end
	return child and child.name
end

local function text_at(element, place)
	local where = place.where
	if where == "child_text" then
		return element:get_child_text(place.name, place.namespace)
	elseif where == "attribute" then
		return element.attr[attribute_name(place, place.name, element.attr.xmlns)]
	elseif where == "text" then
		return element:get_text()
	elseif where == "tag_name" then
		return tag_name_at(element, place)
	elseif where == "child_attribute" then
		local child = element:get_child(place.name, place.namespace)
		return child and child.attr[place.attribute]
	end
end

local function value_of(text, value_type)
	if not text then
		return nil
	elseif value_type == "string" then
		return text
	elseif value_type == "boolean" then
		return text ~= "false" and text ~= "0"
	elseif value_type == "number" or value_type == "integer" then
		return tonumber(text)
	end
end

local parse_array

local function parse_object(schema, element, root)
	local out = {}
	schema = resolved(schema, root)
	if type(schema) ~= "table" or not schema.properties then
		return out
	end
	local namespace = element.attr.xmlns
	for property, property_schema in pairs(schema.properties) do
		property_schema = resolved(property_schema, root)
		local place = place_of(property_schema, property, namespace)
		if place.where == "child" and place.type == "object" then
			local child = element:get_child(place.name, place.namespace)
			out[property] = child and parse_object(property_schema, child, root) or nil
		elseif place.where == "child" then
			local list = parse_array(property_schema, element, root)
			if list[1] ~= nil then
				out[property] = list
			end
		elseif place.where == "wrapper" then
			local wrapper = element:get_child(place.name, place.namespace)
			out[property] = wrapper and parse_array(property_schema, wrapper, root) or nil
		else
			out[property] = value_of(text_at(element, place), place.type)
		end
	end
	return out
end

function parse_array(schema, element, root)
	local item_schema = resolved(schema.items, root)
	local place = place_of(item_schema, nil, element.attr.xmlns)
	local child_name, child_namespace = place.name, place.namespace
	if place.where == "child_attribute" then
		-- The children are the items themselves here, and not inside of them.
		place.where, place.name = "attribute", place.attribute
	end
	local out = {}
	for child in element:childtags(child_name, child_namespace) do
		if place.type == "object" then
			out[#out + 1] = parse_object(item_schema, child, root)
		elseif place.type == "array" then
			out[#out + 1] = parse_array(item_schema, child, root)
		else
			out[#out + 1] = value_of(text_at(child, place), place.type)
		end
	end
	return out
end

-- Gives the table that an element says.
local function parse(schema, element)
	local kind = type_of(schema)
	if kind == "object" then
		return parse_object(schema, element, schema)
	elseif kind == "array" then
		return parse_array(schema, element, schema)
	end
	error("top-level scalars unsupported")
end

-- Writing

-- A value as text; nil where it is not of its type.
local function text_of(value, value_type)
	local actual = type(value)
	if value_type == "boolean" then
		return value and "1" or "0"
	elseif value_type == "string" and actual == "string" then
		return value
	elseif value_type == "number" and actual == "number" then
		return ("%g"):format(value)
	elseif value_type == "integer" and actual == "number" then
		return ("%d"):format(value)
	end
end

local unparse

local function unparse_into(out, value, schema, place, current_namespace, root)
	local where, name, value_type = place.where, place.name, place.type
	if where == "attribute" then
		out.attr[attribute_name(place, name, current_namespace)] = text_of(value, value_type)
		return
	elseif where == "text" then
		out:text(text_of(value, value_type))
		return
	elseif where == "child_attribute" then
		local attr = { [place.attribute] = text_of(value, value_type) }
		if place.namespace ~= current_namespace then attr.xmlns = place.namespace end
		out:tag(name, attr):up()
		return
	end

	local attr = place.namespace ~= current_namespace and { xmlns = place.namespace } or nil
	local is_tree = type(schema) == "table" and type(value) == "table"
	if where == "tag_name" then
		if value_type == "string" and type(value) == "string" then
			out:tag(value, attr):up()
		elseif value_type == "boolean" and value == true then
			out:tag(name, attr):up()
		end
	elseif is_tree and value_type == "array" and where ~= "wrapper" then
		unparse(schema, value, name, place.namespace, out, root)
	elseif is_tree and (value_type == "object" or value_type == "array") then
		local child = unparse(schema, value, name, place.namespace, nil, root)
		if child then
			out:add_direct_child(child)
		end
	else
		out:text_tag(name, text_of(value, value_type), attr)
	end
end

-- Gives the element that says what the table holds, or adds that to the element `out`.
function unparse(schema, value, name, namespace, out, root)
	root = root or schema
	local xml = schema.xml
	if xml then
		name, namespace = xml.name or name, xml.namespace or namespace
	end
	out = out or st.stanza(name, { xmlns = namespace })

	local kind = type_of(schema)
	if kind == "object" then
		for property, property_schema in pairs(schema.properties) do
			local part = value[property]
			if part ~= nil then
				property_schema = resolved(property_schema, root)
				unparse_into(out, part, property_schema, place_of(property_schema, property, namespace), namespace, root)
			end
		end
		return out
	elseif kind == "array" then
		local item_schema = resolved(schema.items, root)
		local place = place_of(item_schema, name, namespace)
		for _, item in ipairs(value) do
			unparse_into(out, item, item_schema, place, namespace, root)
		end
		return out
	end
end

return { parse = parse, unparse = unparse }
