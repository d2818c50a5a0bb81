local ip = require "util.ip"
local report = require "report"

local texts = {
	"127.0.0.1", "127.255.255.255", "10.0.0.1", "11.0.0.1", "172.16.0.1", "172.32.0.1", "192.168.1.1", "100.64.0.1", "169.254.3.4", "192.0.2.1",
	"0.0.0.0", "255.255.255.255", "::", "::1", "1::", "2001:db8::1", "2001:DB8:0:0:1:0:0:1", "2001:db8:1:2:3:4:5:6", "fe80::1%eth0", "fe80::1",
	"febf::1", "fc00::1", "fd12:3456::1", "fec0::1", "ff02::1", "ff0e::1", "2002:c000:0204::1", "2001::1", "3ffe::1", "::ffff:192.0.2.1",
	"::ffff:0:1", "::192.0.2.1", "64:ff9b::192.0.2.33", "1:2:3:4:5:6:1.2.3.4", "0:0:1::", "1:0:0:2::3", "::2:3:4:5:6:7:8", "1:2:3:4:5:6:7::",
	"0:1:0:1:0:1:0:1", "1:0:0:0:1:0:0:0", "::1:0:0", "abcd::",
}
for _, text in ipairs(texts) do
	local address = ip.new_ip(text)
	report.line(text, address.proto, tostring(address), address.packed, address.zone, address.normal, address.scope, address.label,
		address.precedence, address.private, address.toV4mapped and address.toV4mapped.addr)
end
for _, text in ipairs({
	"", "1.2.3", "1.2.3.4.5", "256.1.1.1", "1.2.3.256", "01.2.3.4", "a.b.c.d", " 1.2.3.4", "1.2.3.4 ", ":", ":::", "1::2::3", "1:2:3:4:5:6:7:8:9",
	"1:2:3:4:5:6:7", "12345::", "g::", "::1.2.3", "1.2.3.4::", "::1:", ":1::", "1:2:3:4:5:6:7:8::", "::ffff:1.2.3.4.5", "localhost",
}) do
	local address, err = ip.new_ip(text)
	report.line("no address " .. text, address, type(err))
end
report.line("families", tostring(ip.new_ip("::1", "IPv6")), tostring(ip.new_ip("1.2.3.4", "IPv4")))
report.line("wrong families", ip.new_ip("::1", "IPv4"))
report.line("wrong families", ip.new_ip("1.2.3.4", "IPv6"))
report.line("no family", ip.new_ip("1.2.3.4", "IPv5"))
report.line("equal", ip.new_ip("::1") == ip.new_ip("0:0::1"), ip.new_ip("::1") == ip.new_ip("::2"), ip.new_ip("1.2.3.4") == {})
report.line("unknown property", ip.new_ip("::1").nothing)

for _, text in ipairs({ "10.0.0.0/8", "10.0.0.0", "2001:db8::/32", "x/8", "::/x", "10.0.0.0/" }) do
	local address, bits = ip.parse_cidr(text)
	report.line("cidr " .. text, address and tostring(address), bits)
end
for _, case in ipairs({
	{ "10.1.2.3", "10.0.0.0/8" }, { "11.1.2.3", "10.0.0.0/8" }, { "10.1.2.3", "10.1.2.3/32" }, { "10.1.2.3", "10.1.2.3" }, { "10.1.2.3", "0.0.0.0/0" },
	{ "192.168.0.129", "192.168.0.128/25" }, { "192.168.0.127", "192.168.0.128/25" }, { "2001:db8::1", "2001:db8::/32" }, { "2001:db9::1", "2001:db8::/32" },
	{ "::ffff:10.1.2.3", "10.0.0.0/8" }, { "10.1.2.3", "::ffff:10.0.0.0/104" }, { "10.1.2.3", "::/0" }, { "::1", "127.0.0.0/8" }, { "::1", "::1/128" },
	{ "2001:db8::1", "2001:db8::1/127" }, { "2001:db8::2", "2001:db8::1/127" },
}) do
	report.line("match " .. case[1] .. " " .. case[2], ip.match(ip.new_ip(case[1]), ip.parse_cidr(case[2])))
end
for _, case in ipairs({ { "10.0.0.1", "10.0.0.2" }, { "10.0.0.1", "::1" }, { "2001:db8::1", "2001:db8::1" }, { "2001:db8::", "2001:db9::" }, { "::", "8000::" } }) do
	report.line("common " .. case[1] .. " " .. case[2], ip.commonPrefixLength(ip.new_ip(case[1]), ip.new_ip(case[2])))
end
if ip.is_ip then
	print("# since 13")
	report.line("is an address", ip.is_ip(ip.new_ip("::1")), ip.is_ip("::1"), ip.is_ip({}), ip.is_ip(nil))
	for _, case in ipairs({ { "192.168.3.4", 24 }, { "192.168.3.4", 8 }, { "192.168.3.4", 32 }, { "2001:db8:1:2:3::4", 64 }, { "2001:db8:1:2:3::4", 48 }, { "::1", 0 } }) do
		report.line("truncate " .. case[1] .. " " .. case[2], tostring(ip.truncate(case[1], case[2])), tostring(ip.truncate(ip.new_ip(case[1]), case[2])))
	end
	report.call("truncate between", ip.truncate, "::1", 7)
end
