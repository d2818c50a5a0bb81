local http = require "util.http"
local report = require "report"

for _, text in ipairs({ "", "az09.~_-", "a b&c=d/e?f#g+h", "ü\0\255", "%41" }) do
	report.line("encode", http.urlencode(text), http.urldecode(http.urlencode(text)))
end
report.line("nothing", http.urlencode(nil), http.urldecode(nil))
report.line("decode", http.urldecode("%41%c3%BC%zz%4"), http.urldecode("a+b"))
report.line("form", http.formencode({ { name = "a b", value = "1&2" }, { name = "c", value = "" }, { name = "a b", value = "ü" } }))
report.line("form of a map", http.formencode({ ["one key"] = "=+ " }), http.formencode({}))
for _, text in ipairs({ "a=1", "a=1&b=2&a=3", "one+two=3+4%2B", "=", "a=&=b", "plain%20text", "", "a&b=c", "a=b=c", "%61=%C3%BC" }) do
	report.line("decode form " .. text, http.formdecode(text))
end
for _, case in ipairs({
	{ "a, b", "b" }, { "keep-alive, Upgrade", "upgrade" }, { "a,b", "c" }, { "", "a" }, { "ab", "a" }, { "A\t, B", "a" }, { "a.b", "a?b" },
}) do
	report.line("token " .. case[1] .. " " .. case[2], http.contains_token(case[1], case[2]))
end
for _, path in ipairs({ "", "/", "a", "/a", "a/", "/a/", "a/b/" }) do
	report.line("path " .. path, http.normalize_path(path), http.normalize_path(path, true), http.normalize_path(path, false))
end
if http.parse_forwarded then
	print("# since 13")
	for _, header in ipairs({
		"for=192.0.2.43", 'for="_gazonk"', 'For="[2001:db8:cafe::17]:4711"', "for=192.0.2.60;proto=http;by=203.0.113.43",
		"for=192.0.2.43, for=198.51.100.17", "for=192.0.2.43,for=\"[2001:db8::1]\";host=x, by=y", "", "nonsense", "for=a b=c", "for = a ; by = b",
	}) do
		report.line("forwarded " .. header, http.parse_forwarded(header))
	end
	report.line("no header", http.parse_forwarded(nil), http.parse_forwarded(7))
end
