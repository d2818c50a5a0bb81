local stringy = require "stringy"
local report = require "report"

local function whole(number)
	return number and string.format("%d", number)
end

for _, case in ipairs({ { "a:b::c", ":" }, { "", ":" }, { ":", ":" }, { "a, b,c", ", " }, { "none", ":" } }) do
	report.line("split", table.concat(stringy.split(case[1], case[2]), "|"), #stringy.split(case[1], case[2]))
end
for _, text in ipairs({ "  x y \t\n", "x", " ", "\vx\f" }) do report.line("strip", stringy.strip(text)) end
for _, part in ipairs({ "pro", "", "prosody", "prosody!", "ody", "r" }) do
	report.line(part, stringy.startswith("prosody", part), stringy.endswith("prosody", part))
end
for _, case in ipairs({ { "a-b-c", "-" }, { "a-b-c", "-", 3 }, { "a-b-c", "-", -3 }, { "a-b-c", "-", 1, 3 }, { "a-b-c", "-", 1, -2 },
	{ "a.b", "." }, { "aaaa", "aa" }, { "abc", "d" } }) do
	report.line("find", whole(stringy.find(table.unpack(case))), whole(stringy.count(table.unpack(case))))
end
