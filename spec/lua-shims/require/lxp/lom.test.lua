local lom = require "lxp.lom"
local report = require "report"

-- Attributes are listed in the order of the document.
local function dump(element)
	if type(element) ~= "table" then return report.dump(element) end
	local out = { element.tag }
	for _, name in ipairs(element.attr) do out[#out + 1] = name .. "=" .. report.dump(element.attr[name]) end
	for _, child in ipairs(element) do out[#out + 1] = dump(child) end
	return "(" .. table.concat(out, " ") .. ")"
end

local function try(source, name)
	local element, err, line, column, byte = lom.parse(source)
	if element then
		print("parse " .. (name or report.dump(source)) .. ": " .. dump(element))
	else
		print("parse " .. (name or report.dump(source)) .. ": refused", type(err), type(line), type(column), type(byte))
	end
end

for _, xml in ipairs({
	"<a/>", "<a></a>", "<a b='1' c=\"2\"/>", "<a>text</a>", "<a>one<b/>two<c>three</c>four</a>", "<a>&lt;&gt;&amp;&quot;&apos;</a>",
	"<a b='&lt;&#10;&#x41;' />", "<a>&#228;&#x1F600;</a>", "<a><![CDATA[<b>&amp;]]></a>", "<a>x<![CDATA[y]]>z</a>", "<a><!-- c --></a>",
	"<a>x<!-- c -->y</a>", "<?xml version='1.0'?><a/>", "<?xml version='1.0' encoding='UTF-8'?>\n<!-- c -->\n<a/>\n<!-- d -->\n", "<a/> \n",
	"<a\n\tb = '1'\n/>", "<p:a xmlns:p='urn:x' p:b='1' xmlns='urn:y'><c xml:lang='en'/></p:a>", "<ä ö='ü'>ß</ä>", "<a><?pi data?></a>",
	"<a b='x\ty\nz'/>", "<a>x\r\ny\rz</a>", "<a-b.c_d e-f.g='1'/>", "<a b='\"' c=\"'\"/>", "<a b='>'/>", "<a>></a>", "<a ></a >",
	"<message from='room@conference.example/nick' to='me'><body>hi &amp; bye</body><x xmlns='urn:x'><item a='b'/></x></message>",
	-- none of these
	"", " ", "text", "<a>", "</a>", "<a></b>", "<a><b></a></b>", "<a", "<a b", "<a b=1/>", "<a b='1' b='2'/>", "<a/><b/>", "<a/>text",
	"<a>&unknown;</a>", "<a>&amp</a>", "<a>& b</a>", "<a b='<'/>", "<a b='1'c='2'/>", "<1a/>", "< a/>", "<a>&#0;</a>", "<a>&#xFFFF;</a>",
	"<a><!-- open</a>", "<a><![CDATA[open</a>", "<![CDATA[x]]>", "<a></a", "x<a/>", "<a/ >", "<a></ a>",
}) do
	try(xml)
end
try({ "<a>", "<b", " c='1'/>", "x", "y</a>" }, "a list")
local pieces = { "<a>1", "2</a>" }
try(function() return table.remove(pieces, 1) end, "a function")
report.call("a number", lom.parse, 7)
report.call("nothing", lom.parse, nil)

local element = lom.parse("<a><b n='1'/>text<c><b n='2'/><d/></c><b n='3'/></a>")
print(dump(lom.find_elem(element, "a")), dump(lom.find_elem(element, "b")), dump(lom.find_elem(element, "d")), dump(lom.find_elem(element, "x")))
for child in lom.list_children(element) do print("child " .. dump(child)) end
for child in lom.list_children(element, "b") do print("child b " .. dump(child)) end
for child in lom.list_children(element, "x") do print("child x " .. dump(child)) end
