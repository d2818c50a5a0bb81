local net = require "util.net"

for _, text in ipairs {
	"127.0.0.1", "0.0.0.0", "255.255.255.255", "256.0.0.1", "1.2.3", "1.2.3.4.5", "01.2.3.4", "1.2.3.04", "1.2.3.4 ", "", "a.b.c.d", "1..2.3",
	"::", "::1", "1::", "fe80::1", "2001:db8::8a2e:370:7334", "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7::", "::2:3:4:5:6:7:8", "1:2:3:4::5:6:7:8",
	"::ffff:1.2.3.4", "::1.2.3.4", "1:2:3:4:5:6:1.2.3.4", "1.2.3.4::", "::1.2.3.4:5", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", ":::", "1:::2", "1::2::3",
	":1:2:3:4:5:6:7", "1:2:3:4:5:6:7:", "12345::", "g::", "FE80::ABCD", "::ffff:256.1.1.1", "0:0:0:0:0:0:0:0", "1:0:0:2:0:0:0:3", "1:0:0:2:0:0:3:4",
	"::ffff:0:0", "::1:0", "::ffff", "1:2::", "64:ff9b::1.2.3.4", "::0.0.0.1", "fe80::1%eth0",
} do
	local bytes, message, code = net.pton(text)
	compare(text, nil, bytes, message, code)
	if bytes then
		compare(text .. " back", nil, net.ntop(bytes))
	end
end
compare("known", '"\\x7f\\x00\\x00\\x01" "::1" "1.2.3.4"', net.pton("127.0.0.1"), net.ntop(("\0"):rep(15) .. "\1"), net.ntop("\1\2\3\4"))
compare("other lengths", nil, net.ntop("abc"))
for _ = 1, 200 do
	local bytes = {}
	for index = 1, 16 do
		bytes[index] = string.char(pseudo_random(3) == 0 and pseudo_random(256) or 0)
	end
	compare("any", nil, net.ntop(table.concat(bytes)))
end
