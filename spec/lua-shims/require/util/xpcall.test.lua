local xpcall = require "util.xpcall".xpcall

compare("results", "true 1 nil 3", xpcall(function(...)
	return ...
end, print, 1, nil, 3))
compare("error", 'false "caught x"', xpcall(function(e)
	error(e, 0)
end, function(e)
	return "caught " .. e
end, "x"))
