local mime = require "mime"
local ltn12 = require "ltn12"
local report = require "report"

for _, text in ipairs({ "", "a", "ab", "abc", "abcd", "\0\255\128", ("x"):rep(100) }) do
	report.line("base64", (mime.b64(text)), (mime.unb64((mime.b64(text)))) == (text ~= "" and text or nil))
end
report.line("nothing", (mime.b64(nil)), (mime.unb64(nil)), (mime.qp(nil)), (mime.unqp(nil)))
report.line("piece by piece", mime.b64("ab", "cde"))
report.line("no more", mime.b64("ab", nil))
report.line("back", mime.unb64("YW", "JjZGU"))
for _, text in ipairs({ "plain", "a=b", "ü\0", "tab\tin", "end ", "end\t\r\nnext \r\n", "two\r\nlines" }) do
	local quoted = mime.qp(text)
	report.line("quoted " .. report.dump(text), quoted, (mime.unqp(quoted)))
end
report.line("soft", (mime.unqp("a=\r\nb=3D=C3=BC")))

local function through(filter, ...)
	local sink, pieces = ltn12.sink.table()
	ltn12.pump.all(ltn12.source.chain(ltn12.source.table({ ... }), filter), sink)
	return table.concat(pieces)
end
report.line("encode", through(mime.encode("base64"), "a", "bc", "defg"), through(mime.decode("base64"), "YW", "JjZ", "A=="))
report.line("encode quoted", through(mime.encode("quoted-printable"), "a=", "b"), through(mime.decode("quoted-printable"), "a=", "3Db"))
report.call("unknown", mime.encode, "rot13")
