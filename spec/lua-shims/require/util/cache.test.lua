local cache = require "util.cache"

local c = cache.new(3)
compare("set", "true true true 3", c:set("a", 1), c:set("b", 2), c:set("c", 3), c:count())
local function entries(of)
	local list = {}
	for key, value in of:items() do
		list[#list + 1] = tostring(key) .. "=" .. tostring(value)
	end
	return list
end
compare("newest first", '{"c=3","b=2","a=1"}', entries(c))
compare("set again", 'true {"a=9","c=3","b=2"}', c:set("a", 9), entries(c))
compare("evicts", 'true nil {"d=4","a=9","c=3"}', c:set("d", 4), c:get("b"), entries(c))
compare("removes", 'true true {"d=4","c=3"}', c:set("a", nil), c:set("nothing", nil), entries(c))
compare("head and tail", '"d" 4 "c" 3', (function()
	local head, head_value = c:head()
	return head, head_value, c:tail()
end)())
compare("head and tail of none", "nil nil nil nil", (function()
	local none = cache.new(1)
	local head, head_value = none:head()
	return head, head_value, none:tail()
end)())
compare("values", "{4,3}", (function()
	local list = {}
	for value in c:values() do
		list[#list + 1] = value
	end
	return list
end)())
compare("false is a value", "true false 3", c:set("f", false), c:get("f"), c:count())
compare("resize", 'true {"f=false"}', c:resize(1), entries(c))
c:clear()
compare("clear", "0 {} nil", c:count(), entries(c), c:get("f"))
compare("usable thereafter", 'true {"x=1"}', c:set("x", 1), entries(c))
compare("sizes", "true true true 2", fails(cache.new), fails(cache.new, 0), fails(cache.new, "x"), cache.new("2.5").size)

local refusing = cache.new(1, false)
compare("refuses", 'true false {"a=1"}', refusing:set("a", 1), refusing:set("b", 1), entries(refusing))
compare("refuses to shrink", "false", (function()
	local two = cache.new(2, false)
	two:set(1, 1)
	two:set(2, 2)
	return two:resize(1)
end)())
local evicted = {}
local asked = cache.new(2, function(key, value)
	evicted[#evicted + 1] = key .. value
	return key ~= "keep"
end)
asked:set("a", 1)
asked:set("keep", 2)
compare("asks", 'true false {"a1","keep2"} {"b=3","keep=2"}', asked:set("b", 3), asked:set("c", 4), evicted, entries(asked))
ours_only("grows when asked", 'true {"2=2","1=1"}', function()
	local growing = cache.new(1, function(_, _, self)
		self:resize(self.size + 1)
	end)
	growing:set(1, 1)
	return growing:set(2, 2), entries(growing)
end)

local t = cache.new(2):table()
t.a = 1
t.b = 2
compare("as a table", '1 nil 2 {["a"]=1,["b"]=2}', t.a, t.z, #t, (function()
	local list = {}
	for key, value in pairs(t) do
		list[key] = value
	end
	return list
end)())
local full = cache.new(1, false):table()
full.a = 1
compare("full as a table", "true", fails(function()
	full.b = 2
end))

for _, on_evict in ipairs { function() end, function(key) return key % 3 ~= 0 end } do
	local random = cache.new(7, on_evict)
	for n = 1, 400 do
		local key, what = pseudo_random(12), pseudo_random(8)
		if what < 5 then
			compare("set", nil, random:set(key, n))
		elseif what == 5 then
			compare("remove", nil, random:set(key, nil))
		elseif what == 6 then
			compare("resize", nil, random:resize(1 + pseudo_random(9)))
		else
			compare("state", nil, random:count(), entries(random), random:get(key), random:head())
		end
	end
end
