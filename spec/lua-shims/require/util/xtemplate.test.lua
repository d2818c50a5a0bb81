-- Elements as simple as these functions need them.
local stanza_mt = {}
stanza_mt.__index = stanza_mt
local function element(name, attr, ...)
	return setmetatable({ name = name, attr = attr, ... }, stanza_mt)
end
function stanza_mt:get_text()
	local texts = {}
	for _, child in ipairs(self) do
		texts[#texts + 1] = type(child) == "string" and child or nil
	end
	return texts[1] and table.concat(texts) or nil
end
function stanza_mt:childtags(name, xmlns)
	local index = 0
	return function()
		while true do
			index = index + 1
			local child = self[index]
			if child == nil then
				return nil
			end
			if type(child) == "table" and (not name or child.name == name) and (not xmlns or child.attr.xmlns == xmlns) then
				return child
			end
		end
	end
end
function stanza_mt:find(path)
	local attribute = path:match("^@(.+)$")
	if attribute then
		return self.attr[attribute]
	end
	local name, rest = path:match("^([%w{}:]*)(.*)$")
	local child = self:childtags(name)()
	if not child or rest == "" then
		return child
	elseif rest == "#" then
		return child:get_text()
	end
	return child:find(rest:gsub("^/", ""))
end
package.loaded["util.stanza"] = {
	is_stanza = function(value)
		return getmetatable(value) == stanza_mt
	end,
	xml_escape = function(text)
		return (text:gsub("[<>&]", { ["<"] = "&lt;", [">"] = "&gt;", ["&"] = "&amp;" }))
	end,
}
local xtemplate = require "util.xtemplate"

local root = element("message", { from = "a&b", to = "c" },
	element("body", {}, "Hello <you>"),
	element("empty", {}),
	element("list", {}, element("item", { n = "1" }, "one"), element("item", { n = "2", xmlns = "urn:x" }, "two"), element("other", {}, "x")),
	"text")
local filters = {
	upper = function(text)
		return text and text:upper()
	end,
	raw = function(text)
		return text, true
	end,
}
for _, template in ipairs {
	"plain", "{@from}", "{@missing}", "{body#}", "{body}", "{empty#}", "{#}", "{.}", "a{@to}b", "{@from|upper}", "{@from|raw}", "{@missing|upper}",
	"{@to|raw|upper}", "{list|each(item){{@n}={#},}}", "{list|each({urn:x}item){{#}}}", "{list|each({}item){{#}}}", 
	"{@to|and{yes {@to}}}", "{@missing|and{yes}}", "{@missing|or{none}}", "{@to|or{none}}", "{@to|and(@missing){x}}", "{@missing|or(@to){x}}",
	"{@missing|or(@gone){{@from}}}", "{}", "{|upper}", "{list|each(other){[{#|upper}]}}",
} do
	local ok, text = pcall(xtemplate.render, template, root, nil, filters)
	compare(template, nil, ok, ok and text)
end
ours_only("escapes", '"a&amp;b: Hello &lt;you&gt;"', function()
	return xtemplate.render("{@from}: {body#}", root)
end)
ours_only("blanks", '"a c b|ac b|a cb|acb"', function()
	local parts = {}
	for index, template in ipairs { "a {@to} b", "a {-@to} b", "a {@to-} b", "a {-@to-} b" } do
		parts[index] = xtemplate.render(template, root)
	end
	return table.concat(parts, "|")
end)
ours_only("arguments", '"c(x)t"', function()
	return xtemplate.render("{@to|f(x){t}}", root, nil, {
		f = function(value, args, template)
			return value .. "(" .. args .. ")" .. template
		end,
	})
end)
ours_only("unknown filter", "true", function()
	return fails(xtemplate.render, "{@to|what}", root)
end)
ours_only("own escape", '"<c>"', function()
	return xtemplate.render("{@to}", root, function(text)
		return "<" .. text .. ">"
	end)
end)
ours_only("each of nothing", '"" ""', function()
	return xtemplate.render("{item|each{x}}", root), xtemplate.render("{missing|each(x){y}}", root)
end)
