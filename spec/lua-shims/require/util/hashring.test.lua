local hashring = require "util.hashring"

local function hash(text)
	local sum = 7
	for position = 1, #text do
		sum = (sum * 31 + text:byte(position)) % 65521
	end
	return ("%05d"):format(sum)
end
local ring = hashring.new(8, hash)
compare("add", "true true", ring:add_node("a"), ring:add_nodes { "b", "c", "a" })
local function places(of)
	local list = {}
	for n = 1, 60 do
		list[n] = of:get_node("key" .. n)
	end
	return list
end
compare("places", nil, places(ring))
local copy = ring:clone()
ours_only("clone", "true", function()
	return show(places(copy)) == show(places(ring))
end)
compare("remove", "true false", ring:remove_node("b"), ring:remove_node("b"))
compare("places without b", nil, places(ring))
ours_only("clone is another", '"b"', function()
	return copy.nodes[2]
end)
ring:remove_nodes { "a", "z" }
compare("places without a", nil, places(ring))
ours_only("values", '"v" {["x"]=1}', function()
	local with_values = hashring.new(2, hash)
	with_values:add_node("v", { x = 1 })
	return with_values:get_node("k")
end)
ours_only("table of values", '"n" 5', function()
	local with_values = hashring.new(2, hash)
	with_values:add_nodes { n = 5 }
	return with_values:get_node("k")
end)
