local it = require "util.iterators"

-- All steps with all their values.
local function steps(...)
	local list = {}
	local f, s, v = ...
	while true do
		local step = table.pack(f(s, v))
		v = step[1]
		if v == nil then
			return list
		end
		step.n = nil
		list[#list + 1] = step
	end
end

local letters = { "a", "b", "c", "b" }
compare("range", "{1,2,3} {4,5,6}", it.to_array(it.range(3)), it.to_array(it.range(4, 6)))
compare("reverse", '{{4,"b"},{3,"c"},{2,"b"},{1,"a"}}', steps(it.reverse(ipairs(letters))))
compare("keys", '{"x"}', it.to_array(it.keys { x = 1 }))
compare("values", "{1}", it.to_array(it.values { x = 1 }))
compare("select", '{"a","b","c","b"}', it.to_array(it.select(2, ipairs(letters))))
compare("select what is not there", "{}", it.to_array(it.select(3, ipairs(letters))))
compare("unique", '{"a","b","c"}', it.to_array(it.unique(it.values(setmetatable(letters, nil)))) and (function()
	local list = it.to_array(it.unique(it.select(2, ipairs(letters))))
	return list
end)())
compare("count", "4 0", it.count(ipairs(letters)), it.count(pairs {}))
for n = 0, 6 do
	compare("head " .. n, nil, steps(it.head(n, ipairs(letters))))
	compare("skip " .. n, nil, n <= 4 and steps(it.skip(n, ipairs(letters))))
	if n > 0 then
		compare("tail " .. n, nil, steps(it.tail(n, ipairs(letters))))
	end
end
compare("head", '{{1,"a"},{2,"b"}}', steps(it.head(2, ipairs(letters))))
compare("tail", '{{3,"c"},{4,"b"}}', steps(it.tail(2, ipairs(letters))))
compare("skip", '{{3,"c"},{4,"b"}}', steps(it.skip(2, ipairs(letters))))
compare("filter", "{2,4}", it.to_array(it.filter(function(n)
	return n % 2 == 0
end, it.range(5))))
compare("filter by value", "{1,3}", it.to_array(it.filter(2, it.range(3))))
compare("filter by further values", "{{2,\"b\"},{4,\"b\"}}", steps(it.filter(function(_, letter)
	return letter == "b"
end, ipairs(letters))))
compare("ripairs", '{{4,"b"},{3,"c"},{2,"b"},{1,"a"}}', steps(it.ripairs(letters)))
compare("sorted_pairs", "{{\"a\",1},{\"b\",2}}", steps(it.sorted_pairs { b = 2, a = 1 }))
compare("sorted_pairs by", "{{\"b\",2},{\"a\",1}}", steps(it.sorted_pairs({ b = 2, a = 1 }, function(a, b)
	return a > b
end)))
compare("to_table", "{[\"a\"]=1,[\"b\"]=2}", it.to_table(pairs { b = 2, a = 1 }))
local joined = it.join(it.range(2)):append(it.range(5, 6))
compare("join", "{1,2,5,6}", it.to_array(joined, { joined, 1 }))
compare("join three", "{1,7,8}", it.to_array(it.join(it.range(1)):append(it.range(0)):append(it.range(7, 8))))
ours_only("prepend", "{5,1}", function()
	return it.to_array(it.join(it.range(1)):prepend(it.range(5, 5)))
end)
ours_only("join one", "{1,2}", function()
	return it.to_array(it.join(it.range(2)))
end)
compare("nils in steps", "{{1},{2}}", steps(it.filter(3, function(_, n)
	n = (n or 0) + 1
	return n <= 2 and n or nil, nil
end)))
