-- Counterpart: util/bit53.lua
-- Bitwise functions. Integers have 32 bits here, and 64 where Prosody runs: whole floats carry what is longer, up to 53.

local error, select, type = error, select, type
local floor, tointeger, type_of_number = math.floor, math.tointeger, math.type

local two_32 = 4294967296.0

local function shorten(number)
	return tointeger(number) or number
end

-- The lower 32 bits as an integer, and the rest.
local function split(number)
	local high = floor(number / two_32) * 1.0
	local low = number - high * two_32
	if low >= 0x1p31 then
		low = low - two_32
	end
	local integer = tointeger(low)
	if not integer then
		error("number has no integer representation", 3)
	end
	return integer, high
end

local function join(low, high)
	if low < 0 then
		low = low + two_32
	end
	return shorten(high * two_32 + low)
end

-- A function of any number of arguments from one of two integers.
local function operation(combine)
	local function of_two(a, b)
		if type_of_number(a) == "integer" and type_of_number(b) == "integer" then
			return combine(a, b)
		elseif type(a) ~= "number" or type(b) ~= "number" then
			return combine(a, b)
		end
		local a_low, a_high = split(a)
		local b_low, b_high = split(b)
		return join(combine(a_low, b_low), combine((split(a_high)), (split(b_high))))
	end
	return function(a, b, ...)
		local result = of_two(a, b)
		for index = 1, select("#", ...) do
			result = of_two(result, (select(index, ...)))
		end
		return result
	end
end

local function lshift(number, bits)
	if bits < 0 then
		return shorten(floor(number / 2.0 ^ -bits))
	end
	return shorten(number * 2.0 ^ bits)
end

local function rshift(number, bits)
	if bits < 0 then
		return lshift(number, -bits)
	elseif number < 0 then
		return number >> bits
	end
	return shorten(floor(number / 2.0 ^ bits))
end

return {
	band = operation(function(a, b)
		return a & b
	end),
	bor = operation(function(a, b)
		return a | b
	end),
	bxor = operation(function(a, b)
		return a ~ b
	end),
	bnot = function(number)
		return -number - 1
	end,
	lshift = lshift,
	rshift = rshift,
}
