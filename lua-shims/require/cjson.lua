-- Counterpart: cjson of the rock lua-cjson
-- JSON, raising errors where it cannot be read or written.

local json = require "util.json"

-- How deep tables may be nested, as in the original.
local most_levels = 1000
-- Lists may have holes up to this length, and beyond it as long as they are half full.
local sparse_length, sparse_ratio = 10, 2

local escapes = { ['"'] = '\\"', ["\\"] = "\\\\", ["/"] = "\\/", ["\b"] = "\\b", ["\f"] = "\\f", ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t" }

local function refuse(value, why)
	error("Cannot serialise " .. type(value) .. ": " .. why, 0)
end

local function quoted(text)
	return '"' .. text:gsub('[%c"\\/\127]', function (char)
		return escapes[char] or ("\\u%04x"):format(char:byte())
	end) .. '"'
end

local function number_text(value)
	if value ~= value or value == math.huge or value == -math.huge then
		refuse(value, "must not be NaN or Inf")
	end
	return ("%.14g"):format(value)
end

-- The length of a list, or nothing where a table is none. Metatables do not count, so that what is empty is an object.
local function length_of(value)
	local longest, count = 0, 0
	for key in next, value do
		if type(key) ~= "number" or key < 1 or key % 1 ~= 0 then
			return nil
		end
		longest, count = math.max(longest, key), count + 1
	end
	if longest > sparse_length and longest > count * sparse_ratio then
		refuse(value, "excessively sparse array")
	end
	return longest > 0 and longest or nil
end

local function text_of(value, level)
	local kind = type(value)
	if value == nil or value == json.null then
		return "null"
	elseif kind == "boolean" then
		return tostring(value)
	elseif kind == "number" then
		return number_text(value)
	elseif kind == "string" then
		return quoted(value)
	elseif kind ~= "table" then
		refuse(value, "type not supported")
	elseif level > most_levels then
		error("Cannot serialise, excessive depth (" .. level .. ")", 0)
	end
	local parts = {}
	local length = length_of(value)
	if length then
		for index = 1, length do
			parts[index] = text_of(rawget(value, index), level + 1)
		end
		return "[" .. table.concat(parts, ",") .. "]"
	end
	for key, item in next, value do
		if type(key) ~= "string" and type(key) ~= "number" then
			refuse(key, "table key must be a number or string")
		end
		local name = type(key) == "number" and '"' .. number_text(key) .. '"' or quoted(key)
		parts[#parts + 1] = name .. ":" .. text_of(item, level + 1)
	end
	return "{" .. table.concat(parts, ",") .. "}"
end

local function encode(value)
	return text_of(value, 1)
end

local function decode(text)
	local value, err = json.decode(text)
	if err ~= nil then
		error(err, 2)
	end
	return value
end

return { encode = encode, decode = decode, null = json.null, _NAME = "cjson" }
