-- Counterpart: util/ip.lua
-- Addresses of IP, as text and packed, and the ranges that they are in.

local strbitop = require "util.strbitop"

-- Packs a dotted address; nil for what is none.
local function pack_v4(text)
	local bytes = { text:match("^(%d%d?%d?)%.(%d%d?%d?)%.(%d%d?%d?)%.(%d%d?%d?)$") }
	if not bytes[1] then return nil end
	for i = 1, 4 do
		local byte = tonumber(bytes[i])
		if byte > 255 or (#bytes[i] > 1 and bytes[i]:sub(1, 1) == "0") then return nil end
		bytes[i] = byte
	end
	return string.char(bytes[1], bytes[2], bytes[3], bytes[4])
end

-- Packs groups of four hexadecimal digits between colons; the last two may be written as an IPv4 address.
local function pack_groups(text)
	if text == "" then return "" end
	local packed = {}
	local head, tail = text:match("^(.-)([^:]*%.[^:]*)$")
	local v4 = tail and pack_v4(tail)
	if tail and not v4 then return nil end
	local groups = v4 and head or text .. ":"
	if groups:gsub("%x%x?%x?%x?:", "") ~= "" then return nil end
	for group in groups:gmatch("(%x+):") do
		local value = tonumber(group, 16)
		packed[#packed + 1] = string.char(value >> 8, value & 255)
	end
	packed[#packed + 1] = v4
	return table.concat(packed)
end

local function pack_v6(text)
	local before, after = text:match("^(.-)::(.*)$")
	local packed = pack_groups(before or text)
	if before and packed and not before:find(".", 1, true) then
		local rest = pack_groups(after)
		-- Two colons stand for at least one group of zeros.
		packed = rest and #packed + #rest <= 14 and packed .. ("\0"):rep(16 - #packed - #rest) .. rest
	end
	return packed and #packed == 16 and packed or nil
end

-- The shortest form of a packed address (RFC 5952).
local function unpack_v6(packed)
	local groups = {}
	for i = 1, 8 do
		local high, low = packed:byte(2 * i - 1, 2 * i)
		groups[i] = high * 256 + low
	end
	local longest_at, longest = 0, 1
	local run_at, run = 0, 0
	for i = 1, 8 do
		run_at, run = run == 0 and i or run_at, groups[i] == 0 and run + 1 or 0
		if run > longest then
			longest_at, longest = run_at, run
		end
	end
	local v4 = packed:sub(13):gsub(".", function(char) return char:byte() .. "." end):sub(1, -2)
	if longest_at == 1 and longest == 6 then
		return "::" .. v4
	elseif longest_at == 1 and longest == 5 and groups[6] == 0xFFFF then
		return "::ffff:" .. v4
	end
	local text = {}
	for i = 1, 8 do
		if longest_at == 0 or i < longest_at or i >= longest_at + longest then
			text[#text + 1] = ("%x"):format(groups[i])
		elseif i == longest_at then
			text[#text + 1] = (i == 1 and ":" or "") .. (i + longest == 9 and ":" or "")
		end
	end
	return table.concat(text, ":")
end

local function unpack_address(packed)
	if #packed == 4 then
		return ("%d.%d.%d.%d"):format(packed:byte(1, 4))
	end
	return unpack_v6(packed)
end

-- What an address has is found out when it is asked for, and kept.
local properties = {}
local ip_mt = {
	__index = function(ip, name)
		local find = properties[name]
		if not find then return nil end
		local value = find(ip)
		ip[name] = value
		return value
	end,
	__tostring = function(ip) return ip.addr end,
}
ip_mt.__eq = function(a, b)
	return getmetatable(a) == ip_mt and getmetatable(b) == ip_mt and a.packed == b.packed
end

local function is_ip(value)
	return getmetatable(value) == ip_mt
end

-- Makes an address of a text, of the family "IPv4", "IPv6" or whichever it is; nil and why not.
local function new_ip(text, family)
	local zone
	if (not family or family == "IPv6") and text:find("%", 1, true) then
		text, zone = text:match("^(.-)%%(.*)")
	end
	local packed = pack_v4(text) or pack_v6(text)
	if not packed then
		return nil, "Invalid argument"
	end
	local actual = #packed == 4 and "IPv4" or "IPv6"
	if family and family ~= "IPv4" and family ~= "IPv6" then
		return nil, "invalid protocol"
	elseif family and family ~= actual then
		return nil, "invalid-" .. family:lower()
	end
	return setmetatable({ addr = text, packed = packed, proto = actual, zone = zone }, ip_mt)
end

-- Whether two addresses are alike in so many bits of the second's family, or in all.
local function match(a, b, bits)
	if not bits or bits >= 128 or (b.proto == "IPv4" and bits >= 32) then
		return a == b
	elseif bits < 1 then
		return true
	elseif a.proto ~= b.proto and a.proto == "IPv4" then
		a = a.toV4mapped
	elseif a.proto ~= b.proto then
		b, bits = b.toV4mapped, bits + 96
	end
	return strbitop.common_prefix_bits(a.packed, b.packed) >= bits
end

local function ranges(list)
	for _, range in ipairs(list) do
		range.ip = new_ip(range[1])
	end
	return list
end

-- The value of the first range that an address is in.
local function value_in(list, ip)
	for i = 1, #list do
		if match(ip, list[i].ip, list[i][2]) then
			return list[i][3]
		end
	end
end

-- RFC 6724 section 3.1
local link_local, site_local, global = 2, 5, 14
local v4_scopes = ranges({ { "127.0.0.0", 8, link_local }, { "169.254.0.0", 16, link_local } })
local v6_scopes = ranges({ { "::1", 128, link_local }, { "fe80::", 10, link_local }, { "fec0::", 10, site_local } })
local multicast = new_ip("ff00::")
-- Section 2.1: range, bits, precedence, label
local policies = ranges({
	{ "::1", 128, { 50, 0 } }, { "2002::", 16, { 30, 2 } }, { "2001::", 32, { 5, 5 } }, { "fc00::", 7, { 3, 13 } },
	{ "fec0::", 10, { 1, 11 } }, { "3ffe::", 16, { 1, 12 } }, { "::", 96, { 1, 3 } }, { "::ffff:0:0", 96, { 35, 4 } },
})
local other_policy = { 40, 1 }
-- RFC 1918 and RFC 6598
local private_v4 = ranges({ { "10.0.0.0", 8, true }, { "172.16.0.0", 12, true }, { "192.168.0.0", 16, true }, { "100.64.0.0", 10, true } })

function properties.normal(ip)
	return unpack_address(ip.packed)
end

function properties.toV4mapped(ip)
	return ip.proto == "IPv4" and new_ip("::ffff:" .. ip.normal) or nil
end

function properties.packed_full(ip)
	return ip.proto == "IPv4" and ip.toV4mapped.packed or ip.packed
end

function properties.bits(ip)
	return (ip.packed:gsub(".", function(char)
		local byte, digits = char:byte(), {}
		for i = 7, 0, -1 do
			digits[#digits + 1] = byte >> i & 1
		end
		return table.concat(digits)
	end))
end

function properties.bits_full(ip)
	return ip.proto == "IPv4" and ip.toV4mapped.bits or ip.bits
end

local function policy_of(ip)
	return value_in(policies, ip.proto == "IPv4" and ip.toV4mapped or ip) or other_policy
end

function properties.precedence(ip)
	return policy_of(ip)[1]
end

function properties.label(ip)
	return policy_of(ip)[2]
end

function properties.scope(ip)
	if ip.proto == "IPv4" then
		return value_in(v4_scopes, ip) or global
	elseif match(ip, multicast, 10) then
		return ip.packed:byte(2) % 16
	end
	return value_in(v6_scopes, ip) or global
end

-- Whether it is not one of the whole internet's.
function properties.private(ip)
	return ip.scope ~= global or (ip.proto == "IPv4" and value_in(private_v4, ip) or false)
end

local function commonPrefixLength(a, b)
	return strbitop.common_prefix_bits(a.packed_full, b.packed_full)
end

-- Gives the address and the bits of a text such as 10.0.0.0/8; without bits for an address alone.
local function parse_cidr(text)
	local address, bits = text:match("^([^/]*)/(.*)$")
	return new_ip(address or text), tonumber(bits)
end

-- Gives the address with all but the first bits, a multiple of eight, set to zero.
local function truncate(ip, bits)
	if bits % 8 ~= 0 then
		error("ip.truncate() only supports multiples of 8 bits")
	end
	if not is_ip(ip) then
		ip = new_ip(ip)
	end
	local bytes = bits // 8
	return new_ip(unpack_address(ip.packed:sub(1, bytes) .. ("\0"):rep(#ip.packed - bytes)))
end

return {
	new_ip = new_ip,
	is_ip = is_ip,
	match = match,
	parse_cidr = parse_cidr,
	truncate = truncate,
	commonPrefixLength = commonPrefixLength,
}
