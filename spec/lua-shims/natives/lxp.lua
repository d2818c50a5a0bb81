local lxp = require "lxp"
local function handlers(stop)
	return {
		StartElement = function(parser, name, attr)
			local list = {}
			for _, key in ipairs(attr) do list[#list + 1] = key .. "=" .. attr[key] end
			table.sort(list)
			show("start", name, table.concat(list, " "))
			if name == stop then parser:stop() end
		end,
		EndElement = function(_, name) show("end", name) end,
		CharacterData = function(_, text) show("text", text) end,
	}
end
local parser = lxp.new(handlers())
show(parser:parse("<a x='1' y=\"2\"><b>te") == parser, parser:parse("xt</b>") == parser, parser:parse("<c/></a>") == parser)
show(parser:parse() and true)
parser:close()
parser = lxp.new(handlers(), "|")
show(parser:parse("<a xmlns='urn:a' xmlns:p='urn:p' p:x='1' y='2' xml:lang='en'><p:b>&lt;&#65;</p:b></a>") == parser, parser:parse() and true)
parser = lxp.new(handlers())
show((parser:parse("<a><b></a>")), (parser:parse("<c/>")))
parser = lxp.new(handlers())
show((parser:parse("<a>")) == parser, (parser:parse()))
parser = lxp.new(handlers("b"))
show((parser:parse("<a><b>text</b><c/></a>")))
