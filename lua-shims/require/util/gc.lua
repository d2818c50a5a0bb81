-- Counterpart: util/gc.lua
-- Checks settings of the garbage collector; JavaScript's knows its way without them.

local pairs, type = pairs, type

local options = {
	incremental = { mode = true, threshold = true, speed = true, step_size = true },
	generational = { mode = true, minor_threshold = true, major_threshold = true },
}

-- Answers true, or nil and what is wrong with the settings.
local function configure(user, defaults)
	local mode = user.mode or defaults.mode or "incremental"
	local known = options[mode]
	if not known then
		return nil, "GC mode not supported on " .. _VERSION .. ": " .. mode
	end
	for name, value in pairs(user) do
		if not known[name] then
			return nil, "Unknown GC parameter: " .. name
		elseif name ~= "mode" and type(value) ~= "number" then
			return nil, "parameter '" .. name .. "' should be a number"
		end
	end
	return true
end

return { configure = configure }
