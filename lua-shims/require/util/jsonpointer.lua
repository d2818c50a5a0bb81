-- Counterpart: util/jsonpointer.lua
-- Finds a part of decoded JSON by its path (RFC 6901).

-- The key of a table that a token of the path names, by whether the table is a list or a map.
local function key_of(container, token)
	local first = next(container)
	if type(first) == "string" then
		return token
	elseif type(first) == "number" and first % 1 == 0 then
		local index = token == "-" and #container + 1 or tonumber(token)
		return index and index + 1
	end
	return nil, "invalid-table"
end

-- Gives what is there, or nil; with a reason where a table is neither a list nor a map.
local function resolve(value, path)
	for part in path:gmatch("/([^/]*)") do
		if type(value) ~= "table" then
			return nil
		end
		local key, err = key_of(value, (part:gsub("~1", "/"):gsub("~0", "~")))
		if key == nil then
			return nil, err
		end
		value = value[key]
	end
	return value
end

return { resolve = resolve }
