local smqueue = require "util.smqueue"
local report = require "report"

local function state(q)
	local held = {}
	for _, item in q:resume() do held[#held + 1] = item end
	report.line("state", #q, q:count_unacked(), q:count_acked(), q:resumable(), held, q:table())
end

local q = smqueue.new(5)
state(q)
for i = 1, 4 do q:push("item" .. i) end
state(q)
report.line("ack", q:ack(2))
state(q)
report.line("ack again", q:ack(2))
report.line("ack too few", q:ack(1))
report.line("ack too many", q:ack(9))
for i = 5, 10 do q:push("item" .. i) end
state(q)
report.line("ack of what was dropped", q:ack(4))
state(q)
report.line("ack", q:ack(7))
state(q)
local consumed = {}
for _, item in q:consume() do consumed[#consumed + 1] = item end
report.line("consumed", consumed)
report.line("frozen", getmetatable(q).__freeze(q))
report.call("no size", smqueue.new, 0)
report.line("methods", type(smqueue.smqueue.push))
