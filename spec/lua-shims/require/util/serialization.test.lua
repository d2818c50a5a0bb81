local serialization = require "util.serialization"
local serialize, deserialize = serialization.serialize, serialization.deserialize

compare("plain", nil, serialize("x"), serialize(1), serialize(-1), serialize(1.5), serialize(true), serialize(nil))
compare("numbers", nil, serialize(2.0), serialize(0.1), serialize(1e100), serialize(1e15), serialize(2 ^ 53), serialize(-0.0), serialize(1 / 3), serialize(2 ^ -27))
compare("large whole numbers", '"1700000000000" "-9007199254740991"', serialize(1700000000000), serialize(-9007199254740991))
compare("no numbers", '"(1/0)" "(-1/0)" "(0/0)"', serialize(1 / 0), serialize(-1 / 0), serialize(0 / 0))
local bytes = {}
for code = 0, 255 do
	bytes[code + 1] = string.char(code)
end
bytes = table.concat(bytes)
compare("every byte", nil, serialize(bytes), deserialize(serialize(bytes)) == bytes)

local nested = { 1, "two", { 3, { 4 } }, { deep = { deeper = "x" } }, true, { [5] = 1 }, { [true] = 2 }, { [1.5] = 3 }, {} }
local keys = { { a = 1 }, { ["end"] = 1 }, { ["not a name"] = 1 }, { _x1 = 1 }, { [""] = 1 }, { ["1x"] = 1 } }
local presets = { "debug", "oneline", "compact", false }
for _, preset in ipairs(presets) do
	compare("nested " .. tostring(preset), nil, serialize(nested, preset or nil))
	compare("keys " .. tostring(preset), nil, serialize(keys, preset or nil))
	compare("empty " .. tostring(preset), nil, serialize({}, preset or nil), serialize({ {} }, preset or nil))
	compare("same value " .. tostring(preset), "true", show(deserialize(serialize(nested, preset or nil))) == show(nested))
end
ours_only("pretty", [["{\x0a\x091;\x0a\x09a = 2;\x0a}"]], function()
	return serialize({ 1, a = 2 }, "pretty")
end)
local function sorted_pairs(t)
	local names = {}
	for key in pairs(t) do
		names[#names + 1] = key
	end
	table.sort(names, function(a, b)
		return tostring(a) < tostring(b)
	end)
	local index = 0
	return function()
		index = index + 1
		return names[index], t[names[index]]
	end
end
for _, options in ipairs {
	{ unquoted = true }, { unquoted = "^%a+$" }, { hex = "x" }, { itemsep = ",", itemlast = "", indentwith = " " },
	{ tstart = "<", tend = ">", kstart = "(", kend = ")", equals = ":" }, { preset = "oneline", unquoted = true }, { preset = "compact", itemsep = "," },
	{ keywords = { a = true }, unquoted = true }, { preset = "debug", indentwith = "  " },
} do
	options.table_iterator = sorted_pairs
	compare("options", nil, serialization.new(options) { 1, 2, a = "x\1", b = { c = 1, ["d e"] = "\255\254\253" }, ["end"] = {} })
end
compare("a function", "true true", fails(serialize, print), fails(serialize, { print }))
compare("fallback", nil, serialize({ print }, { fatal = false }), serialize({ print }, "debug"))
compare("own fallback", nil, serialize({ print, { a = print } }, {
	fallback = function(value, why)
		return "<" .. type(value) .. tostring(why) .. ">"
	end,
}))
local loop = {}
loop[1] = loop
local shared = { 1 }
compare("loops", "true true", fails(serialize, loop), fails(serialize, { shared, shared }))
compare("references", nil, serialize({ shared, shared }, { multiref = true }), serialize({ shared, shared }, "debug"), serialize(loop, "debug"))
local deep = {}
for _ = 1, 5 do
	deep = { deep }
end
compare("depth", nil, serialize(deep, { maxdepth = 3, fatal = false }), fails(serialize, deep, { maxdepth = 3 }), fails(serialize, deep, { maxdepth = 6 }))
local frozen = setmetatable({}, {
	__name = "thing",
	__freeze = function()
		return { 1, 2 }
	end,
})
local text_frozen = setmetatable({}, {
	__freeze = function()
		return "thing(5)"
	end,
})
compare("freeze", nil, serialize(frozen, "debug"), serialize({ text_frozen }, "debug"), serialize(frozen))
compare("table keys", nil, serialize({ [{ 1 }] = 2 }, "oneline"))

compare("deserialize", nil, deserialize("{ 1, a = 2 }"), (deserialize("x")), (deserialize(5)))
compare("bad text", "nil \"string\" nil \"string\"", (function()
	local value, message = deserialize("{")
	local called, why = deserialize("f()")
	return value, type(message), called, type(why)
end)())
ours_only("list first", '"{1;2;3;a=4}"', function()
	return serialize({ 1, 2, 3, a = 4 }, "compact")
end)
