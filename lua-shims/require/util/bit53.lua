-- Counterpart: util/bit53.lua
-- Bitwise operators as functions, for code of versions that had none.

local select = select

-- A function of any number of arguments from one of two.
local function operation(combine)
	return function(a, b, ...)
		local result = combine(a, b)
		for index = 1, select("#", ...) do
			result = combine(result, (select(index, ...)))
		end
		return result
	end
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
		return ~number
	end,
	lshift = function(number, bits)
		return number << bits
	end,
	rshift = function(number, bits)
		return number >> bits
	end,
}
