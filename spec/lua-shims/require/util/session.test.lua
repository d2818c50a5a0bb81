local sessions = require "util.session"
local filters = require "util.filters"
local st = require "util.stanza"
local report = require "report"

local session = sessions.new("c2s")
report.line("new", session.type, session.base_type)
report.line("id", sessions.set_id(session) == session, session.id:match("^c2s%x+$") == session.id)
report.line("logger", sessions.set_logger(session) == session, session.log ~= nil)

local lines = {}
session.log = function(level, message, ...) lines[#lines + 1] = level .. select("#", ...) end
report.line("without a connection", sessions.set_send(session) == session, session.send("x"), lines)

local written = {}
local conn = { ip = function() return "10.0.0.1" end }
function conn.write(self, data)
	if data == "fail" then return nil, "closed" end
	written[#written + 1] = (self == conn and "" or "?") .. data
	return true
end
report.line("connection", sessions.set_conn(session, conn) == session, session.ip, session.conn == conn)
report.line("send", sessions.set_send(session) == session)
report.line("bytes", session.send("bytes"))
report.line("a stanza", session.send(st.stanza("a", { b = "c" })))
report.line("failing", session.send("fail"))
filters.add_filter(session, "stanzas/out", function(stanza) if stanza.name ~= "secret" then return stanza end end)
filters.add_filter(session, "bytes/out", function(data) if data ~= "secret" then return data:upper() end end)
report.line("filtered", session.send(st.stanza("a")), session.send(st.stanza("secret")), session.send("secret"), session.send("x"))
report.line("written", written, lines)
if sessions.set_role then
	print("# since 13")
	report.line("since", type(session.since))
	report.line("role", sessions.set_role(session, "r"), session.role)
end
