local bit = require "util.bit53"
local report = require "report"

report.line("and", bit.band(12, 10), bit.band(255, 15, 6), bit.band(7, 7))
report.line("or", bit.bor(12, 10), bit.bor(1, 2, 4, 8))
report.line("xor", bit.bxor(12, 10), bit.bxor(1, 3, 7))
report.line("shift", bit.lshift(1, 10), bit.rshift(1024, 3))
if bit.bnot then
	print("# since 13")
	report.line("not", bit.bnot(0), bit.bnot(5))
end
