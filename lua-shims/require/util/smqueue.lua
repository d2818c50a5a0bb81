-- Counterpart: util/smqueue.lua
-- What was sent and not yet acknowledged (XEP-0198). Counts on when it is full, but can then no longer resume.

local queue = require "util.queue"
local assert, setmetatable = assert, setmetatable

local smqueue = {}

local smqueue_mt = { __index = smqueue, __name = "smqueue" }

-- `_head` counts what was sent, `_tail` what of it was acknowledged.
local function new(size)
	assert(size > 0)
	return setmetatable({ _head = 0, _tail = 0, _queue = queue.new(size, true) }, smqueue_mt)
end

function smqueue:push(item)
	self._head = self._head + 1
	assert(self._queue:push(item))
end

-- Takes a count that the other side acknowledges; answers the items concerned, or nil and which end it lies beyond.
function smqueue:ack(count)
	if count < self._tail then
		return nil, "tail"
	elseif count > self._head then
		return nil, "head"
	end
	self._tail = count
	local acked, size = {}, 0
	local items = self._queue
	for _ = 1, items:count() - (self._head - count) do
		local item = items:pop()
		if not item then
			return nil, "pop"
		end
		size = size + 1
		acked[size] = item
	end
	return acked
end

function smqueue:count_unacked()
	return self._head - self._tail
end
smqueue_mt.__len = smqueue.count_unacked

function smqueue:count_acked()
	return self._tail
end

-- Whether nothing that is not acknowledged was given up.
function smqueue:resumable()
	return self._queue:count() >= self._head - self._tail
end

function smqueue:resume()
	return self._queue:items()
end

function smqueue:consume()
	return self._queue:consume()
end

function smqueue:table()
	local list = {}
	for position, item in self:resume() do
		list[position] = item
	end
	return list
end

-- Serializers keep the counts only.
function smqueue_mt:__freeze()
	return { head = self._head, tail = self._tail }
end

return { new = new, smqueue = smqueue }
