-- What the tests of libraries share. They run with our libraries, and with Prosody's where there is one; the lines that
-- they print are compared. `reference` is true with Prosody's.

local lines = {}

local function quote(text)
	return '"' .. text:gsub('[%c"\\\128-\255]', function(byte)
		return ("\\x%02x"):format(byte:byte())
	end) .. '"'
end

local function show_number(number)
	if number ~= number then
		return "nan"
	elseif number % 1 == 0 and number > -1e15 and number < 1e15 then
		return ("%.0f"):format(number)
	end
	return ("%.17g"):format(number)
end

-- A value as text that is the same wherever it runs; functions and threads as their types.
function show(value, depth)
	local kind = type(value)
	depth = depth or 0
	if kind == "string" then
		return quote(value)
	elseif kind == "number" then
		return show_number(value)
	elseif kind ~= "table" then
		return kind == "nil" and "nil" or kind == "boolean" and tostring(value) or kind
	elseif depth > 6 then
		return "{…}"
	end
	local parts, named = {}, {}
	local size = 0
	while rawget(value, size + 1) ~= nil do
		size = size + 1
		parts[size] = show(rawget(value, size), depth + 1)
	end
	for key, item in next, value do
		if not (math.type(key) == "integer" and key >= 1 and key <= size) then
			named[#named + 1] = "[" .. show(key, depth + 1) .. "]=" .. show(item, depth + 1)
		end
	end
	table.sort(named)
	for index = 1, #named do
		parts[#parts + 1] = named[index]
	end
	return "{" .. table.concat(parts, ",") .. "}"
end

local function show_all(...)
	local shown = {}
	for index = 1, select("#", ...) do
		shown[index] = show((select(index, ...)))
	end
	return table.concat(shown, " ")
end

local labels = 0
local function line(text)
	lines[#lines + 1] = text
end

-- Adds a line with values to compare; `expected` is how they must look, if the test knows.
function compare(label, expected, ...)
	labels = labels + 1
	local shown = show_all(...)
	line(labels .. " " .. show(label) .. ": " .. shown)
	if expected and expected ~= shown and not reference then
		line("FAILED " .. show(label) .. ": expected " .. expected .. " but got " .. shown)
	end
end

-- The same for what the compared Prosody has not or does otherwise: only ours is called.
function ours_only(label, expected, f)
	labels = labels + 1
	if not reference then
		local shown = show_all(f())
		if expected ~= shown then
			line("FAILED " .. show(label) .. ": expected " .. expected .. " but got " .. shown)
		end
	end
end

-- Whether a call fails, without its message, since that names places in the code.
function fails(f, ...)
	return not pcall(f, ...)
end

-- Numbers from 0 to `bound` - 1, the same ones everywhere.
local seed = 42
function pseudo_random(bound)
	seed = (seed * 1103 + 12345) % 65536
	return seed // 7 % bound
end

function finish()
	return table.concat(lines, "\n")
end
