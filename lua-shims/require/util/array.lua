-- Counterpart: util/array.lua
-- Lists with methods. A method called on a list changes that list; the function of the same name in this table leaves
-- its argument alone and answers a new list: `array.map(list, f)` beside `list:map(f)`.

local concat, insert, move, sort = table.concat, table.insert, table.move, table.sort
local random = math.random
local getmetatable, setmetatable, tostring, type = getmetatable, setmetatable, tostring, type

local methods = {}
local list_mt = { __index = methods, __name = "array" }
local array = {}

local function new(items)
	return setmetatable(items or {}, list_mt)
end
array.new = new

-- All that an iterator gives first, as a list.
function array.collect(iterate, state, value)
	local list, size = {}, 0
	value = iterate(state, value)
	while value ~= nil do
		size = size + 1
		list[size] = value
		value = iterate(state, value)
	end
	return new(list)
end

setmetatable(array, {
	__call = function(_, items, state, value)
		if type(items) == "function" then
			return array.collect(items, state, value)
		end
		return new(items)
	end,
})

-- Serializers take a list as it is.
function list_mt:__freeze()
	return self
end

function list_mt:__tostring()
	return "[" .. self:concat(", ") .. "]"
end

function list_mt.__add(first, second)
	return new():append(first):append(second)
end

-- Asked for any two tables of which one is a list; only two lists can be equal.
function list_mt.__eq(first, second)
	if getmetatable(first) ~= list_mt or getmetatable(second) ~= list_mt then
		return false
	end
	local size = #first
	if size ~= #second then
		return false
	end
	for index = 1, size do
		if first[index] ~= second[index] then
			return false
		end
	end
	return true
end

-- What a function makes of each item, without those of which it makes nothing.
function list_mt.__div(list, convert)
	local results, size = {}, 0
	for index = 1, #list do
		local result = convert(list[index])
		if result ~= nil then
			size = size + 1
			results[size] = result
		end
	end
	return new(results)
end

-- Each of these reads `source` and writes `target`, which may be the same list.
local both_ways = {}

function both_ways.map(target, source, convert)
	local index, item = 1, source[1]
	while item ~= nil do
		target[index] = convert(item)
		index = index + 1
		item = source[index]
	end
	return target
end

function both_ways.filter(target, source, accepts)
	local size, kept = #source, 0
	for index = 1, size do
		local item = source[index]
		if accepts(item) then
			kept = kept + 1
			target[kept] = item
		end
	end
	if target == source then
		for index = kept + 1, size do
			target[index] = nil
		end
	end
	return target
end

function both_ways.slice(target, source, first, last)
	local size = #source
	last = last or -1
	if last < 0 then
		last = size + last + 1
	end
	if first < 0 then
		first = size + first + 1
	end
	if first < 1 then
		first = 1
	end
	if last > size then
		last = size
	end
	local kept = 0
	for index = first, last do
		kept = kept + 1
		target[kept] = source[index]
	end
	if target == source then
		for index = kept + 1, size do
			target[index] = nil
		end
	end
	return target
end

function both_ways.sort(target, source, before)
	if target ~= source then
		move(source, 1, #source, 1, target)
	end
	sort(target, before)
	return target
end

function both_ways.unique(target, source)
	local seen = {}
	return both_ways.filter(target, source, function(item)
		if seen[item] then
			return false
		end
		seen[item] = true
		return true
	end)
end

function both_ways.pluck(target, source, key, default)
	for index = 1, #source do
		local value = source[index][key]
		if value == nil then
			value = default
		end
		target[index] = value
	end
	return target
end

function both_ways.reverse(target, source)
	local low, high = 1, #source
	while low <= high do
		target[low], target[high] = source[high], source[low]
		low, high = low + 1, high - 1
	end
	return target
end

for name, change in pairs(both_ways) do
	methods[name] = function(self, first, second)
		return change(self, self, first, second)
	end
	array[name] = function(list, first, second)
		return change(new(), list, first, second)
	end
end

function methods:append(items)
	move(items, 1, #items, #self + 1, self)
	return self
end

function methods:push(item)
	insert(self, item)
	return self
end

methods.pop = table.remove

function methods:shuffle()
	local size = #self
	for index = 1, size do
		local other = random(index, size)
		self[index], self[other] = self[other], self[index]
	end
	return self
end

function methods:random()
	return self[random(1, #self)]
end

-- A random item that is not the one at `index`.
function methods:random_other(index)
	local size = #self
	local step = random(1, size - 1)
	return self[(index - 1 + step) % size + 1]
end

function methods:concat(separator)
	local texts = {}
	for index = 1, #self do
		texts[index] = tostring(self[index])
	end
	return concat(texts, separator)
end

function methods:length()
	return #self
end

return array
