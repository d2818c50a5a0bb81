local dbuffer = require "util.dbuffer"

compare("sizes", "nil true", dbuffer.new(0), dbuffer.new() ~= nil)
local b = dbuffer.new(20, 3)
compare("empty", 'nil nil "" 0', b:read(), b:read(1), b:sub(1), #b)
compare("write", "true true 11", b:write("hello "), b:write("world"), b:length())
compare("too much", "nil", b:write("0123456789"))
compare("read", '"he" "llo wo" 3 3', b:read(2), b:read(6), b:len(), #b)
compare("read the piece", '"rld" nil', b:read(), b:read(1))
for _, piece in ipairs { "a:", "bc", ":d", "ef", "g" } do
	compare("more pieces than places", "true", b:write(piece))
end
compare("read_until", '"a:" "bc:" nil "defg"', b:read_until(":"), b:read_until(":"), b:read_until(":"), b:read(4))
b:write("abc")
b:write("def")
b:read(1)
for first = -7, 7 do
	for last = -7, 7 do
		compare("sub " .. first .. " " .. last, nil, b:sub(first, last))
		compare("byte " .. first .. " " .. last, nil, b:byte(first, last))
	end
end
compare("byte", "98", b:byte())
compare("discard", 'true "def"', b:discard(2), b:sub(1))
ours_only("discard all", "true 0 true", function()
	return b:discard(), #b, b:discard(5)
end)
b:discard(#b)

local random = dbuffer.new(30, 4)
for n = 1, 400 do
	local what = pseudo_random(6)
	if what < 2 then
		compare("write", nil, random:write(("x:yz"):sub(1, 1 + pseudo_random(4)) .. n % 10))
	elseif what == 2 then
		compare("read", nil, random:read(1 + pseudo_random(6)))
	elseif what == 3 then
		compare("read_until", nil, random:read_until(":"))
	elseif what == 4 then
		local count = 1 + pseudo_random(3)
		if count < #random then
			compare("discard", nil, random:discard(count))
		end
	else
		compare("sub", nil, random:sub(pseudo_random(5), pseudo_random(9)))
	end
	compare("state", nil, #random)
end
