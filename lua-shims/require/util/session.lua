-- Counterpart: util/session.lua
-- The parts that sessions of every kind are made of.

local initialize_filters = require "util.filters".initialize
local logger = require "util.logger"
local time = require "util.time"

local function new(kind)
	return { type = kind .. "_unauthed", base_type = kind, since = time.now() }
end

local function set_id(session)
	session.id = session.base_type .. tostring(session):match("%x+$"):lower()
	return session
end

local function set_logger(session)
	session.log = logger.init(session.id)
	return session
end

local function set_conn(session, conn)
	session.conn = conn
	session.ip = conn:ip()
	return session
end

local function send_nowhere(session)
	return function(data)
		session.log("debug", "Nothing is connected to send this to: %s", data)
		return false
	end
end

-- Gives the session a `send` that passes stanzas and bytes through its filters to its connection.
local function set_send(session)
	local conn = session.conn
	if not conn then
		session.send = send_nowhere(session)
		return session
	end
	local filter, write = initialize_filters(session), conn.write
	session.send = function(data)
		if data.name then
			data = filter("stanzas/out", data)
		end
		data = data and filter("bytes/out", tostring(data))
		if not data then
			return true -- held back
		end
		local written, err = write(conn, data)
		if not written then
			session.log("debug", "Could not write to the connection: %s", err)
			return false, err
		end
		return true
	end
	return session
end

local function set_role(session, role)
	session.role = role
end

return { new = new, set_id = set_id, set_logger = set_logger, set_conn = set_conn, set_send = set_send, set_role = set_role }
