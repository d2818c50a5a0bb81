local t = require "util.table"

compare("create", "{}", t.create(3, 2))
compare("create fails", "true", fails(t.create, "x", 1))
compare("pack", '{"a","c"} 3', (function()
	local packed = t.pack("a", nil, "c")
	return { packed[1], packed[3] }, packed.n
end)())
compare("pack nothing", "0", t.pack().n)
ours_only("move", "{1,1,2}", function()
	return t.move({ 1, 2, 3 }, 1, 2, 2)
end)
