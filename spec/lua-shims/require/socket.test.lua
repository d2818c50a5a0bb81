local socket = require "socket"
local report = require "report"

report.line("time", math.abs(socket.gettime() - os.time()) < 5, type(socket._VERSION))
