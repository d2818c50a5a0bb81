-- Counterpart: util/envload.lua

local load = load

-- Compiles text; `env` holds what it sees as globals.
local function envload(code, source, env)
	return load(code, source, nil, env)
end

local function envloadfile(path, env)
	local file, message, code = io.open(path)
	if not file then
		return file, message, code
	end
	local text = file:read("*a")
	file:close()
	return load(text or "", "@" .. path, nil, env)
end

return { envload = envload, envloadfile = envloadfile }
