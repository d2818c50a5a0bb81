local interpolation = require "util.interpolation"

local render = interpolation.new("%b{}", function(text)
	return "<" .. text .. ">"
end, {
	upper = string.upper,
	none = function()
		return nil
	end,
})

local values = {
	name = "x",
	number = 5,
	yes = true,
	no = false,
	deep = { a = { b = "c" }, f = false },
	list = { "i", "j", "k" },
	people = { { name = "n1" }, { name = "n2" } },
	one = { key = "v" },
	["dotted.name"] = "d",
	empty = {},
}
local templates = {
	"plain", "{name}", "{name!}", "{missing}", "{ name }", "{}", "{1}", "{number}", "{yes} {no}", "{deep.a.b}", "{deep.a.z}", "{deep.f}",
	"{deep.a.b.c}", "{dotted.name}", "{name|upper}", "{name|upper!}", "{name|unknown}", "{name|none}", "{missing|upper}",
	"{name|upper|upper?x}", "{list#{idx}={item},}", "{list#{item!}{name}}", "{one%{idx}:{item}}", "{people#{item.name!}{name!}}",
	"{empty#x}", "{name#x}", "{missing%x}", "{missing?default}", "{missing?{name}}", "{name?default}", "{no?default}", "{name&yes {name}}",
	"{missing&yes}", "{missing~none}", "{name~none}", "{no~none}", "{name&{missing?inner {deep.a.b!}}}", "{list#{item&{idx}}}", "{{name}}", "{name",
	"{name!?x}", "{name.}", "{name..x}", "{list}", "{name=x}", "{missing=x}",
}
for _, template in ipairs(templates) do
	local ok, text = pcall(render, template, values)
	compare(template, nil, ok, ok and text:gsub("table: 0?x?%x+", "table"))
end
compare("all", '"a <x> x d <5>"', render("a {name} {name!} {missing?d} {number}", values))
compare("list", '"1=i,2=j,3=k,"', render("{list#{idx!}={item!},}", values))
local plain = interpolation.new("%%%b()", tostring)
compare("another pattern", nil, plain("%(name) %(other)", { name = "x" }))
