-- Counterpart: util/json.lua
-- JSON as Prosody reads and writes it: arrays have the methods of util.array, `json.null` stands for null, tables that are
-- neither lists nor records are written with the members __array and __hash.

local array_mt = getmetatable(require "util.array"())
local sorted_pairs = require "util.iterators".sorted_pairs
local byte, char, find, format, gsub, match, sub =
	string.byte, string.char, string.find, string.format, string.gsub, string.match, string.sub
local concat, insert = table.concat, table.insert
local getmetatable, ipairs, next, pairs, setmetatable = getmetatable, ipairs, next, pairs, setmetatable
local tonumber, tostring, type = tonumber, tostring, type
local type_of_number = math.type
local utf8_char = utf8.char

local json = {}

local null = setmetatable({}, {
	__tostring = function()
		return "null"
	end,
})
json.null = null

-- Writing

local written_escapes = {
	['"'] = '\\"',
	["\\"] = "\\\\",
	["\b"] = "\\b",
	["\f"] = "\\f",
	["\n"] = "\\n",
	["\r"] = "\\r",
	["\t"] = "\\t",
}
for code = 0, 31 do
	local control = char(code)
	written_escapes[control] = written_escapes[control] or format("\\u%.4X", code)
end
local to_escape = '[%z\1-\31"\\]'

local function quote(text)
	if find(text, to_escape) then
		text = gsub(text, to_escape, written_escapes)
	end
	return '"' .. text .. '"'
end

local writable = { number = true, string = true, table = true, boolean = true }

-- Each of these appends to `out` after its first `size` pieces and answers their new number. Pieces are few and long, since
-- joining many costs more here than making them.
local write_table

-- What stands before the value is `start`.
local function write_value(start, value, out, size)
	local kind = type(value)
	if kind == "string" then
		if find(value, to_escape) then
			value = gsub(value, to_escape, written_escapes)
		end
		out[size + 1] = start .. '"' .. value .. '"'
	elseif kind == "number" then
		out[size + 1] = start .. value
	elseif kind == "table" and value ~= null then
		return write_table(start, value, out, size)
	elseif kind == "boolean" then
		out[size + 1] = start .. (value and "true" or "false")
	else
		out[size + 1] = start .. "null"
	end
	return size + 1
end

local function write_list(start, list, out, size)
	local separator = start .. "["
	for _, value in ipairs(list) do
		size = write_value(separator, value, out, size)
		separator = ","
	end
	out[size + 1] = separator == "," and "]" or separator .. "]"
	return size + 1
end

-- Pairs that JSON has no place for: what is named by no text, or by one of the two names.
local function write_others(start, others, out, size)
	local separator = start .. '"__hash":['
	for key, value in pairs(others) do
		size = write_value(separator, key, out, size)
		size = write_value(",", value, out, size)
		separator = ","
	end
	out[size + 1] = "]"
	return size + 1
end

function write_table(start, t, out, size)
	if getmetatable(t) == array_mt then
		return write_list(start, t, out, size)
	end
	local length = 0
	while t[length + 1] ~= nil do
		length = length + 1
	end
	local ordered = out.ordered and {}
	local separator = start .. "{"
	local empty, others = true, nil
	for key, value in pairs(t) do
		if writable[type(value)] then
			local key_type = type(key)
			if key_type == "string" and key ~= "__array" and key ~= "__hash" then
				if ordered then
					ordered[key] = value
				else
					size = write_value(separator .. quote(key) .. ":", value, out, size)
					separator = ","
				end
				empty = false
			elseif writable[key_type] and not (type_of_number(key) == "integer" and key >= 1 and key <= length) then
				others = others or {}
				others[key] = value
			end
		end
	end
	if empty and length > 0 and not others then
		return write_list(start, t, out, size)
	end
	if ordered then
		for key, value in sorted_pairs(ordered) do
			size = write_value(separator .. quote(key) .. ":", value, out, size)
			separator = ","
		end
	end
	if others then
		size = write_others(separator, others, out, size)
		separator = ","
	end
	if length > 0 then
		size = write_list(separator .. '"__array":', t, out, size)
		separator = ","
	end
	out[size + 1] = separator == "," and "}" or separator .. "}"
	return size + 1
end

function json.encode(value)
	local out = {}
	write_value("", value, out, 0)
	return concat(out)
end

-- With the members of each object in the order of their names.
function json.encode_ordered(value)
	local out = { ordered = true }
	write_value("", value, out, 0)
	return concat(out)
end

function json.encode_array(list)
	local out = {}
	write_list("", list, out, 0)
	return concat(out)
end

-- Reading. Each function takes the text and where its value begins, and answers the value and where the text goes on,
-- or nil and what was wrong.

local read_escapes = {
	['"'] = '"',
	["\\"] = "\\",
	["/"] = "/",
	b = "\b",
	f = "\f",
	n = "\n",
	r = "\r",
	t = "\t",
}

-- Where the next sign is, and the sign.
local function next_sign(text, position)
	local sign = byte(text, position)
	if sign == 0x20 or sign == 0x0A or sign == 0x0D or sign == 0x09 then
		position = find(text, "[^ \t\r\n]", position) or position
		sign = byte(text, position)
	end
	return position, sign
end

-- The text between two quotation marks with its escapes undone; nil if one of them is wrong.
local function unescape(text)
	local parts, size = {}, 0
	local position = 1
	while true do
		local backslash = find(text, "\\", position, true)
		if not backslash then
			break
		end
		size = size + 1
		parts[size] = sub(text, position, backslash - 1)
		local letter = sub(text, backslash + 1, backslash + 1)
		position = backslash + 2
		size = size + 1
		if letter == "u" then
			local digits = match(text, "^%x%x%x%x", position)
			if not digits then
				return nil
			end
			local code = tonumber(digits, 16)
			position = position + 4
			if code >= 0xD800 and code <= 0xDFFF then
				local trail = code < 0xDC00 and match(text, "^\\u([dD][c-fC-F]%x%x)", position)
				if not trail then
					return nil
				end
				code = 0x10000 + (code - 0xD800) * 0x400 + tonumber(trail, 16) - 0xDC00
				position = position + 6
			end
			parts[size] = utf8_char(code)
		else
			-- Unknown escapes stay as they are.
			parts[size] = read_escapes[letter] or "\\" .. letter
		end
	end
	parts[size + 1] = sub(text, position)
	return concat(parts)
end

local function read_string(text, position)
	local first = position + 1
	local stop = find(text, '["\\]', first)
	if stop and byte(text, stop) == 0x22 then
		return sub(text, first, stop - 1), stop + 1
	end
	while stop and byte(text, stop) == 0x5C do
		stop = find(text, '["\\]', stop + 2)
	end
	if not stop then
		return nil, "string eof"
	end
	local value = unescape(sub(text, first, stop - 1))
	if not value then
		return nil, "invalid escape"
	end
	return value, stop + 1
end

-- Takes what write_table made of a table apart again.
local function restore(object)
	local list, others = object.__array, object.__hash
	if list then
		object.__array = nil
		for _, value in ipairs(list) do
			insert(object, value)
		end
	end
	if others then
		object.__hash = nil
		for index = 1, #others - 1, 2 do
			object[others[index]] = others[index + 1]
		end
	end
	return object
end

local read_value

local function read_object(text, position)
	local object = {}
	while true do
		local sign, key, value
		position, sign = next_sign(text, position + 1)
		if sign == 0x7D then
			return object, position + 1
		elseif sign ~= 0x22 then
			return nil, "key expected"
		end
		key, position = read_string(text, position)
		if key == nil then
			return nil, position
		end
		position, sign = next_sign(text, position)
		if sign ~= 0x3A then
			return nil, "colon expected"
		end
		value, position = read_value(text, position + 1)
		if value == nil then
			return nil, position
		end
		object[key] = value
		position, sign = next_sign(text, position)
		if sign == 0x7D then
			return restore(object), position + 1
		elseif sign ~= 0x2C then
			return nil, "object eof"
		end
	end
end

local function read_array(text, position)
	local list, size = {}, 0
	local sign
	position, sign = next_sign(text, position + 1)
	if sign == 0x5D then
		return setmetatable(list, array_mt), position + 1
	end
	while true do
		local value
		value, position = read_value(text, position)
		if value == nil then
			return nil, position
		end
		size = size + 1
		list[size] = value
		position, sign = next_sign(text, position)
		if sign == 0x5D then
			return setmetatable(list, array_mt), position + 1
		elseif sign ~= 0x2C then
			return nil, "array eof"
		end
		position = position + 1
	end
end

local function read_number(text, position)
	local digits = match(text, "^[0-9.eE+-]+", position)
	local value = tonumber(digits)
	if value == nil then
		return nil, "number expected"
	end
	return value, position + #digits
end

local function word_reader(word, value)
	local failure = word .. " parse failed"
	return function(text, position)
		local stop = position + #word
		if sub(text, position, stop - 1) == word then
			return value, stop
		end
		return nil, failure
	end
end

-- By the first byte of the value.
local readers = {
	[0x22] = read_string,
	[0x5B] = read_array,
	[0x7B] = read_object,
	[0x2D] = read_number,
	[0x6E] = word_reader("null", null),
	[0x74] = word_reader("true", true),
	[0x66] = word_reader("false", false),
}
for digit = 0x30, 0x39 do
	readers[digit] = read_number
end

function read_value(text, position)
	local sign
	position, sign = next_sign(text, position)
	local reader = readers[sign]
	if not reader then
		return nil, "value expected"
	end
	return reader(text, position)
end

-- The value, or nil and what was wrong.
function json.decode(text)
	local value, position = read_value(text, 1)
	if value == nil then
		return nil, position
	end
	if find(text, "[^ \t\r\n]", position) then
		return nil, "garbage at eof"
	end
	return value
end

-- Whether a value is the same after it was written and read.
function json.test(value)
	local once = json.encode(value)
	local again = json.encode((json.decode(once)))
	if once == again then
		print(once)
	else
		print("FAILED")
		print("encoded:", once)
		print("recoded:", again)
	end
	return once == again
end

return json
