local dbuffer = require "util.dbuffer"
local report = require "report"

report.line("no size", dbuffer.new(0), dbuffer.new(-1))
local b = dbuffer.new(40)
report.line("empty", #b, b:length(), b:len(), b:read(), b:read(1), b:read(0), b:sub(1), b:byte(), b:read_until("x"), b:read_chunk())
report.line("write", b:write("hello "), b:write("world"), b:write(""), b:write("!"), #b)
report.line("too much", b:write(("x"):rep(40)), #b)
report.line("sub", b:sub(1, 5), b:sub(4, 8), b:sub(-3), b:sub(3), b:sub(0), b:sub(5, 2), b:sub(-100, 2), b:sub(20), b:sub(1, -2))
report.line("byte", b:byte(), b:byte(2), b:byte(-1), b:byte(1, 3), b:byte(99))
report.line("read", b:read(3), #b, b:sub(1, 3), b:byte())
report.line("read more than there is", b:read(99), #b)
report.line("read across", b:read(5), #b)
report.line("read a piece", b:read(), #b)
report.line("nothing left", b:read(), #b)

b = dbuffer.new()
for _, text in ipairs({ "first\n", "sec", "ond\nthi", "rd", "\n\n" }) do b:write(text) end
report.line("lines", b:read_until("\n"), b:read_until("\n"), b:read_until("?"), b:read_until("\n"), b:read_until("\n"), b:read_until("\n"), #b)
b:write("abc"); b:write("def"); b:write("ghi")
report.line("chunk", b:read_chunk(2), b:read_chunk(2), b:read_chunk(), #b)
report.line("discard", b:discard(2), b:read(2), #b)

b = dbuffer.new(nil, 3)
for i = 1, 9 do report.line("write " .. i, b:write(tostring(i):rep(i))) end
report.line("all", #b, b:read(#b), #b)
b:write("ab"); b:write("cd"); b:write("ef")
b:read(1)
b:collapse()
report.line("collapsed", b:read(), #b)
b:write("ab"); b:write("cd"); b:write("ef")
b:read(1)
b:collapse(2)
report.line("collapsed a part", b:read(), b:read(), #b)

local state = 7
local function random(n)
	state = (state * 75 + 74) % 65537
	return state % n + 1
end
b = dbuffer.new(200, 6)
for i = 1, 120 do
	local step = random(6)
	if step <= 2 then report.line("write", b:write(string.char(96 + random(26)):rep(random(30))), #b)
	elseif step == 3 then report.line("read", b:read(random(40)), #b)
	elseif step == 4 then report.line("sub", b:sub(random(20), random(60)), #b)
	elseif step == 5 then report.line("until", b:read_until(string.char(96 + random(26))), #b)
	elseif #b > 0 then
		local n = random(30)
		if n < #b then report.line("discard", b:discard(n), #b) end
	end
end

b = dbuffer.new()
if pcall(b.discard, b) then
	print("# since 13")
	report.line("discard of nothing", b:discard(3), b:discard())
	b:write("abc"); b:write("def")
	report.line("discard all", b:discard(), #b, b:read(1), b:write("x"), b:read(1))
	b:write("abc")
	report.line("discard more", b:discard(9), #b)
end
