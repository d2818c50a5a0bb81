local envload = require "util.envload"

compare("environment", "7 8", envload.envload("x = x + 1; return x - 1, x", "=x", { x = 7 })())
compare("syntax error", 'nil "x:1: unexpected symbol near \'?\'"', envload.envload("?", "=x", {}))
io = io and io.open and io or { open = function(path)
	return nil, path .. ": No such file or directory", 2
end }
compare("no such file", 'nil "/nonexistent: No such file or directory" 2', envload.envloadfile("/nonexistent", {}))
