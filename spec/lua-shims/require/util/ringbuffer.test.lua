local ringbuffer = require "util.ringbuffer"

local b = ringbuffer.new(8)
compare("empty", '8 0 8 "" nil', b:size(), b:length(), b:free(), b:read(0), b:read(1))
compare("write", "5 nil 3 5", b:write("hello"), b:write("1234"), b:free(), #b)
compare("find", "2 5 nil", b:find("e"), b:find("lo"), (b:find("x")))
compare("read", '"he" "lo" "lo" 1', b:read(2), (b:discard(1) and b:read(2, true)), b:read(2), (b:write("a")))
compare("readuntil", '"ab:" nil "cd"', (function()
	b:write("b:cd")
	return b:readuntil(":"), (b:readuntil(":")), b:read(2)
end)())
compare("discard too much", "false true", b:discard(1), b:discard(0))
b:write("abcdef")
for first = -7, 7 do
	for last = -7, 7 do
		compare("sub " .. first .. " " .. last, nil, b:sub(first, last))
		compare("byte " .. first .. " " .. last, nil, b:byte(first, last))
	end
	compare("sub " .. first, nil, b:sub(first))
	compare("byte " .. first, nil, b:byte(first))
end
compare("byte", "97", b:byte())
compare("sizes", "true 4096", fails(ringbuffer.new, 0), ringbuffer.new():size())
compare("tostring", "true", tostring(b):find("^ringbuffer: .*6/8$") ~= nil)
ours_only("full", "4 \"wxyz\"", function()
	local full = ringbuffer.new(4)
	full:write("wxyz")
	return full:find("z"), full:readuntil("z")
end)

local random, written = ringbuffer.new(16), 0
for _ = 1, 500 do
	local what = pseudo_random(5)
	if what < 2 then
		local text = ("abcdefghijklmnopqrstuvwxyz"):sub(written % 26 + 1):sub(1, 1 + pseudo_random(6))
		written = written + #text
		-- Prosody's finds nothing in a full one.
		if random:free() > #text then
			compare("write", nil, random:write(text))
		end
	elseif what == 2 then
		compare("read", nil, random:read(pseudo_random(5), pseudo_random(2) == 0))
	elseif what == 3 then
		compare("discard", nil, random:discard(pseudo_random(4)))
	elseif random:length() > 0 then
		compare("readuntil", nil, (random:readuntil(("abcdefghijklmnopqrstuvwxyz"):sub(pseudo_random(26) + 1):sub(1, 1))))
	end
	compare("state", nil, random:length(), random:free(), random:sub(1, -1))
end
