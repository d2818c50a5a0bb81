local mechanism = require "util.sasl.oauthbearer"
local report = require "report"

mechanism.init(function(name, backends, process, bindings)
	report.line("registers", name, backends, type(process), bindings)
end)
