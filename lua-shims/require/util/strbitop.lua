-- Counterpart: util-src/strbitop.c
-- Bitwise operations on strings; the second is repeated to the length of the first.

local byte, char = string.byte, string.char
local concat = table.concat

local function operation(combine)
	return function(a, b)
		local size, period = #a, #b
		if size == 0 or period == 0 then
			return a
		end
		local bytes = {}
		for index = 1, size do
			bytes[index] = char(combine(byte(a, index), byte(b, (index - 1) % period + 1)))
		end
		return concat(bytes)
	end
end

local function common_prefix_bits(a, b)
	local size = #a < #b and #a or #b
	for index = 1, size do
		local difference = byte(a, index) ~ byte(b, index)
		if difference ~= 0 then
			local bits = (index - 1) * 8
			while difference < 128 do
				difference = difference * 2
				bits = bits + 1
			end
			return bits
		end
	end
	return size * 8
end

return {
	sand = operation(function(a, b)
		return a & b
	end),
	sor = operation(function(a, b)
		return a | b
	end),
	sxor = operation(function(a, b)
		return a ~ b
	end),
	common_prefix_bits = common_prefix_bits,
}
