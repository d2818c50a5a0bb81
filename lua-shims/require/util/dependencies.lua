-- Counterpart: util/dependencies.lua
-- What the server runs on is there, or it would not run: only the asking is left.

-- Requires a library; gives nil and the reason where there is none.
local function softreq(...)
	local ok, result = pcall(require, ...)
	if ok then
		return result
	end
	return nil, result
end

-- Tells the operator that something is missing, and how it can be had: `sources` are pairs of texts.
local function missingdep(name, sources, message)
	print(("\n%s was not found. It can be had from:"):format(name))
	for _, source in ipairs(sources) do
		print(("%15s | %s"):format(source[1], source[2]))
	end
	print((message or name .. " is needed.") .. "\n")
end

local function check_dependencies()
	return true
end

local function log_warnings() end

return { softreq = softreq, missingdep = missingdep, check_dependencies = check_dependencies, log_warnings = log_warnings }
