local bit32 = require "bit32"
local report = require "report"

-- What Lua 5.2's manual says, section 6.7
report.line("and", bit32.band(12, 10), bit32.band(), bit32.band(-1), bit32.band(4294967295.0, 255))
report.line("or", bit32.bor(12, 10), bit32.bor(), bit32.bor(2147483648.0, 1))
report.line("xor", bit32.bxor(12, 10), bit32.bxor(), bit32.bxor(-1, 1))
report.line("not", bit32.bnot(0), bit32.bnot(1), bit32.bnot(-1), bit32.bnot(4294967295.0))
report.line("test", bit32.btest(4, 6), bit32.btest(4, 3), bit32.btest())
report.line("left", bit32.lshift(1, 31), bit32.lshift(1, 32), bit32.lshift(3, 31), bit32.lshift(255, -4), bit32.lshift(-1, 4))
report.line("right", bit32.rshift(2147483648.0, 31), bit32.rshift(-1, 28), bit32.rshift(1, 1), bit32.rshift(1, -4), bit32.rshift(1, 32))
report.line("arithmetic", bit32.arshift(-8, 1), bit32.arshift(8, 1), bit32.arshift(-1, 40), bit32.arshift(1, -3), bit32.arshift(2147483648.0, 31))
report.line("rotate", bit32.lrotate(2147483649.0, 1), bit32.rrotate(1, 1), bit32.lrotate(305419896, 8), bit32.rrotate(305419896, 8), bit32.lrotate(1, -1))
report.line("extract", bit32.extract(305419896, 4, 8), bit32.extract(5, 0), bit32.extract(5, 1), bit32.extract(-1, 0, 32))
report.line("replace", bit32.replace(0, 255, 8, 8), bit32.replace(-1, 0, 0), bit32.replace(65535, 5, 4, 4), bit32.replace(7, 8, 0, 3))
report.call("beyond", bit32.extract, 1, 31, 2)
