-- Counterpart: util/dbuffer.lua
-- Bytes that come in pieces, read as if they were one string.

local t_concat = table.concat

local methods = {}
local dbuffer_mt = { __name = "dbuffer", __index = methods }

-- Holds at most `max_size` bytes (without limit by default) in at most `max_chunks` pieces (32). Gives nil for no size.
local function new(max_size, max_chunks)
	if max_size and max_size <= 0 then
		return nil
	end
	-- The pieces from `first` to `last`, of the first of which `front_consumed` bytes were read.
	return setmetatable({
		max_size = max_size, max_chunks = max_chunks or 32, chunks = {}, first = 1, last = 0, front_consumed = 0, _length = 0,
	}, dbuffer_mt)
end

function methods:length()
	return self._length
end
methods.len = methods.length
dbuffer_mt.__len = methods.length

-- Gives true, or nil when it is full.
function methods:write(data)
	if self.max_size and self._length + #data > self.max_size then
		return nil
	end
	if self.last - self.first + 1 >= self.max_chunks then
		self:collapse()
		if self.last - self.first + 1 >= self.max_chunks then
			return nil
		end
	end
	self.last = self.last + 1
	self.chunks[self.last] = data
	self._length = self._length + #data
	return true
end

-- Gives what the first piece has of so many bytes, or all of it, and how many these are.
function methods:read_chunk(bytes)
	local chunk = self.chunks[self.first]
	if not chunk then return end
	local from, left = self.front_consumed + 1, #chunk - self.front_consumed
	if bytes and bytes < left then
		self.front_consumed = self.front_consumed + bytes
		self._length = self._length - bytes
		return chunk:sub(from, self.front_consumed), bytes
	end
	self.chunks[self.first] = nil
	self.first, self.front_consumed = self.first + 1, 0
	self._length = self._length - left
	return chunk:sub(from), left
end

-- Gives so many bytes, or nil when there are not so many yet; without a number the first piece.
function methods:read(bytes)
	if not bytes then
		return (self:read_chunk())
	elseif bytes > self._length or self._length == 0 then
		return nil
	end
	local parts = {}
	repeat
		local chunk, length = self:read_chunk(bytes)
		parts[#parts + 1] = chunk
		bytes = bytes - length
	until bytes <= 0
	return t_concat(parts)
end

-- Gives all up to and with a text that stands within one piece, or nil.
function methods:read_until(text)
	local before = 0
	for i = self.first, self.last do
		local chunk, skipped = self.chunks[i], i == self.first and self.front_consumed or 0
		local at = chunk:find(text, skipped + 1, true)
		if at then
			return self:read(before + at - skipped)
		end
		before = before + #chunk - skipped
	end
	return nil
end

-- Drops so many bytes, or all.
function methods:discard(bytes)
	if not bytes or bytes >= self._length then
		self.chunks, self.first, self.last, self.front_consumed, self._length = {}, 1, 0, 0, 0
		return true
	end
	while bytes > 0 do
		local _, length = self:read_chunk(bytes)
		bytes = bytes - length
	end
	return true
end

-- Puts so many bytes, or all, into the first piece.
function methods:collapse(bytes)
	bytes = bytes or self._length
	local front = self.chunks[self.first]
	if not front or #front - self.front_consumed >= bytes then
		return
	end
	local parts = { front:sub(self.front_consumed + 1) }
	local length, i = #parts[1], self.first
	while length < bytes do
		self.chunks[i] = nil
		i = i + 1
		parts[#parts + 1] = self.chunks[i]
		length = length + #self.chunks[i]
	end
	self.chunks[i] = t_concat(parts)
	self.first, self.front_consumed = i, 0
end

-- Where two positions, which may count from the end, are in the first piece; nil where nothing is between them.
local function front_positions(self, i, j)
	local length = self._length
	if i < 0 then i = length + i + 1 end
	if j < 0 then j = length + j + 1 end
	i, j = math.max(i, 1), math.min(j, length)
	if i > j then return nil end
	self:collapse(j)
	return i + self.front_consumed, j + self.front_consumed
end

-- As a string's; nothing is taken out.
function methods:sub(i, j)
	i, j = front_positions(self, i, j or -1)
	return i and self.chunks[self.first]:sub(i, j) or ""
end

function methods:byte(i, j)
	i = i or 1
	i, j = front_positions(self, i, j or i)
	if i then
		return self.chunks[self.first]:byte(i, j)
	end
end

return { new = new }
