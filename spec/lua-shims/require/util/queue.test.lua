local queue = require "util.queue"

local q = queue.new(2)
compare("empty", "0 nil nil 2", q:count(), q:pop(), q:peek(), q.size)
compare("push", "true true", q:push("a"), q:push("b"))
compare("full", 'nil "queue full"', q:push("c"))
compare("peek", '"a" 2', q:peek(), q:count())
compare("replace", 'true "z"', q:replace("z"), q:peek())
compare("pop", '"z" "b" nil', q:pop(), q:pop(), q:pop())
compare("replace in an empty one", 'true "y"', q:replace("y"), q:pop())

local wrapping = queue.new(3, true)
for n = 1, 5 do
	wrapping:push(n)
end
local function items(of)
	local list = {}
	for position, item in of:items() do
		list[#list + 1] = position .. "=" .. tostring(item)
	end
	return list
end
compare("wraps", '{"1=3","2=4","3=5"}', items(wrapping))
local consumed = {}
for item in wrapping:consume() do
	consumed[#consumed + 1] = item
end
compare("consume", "{3,4,5} 0", consumed, wrapping:count())

for _, wraps in ipairs { true, false } do
	local random = queue.new(5, wraps)
	for n = 1, 200 do
		local what = pseudo_random(4)
		if what < 2 then
			compare("push", nil, random:push(n))
		elseif what == 2 then
			compare("pop", nil, random:pop())
		else
			compare("replace", nil, random:replace(-n), random:peek(), random:count(), items(random))
		end
	end
end
