-- Counterpart: util/queue.lua
-- First in, first out, up to a size; `allow_wrapping` gives up the oldest item where a full queue otherwise refuses.

local setmetatable = setmetatable

local queue = {}
local queue_mt = { __index = queue }

function queue:count()
	return self._count
end

function queue:push(item)
	local size = self.size
	if self._count >= size then
		if not self._allow_wrapping then
			return nil, "queue full"
		end
		self._tail = self._tail % size + 1
		self._count = self._count - 1
	end
	self._items[self._head] = item
	self._head = self._head % size + 1
	self._count = self._count + 1
	return true
end

function queue:pop()
	if self._count == 0 then
		return nil
	end
	local items, tail = self._items, self._tail
	local item = items[tail]
	-- Not nil, so that the slots stay one sequence.
	items[tail] = 0
	self._tail = tail % self.size + 1
	self._count = self._count - 1
	return item
end

function queue:peek()
	if self._count == 0 then
		return nil
	end
	return self._items[self._tail]
end

-- Puts an item in the place of the oldest one.
function queue:replace(item)
	if self._count == 0 then
		return self:push(item)
	end
	self._items[self._tail] = item
	return true
end

local function next_item(self, position)
	if position >= self._count then
		return nil
	end
	return position + 1, self._items[(self._tail + position - 1) % self.size + 1]
end

-- Walks from the oldest item to the newest, with their positions.
function queue:items()
	return next_item, self, 0
end

-- Takes out one item after the other.
function queue:consume()
	return self.pop, self
end

local function new(size, allow_wrapping)
	-- _head is where the next item goes, _tail where the oldest is.
	return setmetatable(
		{ size = size, _items = {}, _count = 0, _head = 1, _tail = 1, _allow_wrapping = allow_wrapping },
		queue_mt
	)
end

return { new = new }
