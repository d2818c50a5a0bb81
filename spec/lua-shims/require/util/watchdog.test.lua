-- A clock of our own in the place of the host's timers.
local tasks, next_id = {}, 0
package.loaded["util.timer"] = {
	add_task = function(delay, callback)
		next_id = next_id + 1
		tasks[next_id] = { delay = delay, callback = callback }
		return next_id
	end,
	reschedule = function(id, delay) if tasks[id] then tasks[id].delay = delay end end,
	stop = function(id) tasks[id] = nil end,
}
package.loaded["prosody.util.timer"] = package.loaded["util.timer"]
local watchdog = require "util.watchdog"
local report = require "report"

local barked = 0
local dog = watchdog.new(10, function(self)
	barked = barked + 1
	return self.timeout
end)
report.line("waits", tasks[1].delay, dog.timeout, dog.callback ~= nil)
dog:reset()
report.line("reset", tasks[1].delay, next_id, dog.timeout)
if dog.timer_id then
	print("# since 13")
	report.line("barks", tasks[1].callback(0), barked)
	dog:reset(20)
	report.line("another time", tasks[1].delay, dog.timeout)
	dog:cancel()
	report.line("canceled", tasks[1], barked)
	dog:cancel()
	dog:reset()
	report.line("again", tasks[2].delay)
end
