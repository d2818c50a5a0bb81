-- Counterpart: util/throttle.lua
-- A bucket of `max` units that fills up again evenly within `period` seconds.

local now = require "util.time".now
local setmetatable = setmetatable

local throttle = {}
local throttle_mt = { __index = throttle }

-- Adds what has come in since the last look; answers what there is.
function throttle:update()
	local time = now()
	local balance = self.balance + (time - self.t) * self.rate
	self.t = time
	if balance > self.max then
		balance = self.max
	end
	self.balance = balance
	return balance
end

-- Whether there is enough.
function throttle:peek(cost)
	cost = cost or 1
	return self.balance >= cost or self:update() >= cost
end

-- Takes it, if there is enough; otherwise answers false, what there is and what is missing. `split` takes what there is.
function throttle:poll(cost, split)
	cost = cost or 1
	if self:peek(cost) then
		self.balance = self.balance - cost
		return true
	end
	local balance = self.balance
	if split then
		self.balance = 0
	end
	return false, balance, cost - balance
end

local function create(max, period)
	return setmetatable({ max = max, rate = max / period, balance = max, t = now() }, throttle_mt)
end

return { create = create }
