local bit = require "util.bitcompat"
local report = require "report"

report.line("operations", bit.band(12, 10), bit.bor(12, 10), bit.bxor(12, 10), bit.lshift(1, 4), bit.rshift(16, 2))
