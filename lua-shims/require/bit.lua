-- Counterpart: bit of the rock luabitop
-- Bitwise operations on 32 bits, with results between -2^31 and 2^31 - 1.

local floor, tointeger = math.floor, math.tointeger

local all = 2.0 ^ 32

-- Shifts are divisions and multiplications: how wide whole numbers are differs between interpreters.
local function signed(number)
	number = floor(number) % all + 0 -- no negative zero
	if number >= all / 2 then
		number = number - all
	end
	return tointeger(number)
end

local function fold(operate)
	return function(first, ...)
		local result = signed(first)
		for i = 1, select("#", ...) do
			result = operate(result, signed((select(i, ...))))
		end
		return result
	end
end

local function shift(move)
	return function(number, places)
		return signed(move(signed(number), 2.0 ^ (places % 32)))
	end
end

local bit = {
	tobit = signed,
	band = fold(function(a, b) return a & b end),
	bor = fold(function(a, b) return a | b end),
	bxor = fold(function(a, b) return a ~ b end),
	bnot = function(number) return ~signed(number) end,
	lshift = shift(function(number, factor) return number % all * factor end),
	rshift = shift(function(number, factor) return number % all / factor end),
	arshift = shift(function(number, factor) return number / factor end),
	rol = shift(function(number, factor) return number % all * factor % all + floor(number % all * factor / all) end),
	ror = shift(function(number, factor) return floor(number % all / factor) + number % factor * (all / factor) end),
}

function bit.bswap(number)
	local swapped = 0
	number = number % all
	for _ = 1, 4 do
		swapped = swapped * 256 + number % 256
		number = floor(number / 256)
	end
	return signed(swapped)
end

-- The last digits of a number in hexadecimal, eight by default; in capitals where the count is negative.
function bit.tohex(number, digits)
	digits = digits or 8
	local text = ("%04x%04x"):format(floor(number % all / 65536), number % 65536)
	text = text:sub(-math.min(math.abs(digits), 8))
	return digits < 0 and text:upper() or text
end

return bit
