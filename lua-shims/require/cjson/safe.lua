-- Counterpart: cjson.safe of the rock lua-cjson
-- JSON, giving nil and the reason where it cannot be read or written.

local cjson = require "cjson"

local function safe(convert)
	return function(value)
		local ok, result = pcall(convert, value)
		if ok then
			return result
		end
		return nil, result
	end
end

return { encode = safe(cjson.encode), decode = safe(cjson.decode), null = cjson.null, _NAME = "cjson" }
