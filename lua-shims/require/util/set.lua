-- Counterpart: util/set.lua
-- Sets of values. The items are the keys of `_items`, which is itself an iterator, and so is the set.
-- The methods stand in one metatable, since a set with functions of its own costs ten closures.

local concat = table.concat
local getmetatable, next, pairs, setmetatable, tostring = getmetatable, next, pairs, setmetatable, tostring

local methods = {}
local set_mt = { __index = methods, __name = "set" }
local items_mt = {}

function items_mt.__call(items, _, item)
	return next(items, item)
end

function set_mt.__call(set, _, item)
	return next(set._items, item)
end

function methods:add(item)
	self._items[item] = true
end

function methods:contains(item)
	return self._items[item]
end

function methods:contains_set(other)
	local items = self._items
	for item in other do
		if not items[item] then
			return false
		end
	end
	return true
end

function methods:items()
	return next, self._items
end

function methods:remove(item)
	self._items[item] = nil
end

function methods:add_list(list)
	if not list then
		return
	end
	local items = self._items
	local index, item = 1, list[1]
	while item ~= nil do
		items[item] = true
		index = index + 1
		item = list[index]
	end
end

-- Takes up the items of another set, or whatever an iterator gives.
function methods:include(other)
	local items = self._items
	for item in other do
		items[item] = true
	end
end

function methods:exclude(other)
	local items = self._items
	for item in other do
		items[item] = nil
	end
end

function methods:empty()
	return next(self._items) == nil
end

local function new(list)
	local set = setmetatable({ _items = setmetatable({}, items_mt) }, set_mt)
	if list then
		set:add_list(list)
	end
	return set
end

local function is_set(value)
	return getmetatable(value) == set_mt
end

local function union(first, second)
	local set = new()
	local items = set._items
	for item in next, first._items do
		items[item] = true
	end
	for item in next, second._items do
		items[item] = true
	end
	return set
end

-- Those items of one set that another has (`wanted`) or has not.
local function select_items(first, second, wanted)
	local set = new()
	local items, others = set._items, second._items
	for item in next, first._items do
		if (others[item] == true) == wanted then
			items[item] = true
		end
	end
	return set
end

local function difference(first, second)
	return select_items(first, second, false)
end

local function intersection(first, second)
	return select_items(first, second, true)
end

local function xor(first, second)
	return union(difference(first, second), difference(second, first))
end

set_mt.__add = union
set_mt.__sub = difference

-- The set of what a function makes of each item, without those of which it makes nothing.
function set_mt.__div(set, convert)
	local results = new()
	local items = results._items
	for item in next, set._items do
		local result = convert(item)
		if result ~= nil then
			items[result] = true
		end
	end
	return results
end

-- Asked for any two tables of which one is a set; only two sets can be equal.
function set_mt.__eq(first, second)
	return is_set(first) and is_set(second) and first:contains_set(second) and second:contains_set(first)
end

-- Serializers take a set as the list of its items.
function set_mt:__freeze()
	local list, size = {}, 0
	for item in next, self._items do
		size = size + 1
		list[size] = item
	end
	return list
end

function set_mt:__tostring()
	local texts, size = {}, 0
	for item in pairs(self._items) do
		size = size + 1
		texts[size] = tostring(item)
	end
	return "{" .. concat(texts, ", ") .. "}"
end

return {
	new = new,
	is_set = is_set,
	union = union,
	difference = difference,
	intersection = intersection,
	xor = xor,
}
