-- What the tests of libraries share: values as text that is the same on every Lua, and lines that tell a case's outcome.

local report = {}

local function quoted(text)
	return '"' .. text:gsub('[%c"\\\127-\255]', function(char)
		return ("\\%03d"):format(char:byte())
	end) .. '"'
end

local function number(value)
	if value ~= value or value == math.huge or value == -math.huge then
		return tostring(value):gsub("^%-nan$", "nan"):gsub("^nan$", "nan")
	elseif value % 1 == 0 then
		return (("%.0f"):format(value))
	end
	return (("%.6g"):format(value))
end

local function sorted_keys(map)
	local keys = {}
	for key in pairs(map) do keys[#keys + 1] = key end
	table.sort(keys, function(a, b)
		if type(a) == type(b) and type(a) == "number" then return a < b end
		-- with a character before them, since on the host Lua's reserved words sort behind all others
		if type(a) == type(b) and type(a) == "string" then return "." .. a < "." .. b end
		return type(a) < type(b)
	end)
	return keys
end

-- An element as XML with its attributes sorted. A text without characters is as none.
local function xml(element)
	local out = { "<" .. element.name }
	for _, name in ipairs(sorted_keys(element.attr)) do
		out[#out + 1] = " " .. name:gsub("\1", "|") .. "=" .. quoted(element.attr[name])
	end
	out[#out + 1] = ">"
	for _, child in ipairs(element) do
		if child ~= "" then out[#out + 1] = type(child) == "table" and xml(child) or quoted(child) end
	end
	out[#out + 1] = "</>"
	return table.concat(out)
end

local function dump(value, depth)
	depth = depth or 0
	local kind = type(value)
	if kind == "string" then
		return quoted(value)
	elseif kind == "number" then
		return number(value)
	elseif kind ~= "table" then
		return kind == "function" and "function" or tostring(value)
	elseif type(value.name) == "string" and type(value.attr) == "table" and type(value.tags) == "table" then
		return xml(value)
	elseif depth > 6 then
		return "{…}"
	end
	local out, length = {}, #value
	for i = 1, length do
		out[i] = dump(value[i], depth + 1)
	end
	for _, key in ipairs(sorted_keys(value)) do
		if not (type(key) == "number" and key % 1 == 0 and key >= 1 and key <= length) then
			out[#out + 1] = (type(key) == "string" and key or "[" .. dump(key) .. "]") .. "=" .. dump(value[key], depth + 1)
		end
	end
	return "{" .. table.concat(out, ", ") .. "}"
end

report.dump = dump
report.sorted_keys = sorted_keys

local function dump_all(...)
	local out = {}
	for i = 1, select("#", ...) do
		out[i] = dump((select(i, ...)))
	end
	return table.concat(out, "; ")
end

-- Prints a line with all the values of a case.
function report.line(name, ...)
	print(name .. ": " .. dump_all(...))
end

-- Calls a function and prints what it gives; of an error only that there was one, since its text names files and lines.
function report.call(name, func, ...)
	local function outcome(ok, ...)
		if ok then
			report.line(name, ...)
		else
			print(name .. ": raises")
		end
	end
	outcome(pcall(func, ...))
end

return report
