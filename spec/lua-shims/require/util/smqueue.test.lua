local smqueue = require "util.smqueue"

local q = smqueue.new(3)
compare("sizes", "true", fails(smqueue.new, 0))
for n = 1, 3 do
	q:push("i" .. n)
end
compare("counts", "3 0 true 3", q:count_unacked(), q:count_acked(), q:resumable(), #q)
compare("table", '{"i1","i2","i3"}', q:table())
compare("ack", '{"i1"} 2 1', q:ack(1), q:count_unacked(), q:count_acked())
compare("beyond the ends", 'nil "tail" nil "head"', (function()
	local below, tail = q:ack(0)
	local above, head = q:ack(9)
	return below, tail, above, head
end)())
q:push("i4")
q:push("i5")
compare("overflown", "4 false", q:count_unacked(), q:resumable())
compare("rest", '{"i3","i4","i5"}', q:table())
compare("resumable again", '{} true {"i3","i4","i5"}', q:ack(2), q:resumable(), q:table())
compare("ack all", '{"i3","i4","i5"} 0', q:ack(5), q:count_unacked())
compare("freeze", '{["head"]=5,["tail"]=5}', getmetatable(q).__freeze(q))
q:push("i6")
compare("resume and consume", '"i6" "i6" nil', (function()
	local first, second
	for _, item in q:resume() do
		first = item
	end
	for item in q:consume() do
		second = item
	end
	return first, second, q:table()[1]
end)())
local random = smqueue.new(5)
local sent, acked = 0, 0
for _ = 1, 200 do
	if pseudo_random(3) > 0 then
		sent = sent + 1
		random:push(sent)
	else
		acked = acked + pseudo_random(3)
		local list, why = random:ack(acked)
		if not list then
			acked = random:count_acked()
		end
		compare("random", nil, list, why, random:count_unacked(), random:resumable(), random:table())
	end
end
