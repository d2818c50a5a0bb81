local dependencies = require "util.dependencies"
local report = require "report"

report.line("there", dependencies.softreq("util.stanza") == require "util.stanza")
local library, err = dependencies.softreq("not.there")
report.line("missing", library, type(err), err:find("not.there", 1, true) ~= nil)
