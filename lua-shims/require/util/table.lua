-- Counterpart: util-src/table.c

local error, type = error, type

-- A table for so many list items and fields; sizes make no difference here.
local function create(list_size, field_count)
	if type(list_size) ~= "number" or type(field_count) ~= "number" then
		error("two numbers expected", 2)
	end
	return {}
end

return { create = create, move = table.move, pack = table.pack }
