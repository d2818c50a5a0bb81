-- Counterpart: util/ip.lua
-- IP addresses with what RFC 6724 says of them: scope, label and precedence, each worked out when it is asked for.

local net = require "util.net"
local strbitop = require "util.strbitop"
local find, match_text, sub = string.find, string.match, string.sub
local error, getmetatable, setmetatable, tonumber = error, getmetatable, setmetatable, tonumber

local fields = {}

local ip_mt = {
	__index = function(ip, name)
		local compute = fields[name]
		if not compute then
			return nil
		end
		local value = compute(ip)
		ip[name] = value
		return value
	end,
	__tostring = function(ip)
		return ip.addr
	end,
}

local function is_ip(value)
	return getmetatable(value) == ip_mt
end

function ip_mt.__eq(first, second)
	return is_ip(first) and is_ip(second) and first.packed == second.packed
end

local proto_of_length = { [4] = "IPv4", [16] = "IPv6" }

-- An address of text; with `proto` ("IPv4" or "IPv6") of no other kind. Otherwise nil and what is wrong.
local function new_ip(text, proto)
	local zone
	if proto ~= "IPv4" and find(text, "%", 1, true) then
		text, zone = match_text(text, "^(.-)%%(.*)")
	end
	local packed, message = net.pton(text)
	if not packed then
		return packed, message
	end
	local actual = proto_of_length[#packed]
	if proto and proto ~= actual then
		if proto == "IPv4" or proto == "IPv6" then
			return nil, "invalid-ip" .. sub(proto, 3)
		end
		return nil, "invalid protocol"
	end
	return setmetatable({ addr = text, packed = packed, proto = actual, zone = zone }, ip_mt)
end

function fields.normal(ip)
	return net.ntop(ip.packed)
end

-- The same address as IPv6.
function fields.toV4mapped(ip)
	if ip.proto == "IPv4" then
		return (new_ip("::ffff:" .. ip.normal))
	end
	return nil
end

function fields.packed_full(ip)
	if ip.proto == "IPv4" then
		return ip.toV4mapped.packed
	end
	return ip.packed
end

-- As 0.12 had them: text of zeros and ones.
local function bits_of(packed)
	local text = ""
	for index = 1, #packed do
		local number = packed:byte(index)
		for power = 7, 0, -1 do
			text = text .. (number >> power & 1)
		end
	end
	return text
end

function fields.bits(ip)
	return bits_of(ip.packed)
end

function fields.bits_full(ip)
	return bits_of(ip.packed_full)
end

-- Whether the first bits of two addresses are the same; without a number, all.
local function match(first, second, bits)
	if not bits or bits >= 128 or (second.proto == "IPv4" and bits >= 32) then
		return first == second
	elseif bits < 1 then
		return true
	end
	if first.proto ~= second.proto then
		if first.proto == "IPv4" then
			first = first.toV4mapped
		else
			second = second.toV4mapped
			bits = bits + 96
		end
	end
	return strbitop.common_prefix_bits(first.packed, second.packed) >= bits
end

local function common_prefix_length(first, second)
	return strbitop.common_prefix_bits(first.packed_full, second.packed_full)
end

local loopback = new_ip("::1")

-- Prefix, its bits, label and precedence, in the order in which they are tried.
local policies = {
	{ new_ip("2002::"), 16, 2, 30 },
	{ new_ip("2001::"), 32, 5, 5 },
	{ new_ip("fc00::"), 7, 13, 3 },
	{ new_ip("fec0::"), 10, 11, 1 },
	{ new_ip("3ffe::"), 16, 12, 1 },
	{ new_ip("::"), 96, 3, 1 },
	{ new_ip("::ffff:0:0"), 96, 4, 35 },
}

local function policy_of(ip, field, of_loopback, otherwise)
	if ip.proto == "IPv4" then
		ip = ip.toV4mapped
	end
	if ip == loopback then
		return of_loopback
	end
	for index = 1, #policies do
		local policy = policies[index]
		if match(ip, policy[1], policy[2]) then
			return policy[field]
		end
	end
	return otherwise
end

function fields.label(ip)
	return policy_of(ip, 3, 0, 1)
end

function fields.precedence(ip)
	return policy_of(ip, 4, 50, 40)
end

local loopback_v4, linklocal_v4 = new_ip("127.0.0.0"), new_ip("169.254.0.0")
local linklocal, sitelocal, multicast = new_ip("fe80::"), new_ip("fec0::"), new_ip("ff00::")

function fields.scope(ip)
	if ip.proto == "IPv4" then
		if match(ip, loopback_v4, 8) or match(ip, linklocal_v4, 16) then
			return 0x2
		end
	elseif ip == loopback or match(ip, linklocal, 10) then
		return 0x2
	elseif match(ip, sitelocal, 10) then
		return 0x5
	elseif match(ip, multicast, 10) then
		return ip.packed:byte(2) % 0x10
	end
	return 0xE
end

local private_v4 = {
	{ new_ip("10.0.0.0"), 8 },
	{ new_ip("172.16.0.0"), 12 },
	{ new_ip("192.168.0.0"), 16 },
	{ new_ip("100.64.0.0"), 10 },
}

function fields.private(ip)
	if ip.scope ~= 0xE then
		return true
	end
	if ip.proto == "IPv4" then
		for index = 1, #private_v4 do
			if match(ip, private_v4[index][1], private_v4[index][2]) then
				return true
			end
		end
	end
	return false
end

-- An address and the number of bits behind the slash, nil if there is none.
local function parse_cidr(text)
	local slash = find(text, "/", 1, true)
	if not slash then
		return new_ip(text), nil
	end
	return new_ip(sub(text, 1, slash - 1)), tonumber(sub(text, slash + 1))
end

-- The address with all but the first bits zero.
local function truncate(ip, bits)
	if bits % 8 ~= 0 then
		error("ip.truncate() only supports multiples of 8 bits")
	end
	if not is_ip(ip) then
		ip = new_ip(ip)
	end
	local bytes = bits // 8
	return new_ip(net.ntop(sub(ip.packed, 1, bytes) .. ("\0"):rep(#ip.packed - bytes)))
end

return {
	new_ip = new_ip,
	commonPrefixLength = common_prefix_length,
	parse_cidr = parse_cidr,
	match = match,
	is_ip = is_ip,
	truncate = truncate,
}
