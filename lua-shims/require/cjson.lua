-- Counterpart: cjson of the rock lua-cjson
-- JSON, raising errors where it cannot be read or written.

local json = require "util.json"

local function encode(value)
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
