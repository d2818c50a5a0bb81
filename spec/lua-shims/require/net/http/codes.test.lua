local codes = require "net.http.codes"
local report = require "report"

-- Two names are others in 0.12.3, after RFC 7231.
for code = 100, 599 do
	if code ~= 413 and code ~= 422 and not codes[code]:find("Unassigned", 1, true) then report.line("code", codes[code]) end
end
report.line("unassigned", codes[299], codes[999], codes[306])
