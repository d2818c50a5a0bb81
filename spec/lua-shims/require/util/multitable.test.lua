local multitable = require "util.multitable"

local function sorted(list)
	table.sort(list, function(a, b)
		return tostring(a) < tostring(b)
	end)
	return list
end

local mt = multitable.new()
mt:set("a", "b", "c", 1)
mt:set("a", "b", "d", 2)
mt:set("x", "b", "c", 3)
mt:add("lists", "one", "first")
mt:add("lists", "one", "second")
compare("get", '1 nil nil {"first","second"}', mt:get("a", "b", "c"), mt:get("a", "z"), mt:get("q", "w", "e"), mt:get("lists", "one"))
compare("get a table", '{["c"]=1,["d"]=2}', mt:get("a", "b"))
compare("search", "{1,3}", sorted(mt:search(nil, "b", "c")))
compare("search all last", "{1,2}", sorted(mt:search("a", "b", nil)))
compare("search with no match", "{}", mt:search("a", "z", "c"))
compare("search_add", "{0,1,3}", sorted(mt:search_add({ 0 }, nil, "b", "c")))
compare("search_add without results", "{1}", mt:search_add(nil, "a", "b", "c"))

local function walk(...)
	local list = {}
	for a, b, c, value in mt:iter(...) do
		list[#list + 1] = show { a, b, c, value }
	end
	return sorted(list)
end
compare("iter", nil, walk(nil, nil, nil))
compare("iter with keys", nil, walk("a", nil, "c"))
compare("iter to a depth", '{["d"]=2}', (function()
	mt:remove("a", "b", "c")
	for _, _, value in mt:iter("a", "b") do
		return value
	end
end)())

mt:remove(nil, "b", "c")
compare("remove with a wildcard", 'nil nil {["b"]={["d"]=2}}', mt:get("x"), mt:get("x", "b"), mt:get("a"))
mt:remove("a", "b", "d")
compare("empty tables go", "nil", mt:get("a"))
mt:remove("nothing", "there")
compare("false stays", "false", (function()
	mt:set("f", "f", false)
	return mt:get("f", "f")
end)())
compare("no path", "true true", fails(mt.remove, mt), fails(mt.search, mt))

local keys = { "k1", "k2", "k3" }
local function key()
	return keys[pseudo_random(3) + 1]
end
local function wild()
	return pseudo_random(3) > 0 and key() or nil
end
local random = multitable.new()
for n = 1, 300 do
	local what = pseudo_random(4)
	if what < 2 then
		random:set(key(), key(), key(), n)
	elseif what == 2 then
		random:remove(wild(), wild(), key())
	else
		compare("random", nil, sorted(random:search(wild(), wild(), wild())), random.data)
	end
end
