local bit = require "util.bitcompat"

compare("functions", "8 14 6 12 3", bit.band(12, 10), bit.bor(12, 10), bit.bxor(12, 10), bit.lshift(3, 2), bit.rshift(12, 2))
