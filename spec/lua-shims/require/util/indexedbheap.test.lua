local indexedbheap = require "util.indexedbheap"

local h = indexedbheap.create()
compare("empty", "nil nil", h:peek(), (h:pop()))
compare("ids", '1.5 2.5 "own"', h:insert("a", 5), h:insert("b", 3), h:insert("c", 4, "own"))
compare("peek", "3", h:peek())
h:reprioritize("own", 1)
h:reprioritize("unknown", 1)
compare("pop", '1 "c" "own"', h:pop())
compare("remove", '5 "a" 1.5', h:remove(1.5))
compare("remove what is not there", "nil", (h:remove(1.5)))
compare("the rest", '3 "b" 2.5 nil', (function()
	local priority, item, id = h:pop()
	return priority, item, id, h:peek()
end)())

local random, ids = indexedbheap.create(), {}
for n = 1, 400 do
	local what = pseudo_random(6)
	if what < 3 then
		ids[#ids + 1] = random:insert("i" .. n, pseudo_random(20))
	elseif what == 3 then
		compare("pop", nil, random:pop())
	elseif what == 4 and ids[1] then
		random:reprioritize(ids[pseudo_random(#ids) + 1], pseudo_random(20))
	elseif ids[1] then
		compare("remove", nil, random:remove(ids[pseudo_random(#ids) + 1]))
	end
	compare("state", nil, random.priorities, random.ids, random.index)
end
