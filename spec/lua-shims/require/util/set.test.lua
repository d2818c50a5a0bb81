local set = require "util.set"

local function items(of)
	local list = {}
	for item in of do
		list[#list + 1] = item
	end
	table.sort(list, function(a, b)
		return tostring(a) < tostring(b)
	end)
	return list
end

local letters = set.new { "a", "b", "c" }
compare("items", '{"a","b","c"}', items(letters))
compare("items by the method", '"a" true', (function()
	local iterate, state = set.new({ "a" }):items()
	return iterate(state)
end)())
compare("items by _items", '{"a","b","c"}', items(letters._items))
compare("contains", "true nil", letters:contains("a"), letters:contains("z"))
compare("contains_set", "true false", letters:contains_set(set.new { "a" }), letters:contains_set(set.new { "z" }))
compare("is_set", "true false false", set.is_set(letters), set.is_set {}, set.is_set(1))
letters:add("d")
letters:remove("a")
compare("changed", '{"b","c","d"}', items(letters))
letters:add_list { "x", "y" }
letters:add_list(nil)
compare("add_list", '{"b","c","d","x","y"}', items(letters))
letters:exclude(set.new { "b", "c", "d" })
compare("exclude", '{"x","y"}', items(letters))
letters:include(set.new { "z" })
compare("include", '{"x","y","z"}', items(letters))
compare("empty", "false true", letters:empty(), set.new():empty())

local low, high = set.new { 1, 2, 3 }, set.new { 3, 4 }
compare("union", "{1,2,3,4} {1,2,3,4}", items(low + high), items(set.union(low, high)))
compare("difference", "{1,2} {1,2}", items(low - high), items(set.difference(low, high)))
compare("intersection", "{3}", items(set.intersection(low, high)))
compare("xor", "{1,2,4}", items(set.xor(low, high)))
compare("left alone", "{1,2,3} {3,4}", items(low), items(high))
compare("divide", "{2,6}", items(low / function(n)
	return n ~= 2 and n * 2 or nil
end))
compare("equal", "true false false false", low == set.new { 3, 2, 1 }, low == high, low == set.new { 1 }, low == {})
ours_only("tostring", '"{1}" "{}"', function()
	return tostring(set.new { 1 }), tostring(set.new())
end)
compare("freeze", '{"a"}', getmetatable(low).__freeze(set.new { "a" }))
compare("mixed", '{2,"3",true}', items(set.new { "3", 2, true } + set.new { 2 }))
