-- Counterpart: LuaSocket's tcp.c
-- Connections whose functions give their results when these are there: what runs in an async context waits for them, and nobody else
-- does. Outside of one they are refused, since the whole server would wait.

local async = require "util.async"
local server = require "net.server"
local timer = require "util.timer"

local refusal = "not offered here: the server would wait (see util.async)"
-- How much is kept of what nobody has read yet, in bytes; more is left to the network.
local most_unread = 65536

local tcp = {}
local tcp_mt = { __index = tcp, __name = "tcp{client}" }

function tcp_mt:__tostring()
	return "tcp{client}"
end

-- Waits until something happens on the connection, or for so many seconds. Gives nil and "timeout" when nothing does.
local function wait_for_news(self)
	local wait, done = async.waiter(1, true)
	local is_late = false
	local task = self.timeout and timer.add_task(self.timeout, function ()
		is_late = true
		done()
	end)
	self.wake = done
	wait()
	self.wake = nil
	if task then
		timer.stop(task)
	end
	if is_late then
		return nil, "timeout"
	end
	return true
end

local function news(self)
	if self.wake then
		self.wake()
	end
end

-- Connects. Gives 1, or nil and the reason.
function tcp:connect(host, port)
	if not async.ready() then
		return nil, refusal
	elseif self.conn then
		return nil, "already connected"
	end
	local self_ = self
	self.state = "connecting"
	local conn, problem = server.addclient(host, math.tointeger(tonumber(port)) or 0, {
		onconnect = function () self_.state = "connected" news(self_) end,
		onincoming = function (conn, data)
			self_.unread = self_.unread .. data
			if #self_.unread > most_unread then
				conn:pause()
				self_.is_paused = true
			end
			news(self_)
		end,
		ondisconnect = function (_, reason)
			self_.reason = self_.state == "connecting" and reason or "closed"
			self_.state = "closed"
			news(self_)
		end,
	})
	if not conn then
		return nil, problem
	end
	self.conn = conn
	while self.state == "connecting" do
		local ok, why_not = wait_for_news(self)
		if not ok then
			self:close()
			return nil, why_not
		end
	end
	if self.state ~= "connected" then
		return nil, self.reason
	end
	return 1
end

-- Sends data, or a part of it. Gives the number of the last byte, or nil and the reason.
function tcp:send(data, first, last)
	if self.state ~= "connected" then
		return nil, self.conn and "closed" or "not connected"
	end
	data = tostring(data)
	last = last or -1
	if not self.conn:write(data:sub(first or 1, last)) then
		return nil, "closed"
	end
	return last < 0 and #data + 1 + last or math.min(last, #data)
end

-- Takes what a pattern asks for out of what came: `*l` a line, `*a` all, a number so many bytes.
local function take(self, pattern)
	local unread = self.unread
	if type(pattern) == "number" then
		if #unread >= pattern then
			self.unread = unread:sub(pattern + 1)
			return unread:sub(1, pattern)
		end
	elseif pattern:match("^%*?a") then
		if self.state == "closed" then
			self.unread = ""
			return unread
		end
	else
		local line, rest = unread:match("^([^\n]*)\n(.*)$")
		if line then
			self.unread = rest
			return (line:gsub("\r", ""))
		end
	end
end

-- Reads. Gives what came, or nil, the reason and what came until then.
function tcp:receive(pattern, prefix)
	pattern, prefix = pattern or "*l", prefix or ""
	if type(pattern) == "number" then
		pattern = math.max(0, pattern - #prefix)
	end
	if not self.conn then
		return nil, "not connected", prefix
	end
	while true do
		local found = take(self, pattern)
		if self.is_paused and #self.unread <= most_unread then
			self.is_paused = nil
			self.conn:resume()
		end
		if found then
			return prefix .. found
		end
		local partial = prefix .. self.unread
		if self.state == "closed" then
			self.unread = ""
			return nil, "closed", partial
		elseif not async.ready() then
			return nil, refusal, ""
		end
		-- a line may be longer than what is kept
		if self.is_paused then
			self.is_paused = nil
			self.conn:resume()
		end
		local ok, problem = wait_for_news(self)
		if not ok then
			self.unread = ""
			return nil, problem, partial
		end
	end
end

function tcp:close()
	if self.conn and self.state ~= "closed" then
		self.conn:close()
	end
	self.state = "closed"
	return 1
end
tcp.shutdown = tcp.close

-- How many seconds anything may take; nil or less than nothing for any time.
function tcp:settimeout(seconds)
	self.timeout = seconds and seconds >= 0 and seconds or nil
	return 1
end

function tcp:setoption(name, value)
	if self.conn and name == "keepalive" then
		self.conn:setoption(name, value)
	end
	return 1
end

function tcp:getpeername()
	if self.conn then
		return self.conn:ip()
	end
	return nil, "not connected"
end

for _, name in ipairs({ "bind", "listen", "accept" }) do
	tcp[name] = function ()
		return nil, "not offered: ports are opened with module:provides('net', …)"
	end
end

return function ()
	return setmetatable({ unread = "", state = "new" }, tcp_mt)
end
