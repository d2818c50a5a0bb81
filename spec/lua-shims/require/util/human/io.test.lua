local human_io = require "util.human.io"

compare("pad", '"x  " "  x" "ä "' and nil, human_io.padright("x", 3), human_io.padleft("x", 3), human_io.padright("ä", 2), human_io.padleft("long", 2))
for width = 1, 6 do
	compare("ellipsis " .. width, nil, human_io.ellipsis("abcd", width), human_io.ellipsis("äöüßx", width), human_io.ellipsis("", width))
end
ours_only("no width", '"\\xe2\\x80\\xa6"', function()
	return human_io.ellipsis("abc", 0)
end)
ours_only("no UTF-8", '"\\xff\\xff\\xe2\\x80\\xa6"', function()
	return human_io.ellipsis("\255\255\255\255", 3)
end)

local columns = {
	{ title = "Name", key = "name", width = 8 },
	{ title = "Count", key = "count", width = 6, align = "right", default = "-" },
	{ title = "Kind", key = "kind", width = 5, mapper = function(value, row)
		return (value or "?") .. row.name:sub(1, 1)
	end },
}
local row, width = human_io.table(columns, 40)
compare("titles", '"Name     |  Count | Kind "', row())
compare("row", '"x        |      5 | kx   "', row { name = "x", count = 5, kind = "k" })
compare("row with defaults", '"someb\\xe2\\x80\\xa6"' and nil, row { name = "somebody long" })
ours_only("width", "40", function()
	return width
end)
ours_only("shares", '"a     | b         "', function()
	return (human_io.table({ { title = "a", width = "1p" }, { title = "b", width = "2p" } }, 18)())
end)
ours_only("shares in percent", '"ab | 12345   "', function()
	return (human_io.table({ { title = "a", width = 2 }, { title = "b", width = "100%" } }, 13) { "ab", 12345 })
end)
ours_only("own ellipsis", '"x>"', function()
	return (human_io.table({ { width = 2, ellipsis = function(text)
		return text:sub(1, 1) .. ">"
	end } }, 10) { "xyz" })
end)

for text, seconds in pairs {
	["5"] = "nil", ["5 s"] = "5", ["2min"] = "120", ["3h"] = "10800", ["1d"] = "86400", ["2 w"] = "1209600", ["1mon"] = "2678400",
	["1y"] = "31556952", ["x"] = "nil", ["1 m"] = "nil", ["40000d"] = "3456000000",
} do
	ours_only("duration " .. text, seconds, function()
		return human_io.parse_duration(text)
	end)
end
ours_only("lax durations", "5 2678400 60 2678400 nil", function()
	local parse = human_io.parse_duration_lax
	return parse("5"), parse("1m"), parse("1mi"), parse("1mo"), parse("x")
end)
