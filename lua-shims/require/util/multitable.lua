-- Counterpart: util/multitable.lua
-- Tables in tables, addressed by paths of keys; nil in a path that searches or removes stands for every key.

local insert, unpack = table.insert, table.unpack
local error, next, select, type = error, next, select, type

local function get(self, ...)
	local depth, path = select("#", ...), { ... }
	local value = self.data
	for level = 1, depth do
		value = value[path[level]]
		if not value then
			break
		end
	end
	return value
end

-- The table that holds the last of `depth` keys, made where it is missing.
local function descend(t, path, depth)
	for level = 1, depth - 1 do
		local key = path[level]
		local inner = t[key]
		if not inner then
			inner = {}
			t[key] = inner
		end
		t = inner
	end
	return t
end

-- add(key, …, value): the table at the path is a list that gets one more.
local function add(self, ...)
	local count, path = select("#", ...), { ... }
	insert(descend(self.data, path, count), path[count])
end

-- set(key, …, value)
local function set(self, ...)
	local count, path = select("#", ...), { ... }
	descend(self.data, path, count - 1)[path[count - 1]] = path[count]
end

-- Removes what is under a path, and the tables that are empty thereafter.
local function remove_under(t, path, level, depth)
	if t == nil then
		return
	end
	local key = path[level]
	if level == depth then
		t[key] = nil
	elseif key then
		local inner = t[key]
		if inner then
			remove_under(inner, path, level + 1, depth)
			if next(inner) == nil then
				t[key] = nil
			end
		end
	else
		for any_key, inner in next, t do
			remove_under(inner, path, level + 1, depth)
			if next(inner) == nil then
				t[any_key] = nil
			end
		end
	end
end

local function path_of(...)
	local depth = select("#", ...)
	if depth == 0 then
		error("a path of at least one key expected", 3)
	end
	return { ... }, depth
end

local function remove(self, ...)
	local path, depth = path_of(...)
	remove_under(self.data, path, 1, depth)
end

local function search_under(t, path, level, depth, results)
	if t == nil then
		return
	end
	local key = path[level]
	if level == depth then
		if key == nil then
			for _, value in next, t do
				insert(results, value)
			end
		else
			insert(results, t[key])
		end
	elseif key then
		local inner = t[key]
		if inner then
			search_under(inner, path, level + 1, depth, results)
		end
	else
		for _, inner in next, t do
			search_under(inner, path, level + 1, depth, results)
		end
	end
end

local function search(self, ...)
	local results = {}
	local path, depth = path_of(...)
	search_under(self.data, path, 1, depth, results)
	return results
end

-- Like search, but appends to a list that is there.
local function search_add(self, results, ...)
	results = results or {}
	local path, depth = path_of(...)
	search_under(self.data, path, 1, depth, results)
	return results
end

-- Walks over all that matches a path: the keys, then the value.
local function iter(self, ...)
	local wanted, depth = { ... }, select("#", ...)
	local tables, keys, level = { self.data }, {}, 1
	local function step()
		while level > 0 do
			local key, value = next(tables[level], keys[level])
			if key == nil then
				tables[level], keys[level] = nil, nil
				level = level - 1
			else
				keys[level] = key
				local filter = wanted[level]
				if filter == nil or filter == key then
					if level == depth then
						local result = {}
						for index = 1, depth do
							result[index] = keys[index]
						end
						result[depth + 1] = value
						return unpack(result, 1, depth + 1)
					elseif type(value) == "table" then
						level = level + 1
						tables[level] = value
					end
				end
			end
		end
		-- No value at all: some count the values of a step.
	end
	return step, self
end

local function new()
	return {
		data = {},
		get = get,
		add = add,
		set = set,
		remove = remove,
		search = search,
		search_add = search_add,
		iter = iter,
	}
end

return { iter = iter, new = new }
