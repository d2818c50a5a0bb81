local time = 1000
package.loaded["util.time"] = {
	now = function()
		return time
	end,
}
local throttle = require "util.throttle"

local t = throttle.create(10, 5)
compare("full", "10 true true", t.balance, t:peek(), t:peek(10))
compare("too much", "false", t:peek(11))
compare("take", "true 3", t:poll(7), t.balance)
compare("not enough", "false 3 1", t:poll(4))
time = time + 1
compare("fills", "true 1", t:poll(4), t.balance)
compare("split", "false 1 4 0", (function()
	local ok, balance, missing = t:poll(5, true)
	return ok, balance, missing, t.balance
end)())
time = time + 100
compare("no more than full", "10", t:update())
ours_only("one without a cost", "true 9", function()
	return t:poll(), t.balance
end)
