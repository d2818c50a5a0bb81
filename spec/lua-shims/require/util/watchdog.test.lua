local tasks, stopped = {}, {}
package.loaded["util.timer"] = {
	add_task = function(delay, callback)
		tasks[#tasks + 1] = { delay = delay, callback = callback }
		return #tasks
	end,
	reschedule = function(id, delay)
		tasks[id].delay = delay
	end,
	stop = function(id)
		stopped[#stopped + 1] = id
	end,
}
local watchdog = require "util.watchdog"

local barked
local dog = watchdog.new(5, function(self)
	barked = self
end)
compare("starts", "6 1", tasks[1].delay, #tasks)
ours_only("reset", "10 1", function()
	dog:reset(9)
	return tasks[1].delay, #tasks
end)
ours_only("barks", "true", function()
	tasks[1].callback()
	return rawequal(barked, dog)
end)
ours_only("cancel", "{1}", function()
	dog:cancel()
	dog:cancel()
	return stopped
end)
ours_only("again", "10 2", function()
	dog:reset()
	return tasks[2].delay, #tasks
end)
