local template = require "util.template"
local st = require "util.stanza"
local report = require "report"

local t = template([[
	<query xmlns="jabber:iq:search" kind="{kind}">
		<instructions>  Fill in {what}, {what}  </instructions>
		<x xmlns='jabber:x:data' type='form'><title>{title}</title><field type='hidden' var='a{n}b'/></x>
		<plain/>
		{alone}
	</query>
]])
report.line("apply", t.apply({ kind = "k", what = "<form>", title = "T", n = 1, alone = "text" }))
report.line("apply with less", t.apply({}))
report.line("cached", template("<a/>") == template("<a/>"), template("<a/>") == template("<b/>"))
report.line("kept", type(t.text), type(t.name), tostring(t) == t.name)
report.line("a stanza", st.is_stanza(t.apply({})), #t.apply({}).tags, t.apply({}).tags[2].tags[1].name)
report.line("apart", t.apply({}) ~= t.apply({}))
report.call("no XML", template, "<a>")
report.line("empty attribute", template("<a b='{x}' c=''/>").apply({}))
report.line("same namespace", template("<a xmlns='urn:a'><b><c xmlns='urn:c'/></b></a>").apply({}))
