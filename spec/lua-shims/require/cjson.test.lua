local cjson = require "cjson"
local report = require "report"

report.line("decode", cjson.decode('{"a":[1,"x",true],"b":{}}'))
report.line("encode", cjson.encode({ 1, 2, "three" }), cjson.encode({ a = true }), cjson.encode("x"))
report.call("no JSON", cjson.decode, "{")
report.call("no value", cjson.encode, print)
report.line("null", cjson.null ~= nil)
