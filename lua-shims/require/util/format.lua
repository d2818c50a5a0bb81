-- Counterpart: util/format.lua
-- string.format for logs: it takes whatever it gets, shows nothing that could be taken for another line or a terminal's
-- command, and appends arguments that no place was left for.

local byte, find, gsub, plain_format, sub = string.byte, string.find, string.gsub, string.format, string.sub
local concat = table.concat
local select, tostring, type = select, tostring, type
local integer_or_float = math.type
local valid_utf8 = require "util.encodings".utf8.valid

local dump = require "util.serialization".new({
	preset = "compact",
	fatal = false,
	freeze = true,
	maxdepth = 5,
	fallback = function(value, why)
		return "_[[" .. (why or tostring(value)) .. "]] "
	end,
})

-- U+2400 and following picture the control characters.
local pictures = { ["\127"] = "\226\144\161" }
for code = 0, 31 do
	pictures[string.char(code)] = "\226\144" .. string.char(128 + code)
end

-- Newlines stay, indented, so that they do not look like the next entry of a log.
local function printable(text)
	if find(text, "[%z\1-\8\10-\31\127]") then
		text = gsub(text, "[%z\1-\8\11-\31\127]", pictures)
		text = gsub(text, "\n\t?", "\n\t")
	end
	return text
end

local wants_integer = { c = true, d = true, i = true, o = true, u = true, x = true, X = true }
local wants_positive = { o = true, u = true, x = true, X = true }

local function text_of(spec, text)
	if not valid_utf8(text) then
		return dump(text)
	end
	text = printable(text)
	if spec == "%s" then
		return text
	end
	return plain_format(spec, text)
end

-- One argument by its specification, which is a percent sign, flags and sizes, and the letter `option`.
local function show(spec, option, arg)
	if arg == nil then
		return "(nil)"
	end
	local kind = type(arg)
	if option == "s" then
		return text_of(spec, kind == "string" and arg or tostring(arg))
	elseif option == "q" then
		return dump(arg)
	elseif option == "p" or kind ~= "number" then
		-- Where a number should be; pointers have no look of their own in this Lua.
		return text_of("[%s]", tostring(arg))
	elseif wants_integer[option] and integer_or_float(arg) ~= "integer" or wants_positive[option] and arg < 0 then
		return "[" .. tostring(arg) .. "]"
	end
	return plain_format(spec, arg)
end

local function format(template, ...)
	local count = select("#", ...)
	if count == 0 and not find(template, "%", 1, true) then
		return template
	end
	local args = { ... }
	local parts, size = {}, 0
	local used, position = 0, 1
	while true do
		local from, to = find(template, "%%[^cdiouxXaAeEfgGpqs%%]*[cdiouxXaAeEfgGpqs%%]", position)
		if not from then
			break
		end
		size = size + 1
		parts[size] = sub(template, position, from - 1)
		size = size + 1
		if to == from + 1 and byte(template, to) == 37 then
			parts[size] = "%"
		else
			used = used + 1
			parts[size] = show(sub(template, from, to), sub(template, to, to), args[used])
		end
		position = to + 1
	end
	local rest = sub(template, position)
	if find(rest, "%", 1, true) then
		-- A percent sign with nothing behind it: let Lua say so.
		rest = plain_format(rest)
	end
	size = size + 1
	parts[size] = rest
	for index = used + 1, count do
		local arg = args[index]
		size = size + 1
		parts[size] = arg == nil and " [(nil)]" or " [" .. printable(tostring(arg)) .. "]"
	end
	return concat(parts)
end

return { format = format }
