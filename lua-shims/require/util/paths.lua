-- Counterpart: util/paths.lua

local concat = table.concat
local gsub, sub = string.gsub, string.sub
local find = string.find

local separator = "/"
local paths = {}

-- A path seen from a folder.
function paths.resolve_relative_path(folder, path)
	if not path then
		return path
	end
	path = gsub(path, "^%./+", "")
	if sub(path, 1, 1) == separator then
		return path
	end
	return gsub(folder, "/+$", "") .. separator .. path
end

-- The Lua pattern for a glob of * and ?.
function paths.glob_to_pattern(glob)
	local pattern = gsub(glob, "%p", function(sign)
		if sign == "*" then
			return ".*"
		elseif sign == "?" then
			return "."
		end
		return "%" .. sign
	end)
	return "^" .. pattern .. "$"
end

function paths.join(first, ...)
	if ... == nil then
		return first
	end
	return concat({ first, ... }, separator)
end

-- Adds what an installer of plugins put into a folder to where `require` looks.
function paths.complement_lua_path(folder)
	local package = package
	if not package or find(package.path, folder, 1, true) then
		return
	end
	local version = _VERSION:match(" (.+)$")
	local share = folder .. "/share/lua/" .. version .. "/"
	package.path = package.path .. ";" .. share .. "?.lua;" .. share .. "?/init.lua"
end

return paths
