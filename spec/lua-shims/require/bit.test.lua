local bit = require "bit"
local report = require "report"

local numbers = { 0, 1, -1, 255, 256, 0x12345678, 2147483647, -2147483648, 2147483648.0, 4294967295.0, 4294967296.0, 305419896.0 }
for _, number in ipairs(numbers) do
	report.line("of " .. report.dump(number), bit.tobit(number), bit.bnot(number), bit.bswap(number), bit.tohex(number), bit.tohex(number, 4),
		bit.tohex(number, -2), bit.band(number), bit.bor(number))
	for _, places in ipairs({ 0, 1, 4, 8, 16, 31, 32, 33 }) do
		report.line("  by " .. places, bit.lshift(number, places), bit.rshift(number, places), bit.arshift(number, places), bit.rol(number, places),
			bit.ror(number, places))
	end
	for _, other in ipairs(numbers) do
		report.line("  with " .. report.dump(other), bit.band(number, other), bit.bor(number, other), bit.bxor(number, other))
	end
end
report.line("several", bit.band(7, 6, 12), bit.bor(1, 2, 4), bit.bxor(1, 3, 7))
report.line("whole numbers", math.type(bit.band(255, 15)), math.type(bit.lshift(1, 4)), ("%d"):format(bit.bnot(0)))
