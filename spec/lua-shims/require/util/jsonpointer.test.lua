local pointer = require "util.jsonpointer"
local report = require "report"

-- RFC 6901, section 5
local document = {
	foo = { "bar", "baz" }, [""] = 0, ["a/b"] = 1, ["c%d"] = 2, ["e^f"] = 3, ["g|h"] = 4, ["i\\j"] = 5, ["k\"l"] = 6, [" "] = 7, ["m~n"] = 8,
	deep = { list = { { name = "first" }, { name = "second" } }, empty = {}, no = false },
}
for _, path in ipairs({
	"", "/foo", "/foo/0", "/foo/1", "/foo/2", "/foo/-", "/", "/a~1b", "/c%d", "/e^f", "/g|h", "/i\\j", "/k\"l", "/ ", "/m~0n", "/missing",
	"/deep/list/1/name", "/deep/list/0", "/deep/empty", "/deep/no", "/deep/empty/x", "/deep/list/7", "/~01",
}) do
	report.call("at " .. path, function() return (pointer.resolve(document, path)) end)
end
report.line("of an empty table", pointer.resolve({}, "/x"))
report.line("of an odd table", pointer.resolve({ [true] = 1 }, "/x"))
report.line("of a text", pointer.resolve("x", "/x"))
report.line("the whole", pointer.resolve("x", ""))
