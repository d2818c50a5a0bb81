-- Counterpart: util-src/net.c
-- IP addresses as text and as bytes.

local byte, char, find, format, gmatch, match, sub =
	string.byte, string.char, string.find, string.format, string.gmatch, string.match, string.sub
local concat = table.concat
local tonumber = tonumber

local function parse_ipv4(text)
	local a, b, c, d = match(text, "^(%d%d?%d?)%.(%d%d?%d?)%.(%d%d?%d?)%.(%d%d?%d?)$")
	if not a or find("." .. text, "%.0%d") then
		return nil
	end
	a, b, c, d = tonumber(a), tonumber(b), tonumber(c), tonumber(d)
	if a > 255 or b > 255 or c > 255 or d > 255 then
		return nil
	end
	return char(a, b, c, d)
end

-- Groups of hexadecimal digits between colons as bytes; the last may be an IPv4 address.
local function parse_groups(text, may_end_with_ipv4)
	local parts, size = {}, 0
	if text == "" then
		return ""
	elseif find(text, "^:") or find(text, ":$") then
		return nil
	end
	for group, position in gmatch(text, "([^:]*)():?") do
		if position > #text and group == "" then
			break
		end
		size = size + 1
		if match(group, "^%x%x?%x?%x?$") then
			local number = tonumber(group, 16)
			parts[size] = char(number // 256, number % 256)
		else
			local ipv4 = may_end_with_ipv4 and position > #text and parse_ipv4(group)
			if not ipv4 then
				return nil
			end
			parts[size] = ipv4
		end
	end
	return concat(parts)
end

local function parse_ipv6(text)
	local first, last = find(text, "::", 1, true)
	if not first then
		local bytes = parse_groups(text, true)
		return bytes and #bytes == 16 and bytes or nil
	end
	local before, behind = parse_groups(sub(text, 1, first - 1), false), parse_groups(sub(text, last + 1), true)
	if not before or not behind then
		return nil
	end
	local missing = 16 - #before - #behind
	if missing < 2 then
		return nil
	end
	return before .. ("\0"):rep(missing) .. behind
end

-- 4 or 16 bytes, or nil, an error text and its number.
local function pton(text)
	local bytes
	if find(text, ":", 1, true) then
		bytes = parse_ipv6(text)
	else
		bytes = parse_ipv4(text)
	end
	if bytes then
		return bytes
	end
	return nil, "Invalid argument", 22
end

-- RFC 5952: the longest run of zeros is left out.
local function ipv6_text(bytes)
	local groups = {}
	for index = 1, 8 do
		local high, low = byte(bytes, index * 2 - 1, index * 2)
		groups[index] = high * 256 + low
	end
	local longest_start, longest = nil, 1
	local index = 1
	while index <= 8 do
		local stop = index
		while stop <= 8 and groups[stop] == 0 do
			stop = stop + 1
		end
		if stop - index > longest then
			longest_start, longest = index, stop - index
		end
		index = stop + 1
	end
	-- Addresses that hold one of IPv4.
	local groups_shown, tail = 8, nil
	if longest_start == 1 and (longest == 6 or (longest == 5 and groups[6] == 0xffff)) then
		groups_shown = 6
		tail = format("%d.%d.%d.%d", byte(bytes, 13, 16))
	end
	local text = ""
	index = 1
	while index <= groups_shown do
		if index == longest_start then
			text = text .. "::"
			index = index + longest
		else
			if text ~= "" and sub(text, -1) ~= ":" then
				text = text .. ":"
			end
			text = text .. format("%x", groups[index])
			index = index + 1
		end
	end
	if tail then
		text = text .. (sub(text, -1) == ":" and "" or ":") .. tail
	end
	return text
end

local function ntop(bytes)
	if #bytes == 4 then
		return format("%d.%d.%d.%d", byte(bytes, 1, 4))
	elseif #bytes == 16 then
		return ipv6_text(bytes)
	end
	return nil, "Address family not supported by protocol", 97
end

return { ntop = ntop, pton = pton }
