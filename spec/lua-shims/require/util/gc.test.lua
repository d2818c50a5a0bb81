local gc = require "util.gc"

local defaults = { mode = "incremental", threshold = 105, speed = 500 }
compare("good", "true true true", gc.configure({}, defaults), gc.configure({ threshold = 110 }, defaults), gc.configure({ mode = "generational", minor_threshold = 20, major_threshold = 50 }, defaults))
compare("bad", 'nil "Unknown GC parameter: major_threshold" nil "parameter \'speed\' should be a number"', (function()
	local one, why = gc.configure({ major_threshold = 1 }, defaults)
	local other, why_not = gc.configure({ speed = "x" }, defaults)
	return one, why, other, why_not
end)())
compare("unknown mode", "nil", (gc.configure({ mode = "x" }, defaults)))
