local bit = require "util.bit53"

compare("small", "8 14 6 12 3", bit.band(12, 10), bit.bor(12, 10), bit.bxor(12, 10), bit.lshift(3, 2), bit.rshift(12, 2))
compare("many", "1 15 0", bit.band(7, 3, 1), bit.bor(1, 2, 4, 8), bit.bxor(1, 2, 3))
ours_only("not", "-1 -6 4", function()
	return bit.bnot(0), bit.bnot(5), bit.bnot(-5)
end)
local numbers = { 0, 1, 255, 65535, 65536, 2147483647, 2147483648, 4294967295, 4294967296, 1234567890123, 9007199254740991 }
for _, a in ipairs(numbers) do
	for _, b in ipairs(numbers) do
		compare("two", nil, bit.band(a, b), bit.bor(a, b), bit.bxor(a, b))
	end
	for _, shift in ipairs { 0, 1, 4, 8, 16, 31, 32, 40 } do
		compare("rshift", nil, bit.rshift(a, shift))
		if a < 256 then
			compare("lshift", nil, bit.lshift(a, shift))
		end
	end
end
compare("negative", "-1 -2 5", bit.bor(-1, 5), bit.band(-1, -2), bit.band(-1, 5))
compare("fractions", "true", fails(bit.band, 1.5, 1))
