local ip = require "util.ip"

local texts = {
	"127.0.0.1", "10.20.30.40", "172.16.5.5", "172.32.0.1", "192.168.1.1", "169.254.1.1", "100.64.0.1", "100.128.0.1", "8.8.8.8", "0.0.0.0",
	"::1", "::", "fe80::1", "fec0::1", "fc00::1", "ff02::1", "ff0e::1", "2002:101:101::", "2001::1", "2001:db8::1", "3ffe::1", "::ffff:1.2.3.4",
}
for _, text in ipairs(texts) do
	local address = ip.new_ip(text)
	compare(text, nil, tostring(address), address.addr, address.proto, address.packed, address.normal, address.zone)
	compare(text .. " policy", nil, address.scope, address.label, address.precedence, not not address.private)
	ours_only(text .. " bits", show(#address.packed * 8) .. " 128", function()
		return #address.bits, #address.bits_full
	end)
	for _, other in ipairs(texts) do
		local second = ip.new_ip(other)
		compare("two", nil, address == second, ip.commonPrefixLength(address, second))
		for _, bits in ipairs { 0, 4, 8, 12, 32, 96, 128 } do
			compare("match", nil, ip.match(address, second, bits))
		end
	end
end
compare("bad ones", nil, ip.new_ip("x"), ip.new_ip("1.2.3.4", "IPv6"), (ip.new_ip("::1", "IPv4")), (ip.new_ip("::1", "IPv5")))
compare("zone", '"fe80::1" "eth0"', ip.new_ip("fe80::1%eth0").addr, ip.new_ip("fe80::1%eth0").zone)
compare("cidr", '"10.0.0.0" 8 "::1" nil', (function()
	local address, bits = ip.parse_cidr("10.0.0.0/8")
	local other, none = ip.parse_cidr("::1")
	return address.addr, bits, other.addr, none
end)())
compare("other values", "false", ip.new_ip("::1") == {})
ours_only("known", "true true false true 2 14", function()
	local address = ip.new_ip("10.0.0.1")
	return address.private, ip.match(address, ip.new_ip("10.255.0.0"), 8), ip.match(address, ip.new_ip("11.0.0.0"), 8), ip.is_ip(address), ip.new_ip("::1").scope, address.scope
end)
ours_only("truncate", '"10.20.0.0" "2001:db8::" true', function()
	return ip.truncate(ip.new_ip("10.20.30.40"), 16).addr, ip.truncate("2001:db8::1", 64).addr, fails(ip.truncate, "1.2.3.4", 7)
end)
