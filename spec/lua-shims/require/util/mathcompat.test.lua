ours_only("math.type", '"integer" "float"', function()
	require "util.mathcompat"
	return math.type(1), math.type(1.5)
end)
