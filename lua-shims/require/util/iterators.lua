-- Counterpart: util/iterators.lua
-- Iterators made of iterators: each takes the three values that a `for` takes.

local insert, sort, unpack = table.insert, table.sort, table.unpack
local pack = table.pack
local next, select, setmetatable, type = next, select, setmetatable, type

local it = {}

-- Every step of an iterator with all its values, packed, and how many there were.
local function steps(iterate, state, value)
	local list, size = {}, 0
	while true do
		local step = pack(iterate(state, value))
		value = step[1]
		if value == nil then
			return list, size
		end
		size = size + 1
		list[size] = step
	end
end

-- Walks through packed steps from one index to another.
local function replay(list, from, to, by)
	local index = from - by
	return function()
		index = index + by
		if (by > 0 and index <= to) or (by < 0 and index >= to) then
			local step = list[index]
			return unpack(step, 1, step.n)
		end
	end
end

function it.reverse(iterate, state, value)
	local list, size = steps(iterate, state, value)
	return replay(list, size, 1, -1), list
end

local function next_key(t, key)
	return (next(t, key))
end

function it.keys(t)
	return next_key, t
end

function it.values(t)
	local key, value
	return function(values)
		key, value = next(values, key)
		return value
	end, t
end

-- Only the n-th value of each step.
function it.select(n, iterate, state, value)
	local function chosen(...)
		value = ...
		if n <= select("#", ...) then
			return (select(n, ...))
		end
		return nil
	end
	return function(current_state)
		return chosen(iterate(current_state, value))
	end, state, value
end

function it.unique(iterate, state, value)
	local seen = {}
	return function()
		while true do
			local step = pack(iterate(state, value))
			value = step[1]
			if value == nil then
				return
			end
			if not seen[value] then
				seen[value] = true
				return unpack(step, 1, step.n)
			end
		end
	end
end

function it.count(iterate, state, value)
	local count = 0
	value = iterate(state, value)
	while value ~= nil do
		count = count + 1
		value = iterate(state, value)
	end
	return count
end

-- The first n steps.
function it.head(n, iterate, state, value)
	local taken = 0
	return function(current_state, current_value)
		if taken >= n then
			return nil
		end
		taken = taken + 1
		return iterate(current_state, current_value)
	end, state, value
end

-- All but the first n steps.
function it.skip(n, iterate, state, value)
	for _ = 1, n do
		value = iterate(state, value)
	end
	return iterate, state, value
end

-- The last n steps.
function it.tail(n, iterate, state, value)
	local list, size = steps(iterate, state, value)
	local from = size - n + 1
	if from < 1 then
		from = 1
	end
	return replay(list, from, size, 1)
end

-- Those steps that a function accepts, or all whose first value is not the one given.
function it.filter(accepts, iterate, state, value)
	if type(accepts) ~= "function" then
		local unwanted = accepts
		function accepts(first)
			return first ~= unwanted
		end
	end
	return function(current_state, current_value)
		while true do
			local step = pack(iterate(current_state, current_value))
			current_value = step[1]
			if current_value == nil or accepts(unpack(step, 1, step.n)) then
				return unpack(step, 1, step.n)
			end
		end
	end, state, value
end

local function previous_index(t, index)
	if index > 1 then
		return index - 1, t[index - 1]
	end
end

function it.ripairs(t)
	return previous_index, t, #t + 1
end

local function next_number(last, current)
	if current < last then
		return current + 1
	end
end

-- From `first` to `last`, or from 1 to the only number given.
function it.range(first, last)
	if not last then
		first, last = 1, first
	end
	return next_number, last, first - 1
end

function it.to_array(iterate, state, value)
	local list, size = {}, 0
	value = iterate(state, value)
	while value ~= nil do
		size = size + 1
		list[size] = value
		value = iterate(state, value)
	end
	return list
end

function it.sorted_pairs(t, before)
	local keys = it.to_array(next, t)
	sort(keys, before)
	local index = 0
	return function()
		index = index + 1
		local key = keys[index]
		if key ~= nil then
			return key, t[key]
		end
	end
end

-- A table of the first two values of each step.
function it.to_table(iterate, state, key)
	local t, value = {}, nil
	key, value = iterate(state, key)
	while key ~= nil do
		t[key] = value
		key, value = iterate(state, key)
	end
	return t
end

-- Iterators one after the other: `it.join(a…):append(b…)` is again what a `for` takes.
local joined = {}
local joined_mt = { __index = joined }

-- The state is { the joined iterators, which of them is at work }.
local function next_of_joined(state, value)
	local parts = state[1]
	while true do
		local part = parts[state[2]]
		if value == nil then
			value = part[3]
		end
		local step = pack(part[1](part[2], value))
		if step[1] ~= nil then
			return unpack(step, 1, step.n)
		end
		if parts[state[2] + 1] == nil then
			return nil
		end
		state[2] = state[2] + 1
		value = nil
	end
end

function joined_mt.__call(_, state, value)
	return next_of_joined(state, value)
end

function joined:append(iterate, state, value)
	insert(self, { iterate, state, value })
	return self, { self, 1 }
end

function joined:prepend(iterate, state, value)
	insert(self, 1, { iterate, state, value })
	return self, { self, 1 }
end

function it.join(iterate, state, value)
	local parts = setmetatable({ { iterate, state, value } }, joined_mt)
	return parts, { parts, 1 }
end

return it
