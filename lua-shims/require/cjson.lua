-- Counterpart: cjson of the rock lua-cjson
-- JSON, raising errors where it cannot be read or written.

local json = require "util.json"

local unsupported = { ["function"] = true, thread = true, userdata = true }
-- How deep tables may be nested, as in the original.
local most_levels = 1000

-- Raises an error for what has no form in JSON.
local function check(value, level)
	if value == json.null then
		return
	elseif unsupported[type(value)] then
		error("Cannot serialise " .. type(value) .. ": type not supported", 0)
	elseif type(value) == "table" then
		if level > most_levels then
			error("Cannot serialise, excessive depth (" .. level .. ")", 0)
		end
		for _, item in next, value do
			check(item, level + 1)
		end
	end
end

local function encode(value)
	check(value, 1)
	return (json.encode(value))
end

local function decode(text)
	local value, err = json.decode(text)
	if err ~= nil then
		error(err, 2)
	end
	return value
end

return { encode = encode, decode = decode, null = json.null, _NAME = "cjson" }
