-- Counterpart: bit32 of Lua 5.2
-- Bitwise operations on 32 bits, with results from 0 to 2^32 - 1.

local bit = require "bit"

local floor, tointeger = math.floor, math.tointeger

local all = 2.0 ^ 32

-- A whole number where the interpreter has one of that size.
local function unsigned(number)
	number = floor(number) % all + 0 -- no negative zero
	return tointeger(number) or number
end

local function fold(operate, empty)
	return function(...)
		if select("#", ...) == 0 then
			return unsigned(empty)
		end
		return unsigned(operate(...))
	end
end

local function shift(number, places)
	number = number % all
	if places <= -32 or places >= 32 then
		return 0
	end
	return unsigned(number * 2.0 ^ places)
end

local function check_field(field, width)
	width = width or 1
	assert(field >= 0 and width > 0 and field + width <= 32, "trying to access non-existent bits")
	return 2.0 ^ field, 2.0 ^ width
end

local bit32 = {
	band = fold(bit.band, -1),
	bor = fold(bit.bor, 0),
	bxor = fold(bit.bxor, 0),
	bnot = function(number) return unsigned(-1 - floor(number)) end,
	lshift = shift,
	rshift = function(number, places) return shift(number, -places) end,
	lrotate = function(number, places) return unsigned(bit.rol(number, places)) end,
	rrotate = function(number, places) return unsigned(bit.ror(number, places)) end,
}

function bit32.btest(...)
	return bit32.band(...) ~= 0
end

function bit32.arshift(number, places)
	if places <= 0 then
		return shift(number, -places)
	end
	return unsigned(bit.arshift(number, math.min(places, 31)))
end

function bit32.extract(number, field, width)
	local from, size = check_field(field, width)
	return unsigned(floor(number % all / from) % size)
end

function bit32.replace(number, value, field, width)
	local from, size = check_field(field, width)
	number = number % all
	return unsigned(number + (value % size - floor(number / from) % size) * from)
end

return bit32
