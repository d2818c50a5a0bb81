-- Counterpart: basexx.lua of the rock basexx
-- Bytes as digits of 16, 32 and 64.

local base64 = require "util.encodings".base64

local basexx = {}

-- Removes characters that are to be ignored.
local function without(text, ignored)
	return ignored and (text:gsub("[" .. ignored:gsub("%W", "%%%0") .. "]", "")) or text
end

function basexx.to_hex(text)
	return (text:gsub(".", function(char) return ("%02X"):format(char:byte()) end))
end

function basexx.from_hex(text, ignored)
	text = without(text, ignored)
	local wrong = text:match("%X")
	if wrong then
		return nil, "unexpected character at position " .. text:find("%X") .. ": '" .. wrong .. "'"
	end
	return (text:gsub("%x%x", function(hex) return string.char(tonumber(hex, 16)) end))
end

local digits32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
local value_of_digit32 = {}
for i = 1, 32 do
	value_of_digit32[digits32:byte(i)] = i - 1
	value_of_digit32[digits32:lower():byte(i)] = i - 1
end

function basexx.to_base32(text)
	local out, buffer, bits = {}, 0, 0
	for i = 1, #text do
		buffer, bits = (buffer << 8 | text:byte(i)) & 0xFFFF, bits + 8
		while bits >= 5 do
			bits = bits - 5
			local index = (buffer >> bits & 31) + 1
			out[#out + 1] = digits32:sub(index, index)
		end
	end
	if bits > 0 then
		local index = (buffer << (5 - bits) & 31) + 1
		out[#out + 1] = digits32:sub(index, index)
	end
	return table.concat(out) .. ("="):rep(-#out % 8)
end

function basexx.from_base32(text, ignored)
	text = without(text, ignored):gsub("=+$", "")
	local out, buffer, bits = {}, 0, 0
	for i = 1, #text do
		local value = value_of_digit32[text:byte(i)]
		if not value then
			return nil, "unexpected character at position " .. i .. ": '" .. text:sub(i, i) .. "'"
		end
		buffer, bits = (buffer << 5 | value) & 0xFFFF, bits + 5
		if bits >= 8 then
			bits = bits - 8
			out[#out + 1] = string.char(buffer >> bits & 255)
		end
	end
	return table.concat(out)
end

function basexx.to_base64(text)
	return base64.encode(text)
end

function basexx.from_base64(text, ignored)
	text = without(text, ignored)
	local at = text:find("[^%w+/=]")
	if at then
		return nil, "unexpected character at position " .. at .. ": '" .. text:sub(at, at) .. "'"
	end
	text = text:gsub("=+$", "")
	return base64.decode(text .. ("="):rep(-#text % 4))
end

function basexx.to_url64(text)
	return (base64.encode(text):gsub("[+/=]", { ["+"] = "-", ["/"] = "_", ["="] = "" }))
end

function basexx.from_url64(text, ignored)
	text = without(text, ignored)
	local at = text:find("[^%w_=-]")
	if at then
		return nil, "unexpected character at position " .. at .. ": '" .. text:sub(at, at) .. "'"
	end
	return basexx.from_base64((text:gsub("[-_]", { ["-"] = "+", ["_"] = "/" })))
end

return basexx
