local parse = require "util.xml".parse

local function tree(element)
	if type(element) == "string" then
		return ("%q"):format(element)
	end
	local names, parts = {}, {}
	for name in pairs(element.attr) do
		names[#names + 1] = name
	end
	table.sort(names)
	for index, name in ipairs(names) do
		parts[index] = name:gsub("%c", "^") .. "=" .. element.attr[name]
	end
	for _, child in ipairs(element) do
		parts[#parts + 1] = tree(child)
	end
	return element.name .. "(" .. table.concat(parts, ",") .. ")"
end

for _, text in ipairs {
	"<a/>", "<a b='1'>text &amp; more</a>", "<message xmlns='jabber:client' to='x'><body>hi</body><x xmlns='urn:x'><y/></x></message>",
	"<p:a xmlns:p='urn:p' xml:lang='en'><p:b/><c/></p:a>", " <a/> ", "<a>ä<![CDATA[<b>]]></a>", "<a><b></a></b>", "<a", "", "text", "<a/><b/>",
	"<!DOCTYPE a><a/>", "<a><!-- comment --></a>", "<a><?pi?></a>", "<a b='1' b='2'/>", "<p:a/>", "<a>&unknown;</a>",
} do
	local element, problem = parse(text)
	show(text, element and tree(element) or element, problem and type(problem))
end
local stanza = parse("<message><body>hi</body></message>")
show(require "util.stanza".is_stanza(stanza), stanza:get_child_text("body"), tostring(stanza))
local template = require "util.template" [[<iq type="{kind}"><query xmlns="urn:q">{text}</query></iq>]]
show(tostring(template.apply { kind = "set", text = "a & b" }))
