-- Counterpart: util/indexedbheap.lua
-- A priority queue whose items have ids, by which they can be given another priority or be taken out.

local setmetatable = setmetatable

local heap = {}
local heap_mt = { __index = heap }

-- Puts an entry at a position of the binary tree and remembers where it is.
local function place(self, position, priority, id)
	self.priorities[position], self.ids[position], self.index[id] = priority, id, position
end

-- Moves an entry to the top as far as its parents are larger, or equal if `past_equals`; answers where it ends.
local function rise(self, position, priority, id, past_equals)
	local priorities, ids = self.priorities, self.ids
	while position > 1 do
		local parent = position // 2
		local above = priorities[parent]
		if priority > above or (priority == above and not past_equals) then
			break
		end
		place(self, position, above, ids[parent])
		position = parent
	end
	place(self, position, priority, id)
	return position
end

local function sink(self, position, priority, id)
	local priorities, ids = self.priorities, self.ids
	local size = #priorities
	local child = position * 2
	while child <= size do
		if child < size and priorities[child] > priorities[child + 1] then
			child = child + 1
		end
		local below = priorities[child]
		if not (priority > below) then
			break
		end
		place(self, position, below, ids[child])
		position = child
		child = position * 2
	end
	place(self, position, priority, id)
end

-- Answers the id, which is made unless one is given.
function heap:insert(item, priority, id)
	if id == nil then
		id = self.current_id
		self.current_id = id + 1
	end
	self.items[id] = item
	rise(self, #self.priorities + 1, priority, id, true)
	return id
end

-- Takes out what is at a position: answers its priority, the item and its id.
function heap:remove_index(position)
	local priorities, ids = self.priorities, self.ids
	local priority = priorities[position]
	if priority == nil then
		return
	end
	local id = ids[position]
	local item = self.items[id]
	local size = #priorities
	local last_priority, last_id = priorities[size], ids[size]
	priorities[size], ids[size] = nil, nil
	self.index[id], self.items[id] = nil, nil
	if position < size then
		position = rise(self, position, last_priority, last_id, false)
		sink(self, position, last_priority, last_id)
	end
	return priority, item, id
end

function heap:remove(id)
	local position = self.index[id]
	if position then
		return self:remove_index(position)
	end
end

-- Takes out the item with the lowest priority: answers the priority, the item and its id.
function heap:pop()
	return self:remove_index(1)
end

-- The lowest priority.
function heap:peek()
	return self.priorities[1]
end

function heap:reprioritize(id, priority)
	local position = self.index[id]
	if position then
		position = rise(self, position, priority, id, false)
		sink(self, position, priority, id)
	end
end

local function create()
	return setmetatable({
		priorities = {}, -- the tree, as a list in which the children of n are 2n and 2n + 1
		ids = {}, -- in the same order
		index = {}, -- id → position
		items = {}, -- id → item
		-- A fraction, so that ids that are given do not meet it.
		current_id = 1.5,
	}, heap_mt)
end

return { create = create }
