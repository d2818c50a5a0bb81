-- Counterpart: util-src/ringbuffer.c
-- Bytes up to a size, written at one end and read at the other. Kept as one Lua string.

local byte, find, format, sub = string.byte, string.find, string.format, string.sub
local error, setmetatable, type = error, setmetatable, type

local default_size = 4096

local ringbuffer = {}
local ringbuffer_mt = { __index = ringbuffer, __name = "ringbuffer" }

local function new(size)
	size = size or default_size
	if type(size) ~= "number" or size <= 0 then
		error("bad argument #1 to 'new' (positive integer expected)", 2)
	end
	return setmetatable({ _data = "", _size = size }, ringbuffer_mt)
end

-- Where a text ends that is in the buffer.
function ringbuffer:find(text)
	local _, stop = find(self._data, text, 1, true)
	if stop and stop > 0 then
		return stop
	end
end

-- Whether there were so many bytes, which are gone now.
function ringbuffer:discard(count)
	if count < 0 or count > #self._data then
		return false
	end
	self._data = sub(self._data, count + 1)
	return true
end

-- So many bytes, nil if there are less; `peek` leaves them there.
function ringbuffer:read(count, peek)
	local data = self._data
	if count < 0 or count > #data then
		return nil
	end
	if not peek then
		self._data = sub(data, count + 1)
	end
	return sub(data, 1, count)
end

-- All up to and with a text.
function ringbuffer:readuntil(text)
	local stop = self:find(text)
	if stop then
		return self:read(stop)
	end
end

-- How many bytes were written; nil if they do not fit.
function ringbuffer:write(bytes)
	local data = self._data
	if #data + #bytes > self._size then
		return nil
	end
	self._data = data .. bytes
	return #bytes
end

function ringbuffer:sub(first, last)
	return sub(self._data, first, last or -1)
end

function ringbuffer:byte(first, last)
	first = first or 1
	return byte(self._data, first, last or first)
end

function ringbuffer:size()
	return self._size
end

function ringbuffer:length()
	return #self._data
end
ringbuffer_mt.__len = ringbuffer.length

function ringbuffer:free()
	return self._size - #self._data
end

function ringbuffer_mt:__tostring()
	return format("ringbuffer: %d/%d", #self._data, self._size)
end

return { new = new }
