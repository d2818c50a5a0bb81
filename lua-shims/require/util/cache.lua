-- Counterpart: util/cache.lua
-- A table of limited size that forgets what was set longest ago. `on_evict(key, value, cache)` is asked before something
-- is forgotten: false keeps it (and refuses the new entry), and it may make the cache larger.

local floor = math.floor
local assert, error, setmetatable, tonumber = assert, error, setmetatable, tonumber

local cache = {}
local cache_mt = { __index = cache, __name = "cache" }

local function unlink(self, entry)
	local newer, older = entry.prev, entry.next
	if newer then
		newer.next = older
	else
		self._head = older
	end
	if older then
		older.prev = newer
	else
		self._tail = newer
	end
	self._count = self._count - 1
end

local function link_first(self, entry)
	local head = self._head
	entry.prev, entry.next = nil, head
	if head then
		head.prev = entry
	else
		self._tail = entry
	end
	self._head = entry
	self._count = self._count + 1
end

local function checked_size(size)
	size = floor(assert(tonumber(size), "cache size must be a number"))
	assert(size > 0, "cache size must be greater than zero")
	return size
end

-- Answers false where the cache is full and nothing may go.
function cache:set(key, value)
	local data = self._data
	local entry = data[key]
	if entry then
		if value == nil then
			unlink(self, entry)
			data[key] = nil
			return true
		end
		if self._head ~= entry then
			unlink(self, entry)
			link_first(self, entry)
		end
		entry.value = value
		return true
	end
	if value == nil then
		return true
	end
	if self._count == self.size then
		local oldest, on_evict = self._tail, self._on_evict
		if on_evict == false then
			return false
		end
		if on_evict and on_evict(oldest.key, oldest.value, self) == false then
			return false
		end
		-- Otherwise it has grown meanwhile.
		if self._count == self.size then
			unlink(self, oldest)
			self._data[oldest.key] = nil
		end
	end
	entry = { key = key, value = value }
	self._data[key] = entry
	link_first(self, entry)
	return true
end

function cache:get(key)
	local entry = self._data[key]
	if entry then
		return entry.value
	end
	return nil
end

-- Walks from the newest to the oldest; what was walked over may be removed.
function cache:items()
	local entry = self._head
	return function()
		local current = entry
		if current then
			entry = current.next
			return current.key, current.value
		end
	end
end

function cache:values()
	local entry = self._head
	return function()
		local current = entry
		if current then
			entry = current.next
			return current.value
		end
	end
end

function cache:count()
	return self._count
end

-- The newest.
function cache:head()
	local entry = self._head
	if entry then
		return entry.key, entry.value
	end
	return nil, nil
end

-- The oldest.
function cache:tail()
	local entry = self._tail
	if entry then
		return entry.key, entry.value
	end
	return nil, nil
end

-- Answers false where something should go that may not.
function cache:resize(size)
	size = checked_size(size)
	local on_evict = self._on_evict
	while self._count > size do
		local oldest = self._tail
		if on_evict == false or (on_evict and on_evict(oldest.key, oldest.value, self) == false) then
			return false
		end
		unlink(self, oldest)
		self._data[oldest.key] = nil
	end
	self.size = size
	return true
end

-- The cache as what looks like an ordinary table.
function cache:table()
	local proxy = self.proxy_table
	if not proxy then
		proxy = setmetatable({}, {
			__index = function(_, key)
				return self:get(key)
			end,
			__newindex = function(_, key, value)
				if not self:set(key, value) then
					error("failed to insert key into cache - full")
				end
			end,
			__pairs = function()
				return self:items()
			end,
			__len = function()
				return self._count
			end,
		})
		self.proxy_table = proxy
	end
	return proxy
end

function cache:clear()
	self._data, self._count = {}, 0
	self._head, self._tail = nil, nil
end

local function new(size, on_evict)
	return setmetatable({ size = checked_size(size), _data = {}, _count = 0, _on_evict = on_evict }, cache_mt)
end

return { new = new }
