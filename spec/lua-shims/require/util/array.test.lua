local array = require "util.array"

compare("new", '{"a","b"}', array { "a", "b" })
compare("empty", "{}", array())
compare("of an iterator", "{1,2,3}", array(function(_, n)
	n = (n or 0) + 1
	return n <= 3 and n or nil
end))
compare("collect", '{"x","y"}', array.collect(("x y"):gmatch("%a")))
ours_only("new by name", "{1}", function()
	return array.new { 1 }
end)
ours_only("tostring", '"[1, x, true]"', function()
	return tostring(array { 1, "x", true })
end)

local function is_big(n)
	return n > 2
end
local numbers = array { 1, 2, 3, 4 }
compare("filter makes a new one", "{3,4} {1,2,3,4}", array.filter(numbers, is_big), numbers)
compare("filter changes", "{3,4} true", numbers:filter(is_big), rawequal(numbers, numbers:filter(is_big)))
compare("map", "{10,20}", array.map({ 1, 2 }, function(n)
	return n * 10
end))
compare("map in place", "{2,3}", array { 1, 2 }:map(function(n)
	return n + 1
end))
compare("sum", "{1,2,3}", array { 1 } + array { 2, 3 })
compare("of a plain table", "{1,2}", array { 1 } + { 2 })
compare("divide", "{2,6}", array { 1, 2, 3 } / function(n)
	return n ~= 2 and n * 2 or nil
end)
compare("equal", "true false false false", array { 1 } == array { 1 }, array { 1 } == array { 2 }, array { 1 } == array { 1, 2 }, array { 1 } == { 1 })

local letters = { "a", "b", "c", "d", "e" }
for first = -6, 6 do
	for last = -6, 6 do
		compare("slice " .. first .. " " .. last, nil, array.slice(letters, first, last), array { "a", "b", "c", "d", "e" }:slice(first, last))
	end
	compare("slice " .. first, nil, array.slice(letters, first))
end
compare("slice the middle", '{"b","c"}', array.slice(letters, 2, 3))
compare("slice the end", '{"d","e"}', array.slice(letters, -2))

compare("sort", "{1,2,3}", array.sort { 3, 1, 2 })
compare("sort by", "{3,2,1}", array { 3, 1, 2 }:sort(function(a, b)
	return a > b
end))
compare("unique", "{1,2,3}", array.unique { 1, 2, 1, 3, 2 })
compare("unique in place", "{1,2}", array { 1, 1, 2, 1 }:unique())
compare("pluck", '{"x","-"}', array.pluck({ { n = "x" }, {} }, "n", "-"))
for size = 0, 5 do
	local list = array()
	for n = 1, size do
		list:push(n)
	end
	compare("reverse " .. size, nil, array.reverse(list), list:reverse())
end
compare("reverse", "{3,2,1}", array { 1, 2, 3 }:reverse())
compare("append", "{1,2,3}", array { 1 }:append { 2, 3 })
compare("pop", "2 {1}", (function()
	local list = array { 1, 2 }
	return list:pop(), list
end)())
compare("concat", '"1-x-true"', array { 1, "x", true }:concat("-"))
compare("length", "2", array { 1, 2 }:length())
compare("random", "7", array { 7 }:random())
compare("random of none", "true", fails(function()
	return array():random()
end))
compare("random other", "2", array { 1, 2 }:random_other(1))
compare("shuffle", "{1,2,3}", array { 3, 2, 1 }:shuffle():sort())
compare("freeze", "true", (function()
	local list = array { 1 }
	return rawequal(getmetatable(list).__freeze(list), list)
end)())
