local url = require "socket.url"
local report = require "report"

for _, text in ipairs({
	"http://user:pass@host:8080/a/b;p?q=1&r#f", "https://example.org", "https://example.org/", "http://[::1]:5280/x", "http://[2001:db8::1]",
	"mailto:a@b", "xmpp:room@conference.example?join", "/path/only", "relative/path", "?query", "#fragment", "//host/path", "host:80",
	"http://", "file:///etc/passwd", "http://a@b@c/d", "http://user@host", "http://:pw@host", "http://u:p:q@host:", "a;b;c?d?e#f#g",
	"http://host/%41%20b", "x:", ":", "", "1a:b", "http://h?q/w", "http://h/a?b;c", "ws://h:1/a b",
}) do
	local parts, err = url.parse(text)
	report.line("parse " .. text, parts, err)
	if parts then report.line("build", url.build(parts)) end
end
report.line("parse nothing", url.parse(nil))
report.line("defaults", url.parse("/p", { scheme = "http", host = "h", port = 1, path = "/q", query = "x" }))
report.line("default authority", url.parse("/p", { authority = "u:w@h:9", user = "kept" }))

for _, parts in ipairs({
	{}, { path = "/x" }, { scheme = "xmpp", path = "a@b" }, { host = "h" }, { host = "::1", port = 80 }, { host = "h", userinfo = "u:p" },
	{ host = "h", user = "u" }, { host = "h", user = "u", password = "p", userinfo = "v" }, { authority = "a:1", path = "p" },
	{ scheme = "http", host = "h", port = "80", path = "/", query = "a=b", fragment = "c", params = "d" }, { port = 80, path = "x" },
}) do
	report.line("build " .. report.dump(parts), url.build(parts))
end

-- RFC 2396, appendix C, and odd ones
for _, relative in ipairs({
	"g:h", "g", "./g", "g/", "/g", "//g", "?y", "g?y", "#s", "g#s", "g?y#s", ";x", "g;x", "g;x?y#s", ".", "./", "..", "../", "../g", "../..",
	"../../", "../../g", "", "../../../g", "../../../../g", "/./g", "/../g", "g.", ".g", "g..", "..g", "./../g", "./g/.", "g/./h", "g/../h",
	"g;x=1/./y", "g;x=1/../y", "a//b", "//x//y/../z",
}) do
	report.line("absolute " .. relative, url.absolute("http://a/b/c/d;p?q", relative))
end
report.line("absolute to a host", url.absolute("http://a", "b"), url.absolute("http://a", "../b"), url.absolute("http://a/", "/"))
report.line("absolute to parts", url.absolute({ scheme = "http", host = "a", authority = "a", path = "/b/" }, "c"))
report.line("absolute to parts without authority", url.absolute({ scheme = "http", host = "a", path = "/b/" }, "c"))
report.line("absolute to nothing", url.absolute("", "c/./d"), url.absolute("http://a/b/../c", ""))

for _, path in ipairs({ "", "/", "a", "/a", "a/", "/a/b/", "//a//b//", "/a%20b/%2F", "/%zz/%4", "a b/ö" }) do
	local segments = url.parse_path(path)
	report.line("path " .. path, segments)
	report.line("built", url.build_path(segments), url.build_path(segments, true))
end
report.line("no path", url.parse_path(nil))
report.line("no segments", url.build_path({ is_absolute = 1, is_directory = 1 }))
report.line("all characters", url.build_path({ "az09-_.!~*'():@&=+$,;/?#[]%\"<>\\^`{|} \0\n\127\255" }))
report.line("escape", url.escape("az09-_.!~*'():@&=+$,;/?#[]%\0\255ü"), url.escape(""))
report.line("unescape", url.unescape("a%20b%2fc%2Fd%zz%4%C3%BC+"), url.unescape(""))
