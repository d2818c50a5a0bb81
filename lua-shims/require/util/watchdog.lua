-- Counterpart: util/watchdog.lua
-- Calls back when it was not reset for `timeout` seconds.

local timer = require "util.timer"
local setmetatable = setmetatable

local watchdog = {}
local watchdog_mt = { __index = watchdog }

function watchdog:reset(timeout)
	self.timeout = timeout or self.timeout
	-- A second later than asked for, as Prosody has it.
	local delay = self.timeout + 1
	if self.timer_id then
		timer.reschedule(self.timer_id, delay)
	else
		self.timer_id = timer.add_task(delay, function()
			return self:callback()
		end)
	end
end

function watchdog:cancel()
	if self.timer_id then
		timer.stop(self.timer_id)
		self.timer_id = nil
	end
end

local function new(timeout, callback)
	local self = setmetatable({ timeout = timeout, callback = callback }, watchdog_mt)
	self:reset()
	return self
end

return { new = new }
