local socket = require "socket"
local report = require "report"

report.line("time", math.abs(socket.gettime() - os.time()) < 5, type(socket._VERSION))

-- errors that are raised, and given back
local closed = 0
local try = socket.newtry(function () closed = closed + 1 end)
local both = socket.protect(function (ok, problem)
	return "given", try(ok, problem)
end)
report.line("protect", both(1, 2))
report.line("protect fails", both(nil, "why not"))
report.line("finalizer", closed, pcall(socket.protect(function () error("raised", 0) end)))
report.line("try", socket.try("a", "b"), socket.skip(1, "a", "b", "c"))

-- sources and sinks
local function fake(...)
	local answers = { ... }
	return {
		receive = function (_, count)
			local answer = table.remove(answers, 1)
			if answer then
				return answer
			end
			return nil, "closed", "rest"
		end,
		send = function (_, piece) report.line("sent", piece) return #piece end,
		close = function () report.line("closed") return 1 end,
	}
end
local source = socket.source("until-closed", fake("one", "two"))
report.line("source", source(), source(), source(), source())
source = socket.source("by-length", fake("abc", "de"), 5)
report.line("by length", source(), source(), source())
local sink = socket.sink("close-when-done", fake())
report.line("sink", sink("piece"), sink(nil))
sink = socket.sink("keep-open", fake())
report.line("sink", sink("piece"), sink(nil))
