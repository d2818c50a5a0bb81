local vcard = require "util.vcard"
local st = require "util.stanza"
local report = require "report"

local function temp(name, text)
	return st.stanza(name, { xmlns = "vcard-temp" }):text(text)
end
local function with(element, ...)
	for _, child in ipairs({ ... }) do element:add_child(child) end
	return element
end

local full = with(temp("vCard"),
	temp("FN", "Juliet Capulet"),
	with(temp("N"), temp("FAMILY", "Capulet"), temp("GIVEN", "Juliet")),
	temp("NICKNAME", "Jule"),
	with(temp("PHOTO"), temp("TYPE", "image/png"), temp("BINVAL", "aGVsbG8=")),
	with(temp("PHOTO"), temp("EXTVAL", "http://example.org/a.png")),
	temp("BDAY", "1580-01-01"),
	with(temp("ADR"), temp("HOME"), temp("PREF"), temp("STREET", "Via Cappello 23"), temp("LOCALITY", "Verona"), temp("CTRY", "Italy")),
	with(temp("LABEL"), temp("WORK"), temp("LINE", "a line")),
	with(temp("TEL"), temp("WORK"), temp("VOICE"), temp("NUMBER", "303-308-3282")),
	with(temp("TEL"), temp("NUMBER")),
	with(temp("EMAIL"), temp("INTERNET"), temp("USERID", "jule@example.org")),
	temp("JABBERID", "juliet@example.org"),
	with(temp("GEO"), temp("LAT", "45.4"), temp("LON", "11")),
	with(temp("ORG"), temp("ORGNAME", "Capulets"), temp("ORGUNIT", "House"), temp("ORGUNIT", "Balcony")),
	with(temp("CLASS"), temp("PRIVATE")),
	with(temp("CLASS")),
	with(temp("KEY"), temp("TYPE", "x509"), temp("CRED", "abc")),
	temp("NOTE", "several; lines, with: a\nbackslash \\"),
	temp("UNKNOWN", "x"),
	temp("URL", "https://example.org/~jule"),
	temp("DESC"))

local read = vcard.from_xep54(full)
report.line("from xep54", read)
local back = vcard.to_xep54(read)
report.line("to xep54", back)
report.line("again", vcard.from_xep54(back))
report.line("to vcard4", vcard.to_vcard4(read))
report.line("empty", vcard.from_xep54(temp("vCard")), vcard.to_xep54({}), vcard.to_vcard4({}), vcard.to_text({}))
report.line("several", vcard.from_xep54(with(temp("xCard"), temp("vCard"), with(temp("vCard"), temp("FN", "x")))))
report.line("several to xep54", vcard.to_xep54({ { { name = "FN", "a" } }, { { name = "FN", "b" } } }))
report.line("several to vcard4", vcard.to_vcard4({ { { name = "FN", "a" } }, { { name = "FN", "b" } } }))
report.line("other namespace", vcard.from_xep54(st.stanza("vCard", { xmlns = "x" })))
report.line("other element", vcard.from_xep54(temp("other")))

report.line("types as text", vcard.to_xep54({ { name = "TEL", TYPE = "home", "1" } }))
report.line("types as a list", vcard.to_xep54({ { name = "TEL", TYPE = { "pref", "Home", "odd" }, "1" } }))
report.line("unknown items", vcard.to_xep54({ { name = "UNKNOWN", "1" }, { name = "CLASS", "PUBLIC" } }))
report.line("unknown in vcard4", vcard.to_vcard4({ { name = "UNKNOWN", "1" }, { name = "BDAY", "1" }, { name = "REV", "1" }, { name = "LANG", "de" } }))
report.line("uri", vcard.to_vcard4({
	{ name = "PHOTO", "http://x" }, { name = "PHOTO", ENCODING = { "b" }, "eA==" }, { name = "URL", "http://y" }, { name = "GEO", "geo:1,2" },
}))

-- Parameters come in any order, and sometimes as lists
local function lines(text)
	local out = {}
	for line in (text .. "\n"):gmatch("(.-)\n") do
		local head, value = line:match("^(.-):(.*)$")
		local parameters = {}
		for parameter in head:gmatch("[^;]+") do parameters[#parameters + 1] = parameter end
		table.sort(parameters)
		out[#out + 1] = table.concat(parameters, ";") .. ":" .. value
	end
	return table.concat(out, "\n")
end
report.line("to text", lines(vcard.to_text(read)))
report.line("several to text", lines(vcard.to_text({ { { name = "FN", "a" } }, { { name = "N", "b", "c;d", "" } } })))

for name, text in pairs({
	simple = "BEGIN:VCARD\nVERSION:3.0\nFN:Juliet\nEND:VCARD\n",
}) do report.line("from text " .. name, vcard.from_text(text)) end
report.line("from text", vcard.from_text(table.concat({
	"X:outside", "BEGIN:VCARD", "VERSION:3.0", "FN:Juliet\\, of Verona\\nand more\\; so", "N:Capulet;Juliet;;Miss;", "", "",
	"TEL;TYPE=home:1", "TEL;TYPE=work,voice:2", "TEL;HOME:3", "TEL;TYPE=odd:4", "EMAIL;type=internet:a@b",
	"PHOTO;ENCODING=b;TYPE=png:eA==", "PHOTO;TYPE:x", "KEY;TYPE=a,b:c", "ORG:One;Two;Three", "ADR;TYPE=home:;;Street;Town;;;", "UNKNOWN:x",
	"URL:http://example.org:80/", "NOTE:folded", "  line", "CLASS:PUBLIC", "REV:", "BDAY:a\\\\b", "fn:lower", "END:VCARD", "FN:outside",
	"BEGIN:VCARD", "FN:second", "END:VCARD",
}, "\r\n")))
report.line("from empty text", vcard.from_text(""))
