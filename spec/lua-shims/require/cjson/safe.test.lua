local cjson = require "cjson.safe"
local report = require "report"

report.line("decode", cjson.decode('{"a":1}'))
report.line("encode", cjson.encode({ "x" }))
local value, err = cjson.decode("{")
report.line("no JSON", value, type(err))
