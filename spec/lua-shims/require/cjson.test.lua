local cjson = require "cjson"
local report = require "report"

report.line("decode", cjson.decode('{"a":[1,"x",true],"b":{}}'))
report.line("encode", cjson.encode({ 1, 2, "three" }), cjson.encode({ a = true }), cjson.encode("x"))
report.call("no JSON", cjson.decode, "{")
report.call("no value", cjson.encode, print)
report.line("null", cjson.null ~= nil)

local array = setmetatable({}, { __index = table, __name = "array" })
report.line("empty", cjson.encode({}), cjson.encode(array), cjson.encode({ a = array }))
report.line("lists", cjson.encode({ 1, 2, [4] = 4 }), cjson.encode({ [2] = 1, [3] = 1 }), cjson.encode({ 1, nil, 3 }))
report.line("objects", cjson.encode({ [1.5] = 2 }), cjson.encode({ [0] = true }), cjson.encode({ ["1"] = 1 }))
report.line("numbers", cjson.encode(10.0), cjson.encode(2 ^ 53), cjson.encode(1 / 3), cjson.encode(-1.5e-7))
report.line("texts", cjson.encode("\0\1/\\\"é\127\t\n"))
report.line("nothing", cjson.encode(nil), cjson.encode({ cjson.null }))
report.call("too sparse", cjson.encode, { [1000] = 1 })
report.call("infinite", cjson.encode, 1 / 0)
report.call("other keys", cjson.encode, { [true] = 1 })
