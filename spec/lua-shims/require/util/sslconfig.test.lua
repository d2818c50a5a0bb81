local sslconfig = require "util.sslconfig"

local new = sslconfig._new or sslconfig.new
local function sorted(list)
	table.sort(list)
	return list
end
local function settle(...)
	local config = new(nil, "/etc/folder")
	for index = 1, select("#", ...) do
		config:apply((select(index, ...)))
	end
	local output = config:final()
	output.options = sorted(output.options)
	if output.verifyext then
		output.verifyext = sorted(output.verifyext)
	end
	return output
end
compare("nothing", '{["options"]={}}', settle())
compare("options", nil, settle({ options = { "a", "b" } }, { options = { b = false, c = true } }, { options = "d" }))
compare("verifyext", nil, settle({ verifyext = { "x" } }))
compare("lists", nil, settle({ ciphers = { "A", "B" }, curveslist = { "c" }, ciphersuites = "S" }))
compare("protocol", nil, settle({ protocol = "tlsv1_2+" }), settle({ protocol = "tlsv1_2" }))
compare("later ones win", nil, settle({ mode = "server", depth = 1 }, nil, { depth = 2 }))
ours_only("paths", '{["certificate"]="/etc/folder/c.pem",["dhparam"]="-----BEGIN X",["key"]="/abs/k",["options"]={}}', function()
	return settle({ key = "/abs/k", certificate = "c.pem", dhparam = "-----BEGIN X" })
end)
ours_only("build", "1 1 2 true", function()
	local made = 0
	local config = new(function(settings, of)
		made = made + 1
		return made
	end, "/")
	local first, second = config:build(), config:build()
	config:apply({ mode = "x" })
	return first, second, config:build(), fails(function()
		config.x = 1
	end)
end)
ours_only("clone", '"a" "b"', function()
	local config = new(nil, "/")
	config:apply({ mode = "a" })
	local copy = config:clone()
	copy:apply({ mode = "b" })
	return config:final().mode, copy:final().mode
end)
