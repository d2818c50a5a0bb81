show(("hello world"):find("o w"), ("hello"):find("l", 1, true), ("hello"):find("xyz"), ("hello"):find(""), ("hello"):find("", 10), ("hello"):find("l", -2), ("a.b"):find(".", 1, true), ("a.b"):find("%."))
show(("key = value"):match("^(%w+)%s*=%s*(%w+)$"), ("2024-01-02"):match("(%d+)-(%d+)-(%d+)"), ("hello"):match(".-l"), ("hello"):match("()ll()"), ("[[x]]"):match("%[%[(.-)%]%]"), ("abc"):match("^b"), (" x "):match("^%s*(.-)%s*$"))
show(("THE (quick) fox"):find("%((%a+)%)"), ("f(a(b)c)d"):match("%b()"), ("THE (quick) fox"):gsub("%f[%a]%a+", string.lower), ("hello"):gsub("l", "L", 1), ("hello"):gsub("", "-"), ("abc"):gsub("%w", "%0%0"), ("abc"):gsub("(a)(b)", "%2%1"))
show(("hello world"):gsub("o", { o = "0" }), ("hello"):gsub("l", function() return false end), ("hello"):gsub("(h)(e)", function(a, b) return b .. a end), ("x"):gsub("x", "%%"), ("abc"):gsub(".", { a = 1, b = false }))
for k, v in ("a=1, b=2"):gmatch("(%w+)=(%w+)") do show(k, v) end
for word in ("one two"):gmatch("%a+") do show(word) end
for at in ("abc"):gmatch("()") do show(at) end
show(problem(string.gsub, "x", "x", "%2"), problem(string.rep), problem(string.find, "a", "[a"), problem(string.find, "a", "%"), problem(string.gsub, "a", "(", ""), problem(string.gsub, "abc", "%w", "%q"))
show(problem(string.gsub, "a", "a", function() return {} end), problem(string.rep, "x", 1 << 40), problem(string.char, 256), problem(string.char, -1), problem(string.byte, {}))
show(("abc"):byte(), ("abc"):byte(-1), ("abc"):byte(1, -1), ("abc"):byte(10), string.char(), string.char(0, 255, 65), ("abc"):sub(2), ("abc"):sub(-2, -1), ("abc"):sub(0), ("abc"):sub(3, 2), ("abc"):sub(-100, 100), ("abc"):sub(2, 2))
show(("AbC"):lower(), ("AbC"):upper(), ("abc"):reverse(), ("abc"):len(), #"a\0b", ("Grüße"):upper(), ("\255\0"):reverse(), ("x"):rep(3, "\0"))
show(string.pack("<i4", 1), string.pack(">I2I2", 1, 65535), string.pack("z", "abc"), string.pack("s1", "abc"), string.unpack("<i4", "\1\0\0\0"), string.unpack("z", "abc\0rest"), string.packsize("i4i8"), string.pack("<d", 1.5))
show(string.pack("<I8", 1700000000000), string.unpack("<I8", "\0\104\229\207\139\1\0\0"), string.pack("<j", -1), string.unpack("<i8", "\255\255\255\255\255\255\255\255"), string.unpack(">I3", "\1\0\0"), string.pack("T", 7767640), string.unpack("T", "\216\134\118\0\0\0\0\0"), string.packsize("T"))
show(string.unpack("<I4", "\255\255\255\255"), string.pack("<I4", 4294967295), string.pack(">i2", -2), problem(string.pack, "i1", 200), problem(string.unpack, "i4", "abc"), string.unpack("<f", string.pack("<f", 0.5)), string.unpack("s2", string.pack("s2", "hey")))
show(utf8.char(72, 228, 8364, 128512), utf8.len("Grüße"), utf8.len("\255"), utf8.codepoint("äö", 1, -1), utf8.offset("aäb", 3), utf8.offset("aäb", -1), utf8.charpattern, utf8.len("", 1), utf8.len("äöü", 3))
for at, code in utf8.codes("aä€") do show(at, code) end
show(problem(utf8.codepoint, "\255"), problem(utf8.char, -1))
show(("%s"):rep(3, ","), ("x"):format(), ("%-5s|%5s|"):format("ab", "cd"), tostring("a\0b"), #tostring("a\0b"), ("a,b,,c"):gsub(",", ";"), ("^$"):find("^", 1, true), ("a-b"):gsub("%-", "+"))
show(("abc"):find("b", nil, true), ("aXb"):find("%u"), ("tab\there"):find("%c"), ("x"):find("[^%s]"), ("]"):find("[]]"), ("-"):find("[a%-z]"), ("é"):find("[\128-\255]+"), ("a\0b"):find("\0"), ("a\0b"):find("%z"), ("0x1F"):match("^0[xX](%x+)$"))
show(("hello"):gsub("(l+)", "<%1>"), ("abc"):gsub("b*", "-"), ("one;two;;four"):gsub(";;", ";nil;"), ("äöü"):gsub("[\128-\191]", ""), ("path/to/file.lua"):match("([^/]+)%.lua$"), ("k=v"):match("(.-)=(.*)"))
show(table.concat({ 1, 2.5, "x" }, "-"), table.concat({}, ","), table.concat({ "a", "b", "c" }, ",", 2, 3), problem(table.concat, { {} }), problem(table.concat, { 1, nil, 3 }, "", 1, 3))
local function matches(...)
	local found = {}
	for first, second in string.gmatch(...) do
		found[#found + 1] = tostring(first) .. (second and "/" .. tostring(second) or "")
	end
	return #found .. ":" .. table.concat(found, ",")
end
show(matches("a b c", "%a"), matches("a b c", "%a", 3), matches("a b c", "%a", -1), matches("a b c", "%a", 10), matches("k=v, x=y", "(%w)=(%w)", 3), matches("abc", "()", 2), matches("abc", "b*", 1), matches("abc", "b*"), matches("aaa", "a-", 2), matches("", "", 1), matches("abc", ".", -100))
