-- Counterpart: net/connect.lua
-- Connects to the first target of a resolver that answers.

local new_id = require "util.id".short
local server = require "net.server"
local log = require "util.logger".init("net.connect")

local pending = {}
local pending_mt = { __name = "pending_connection", __index = pending }

function pending_mt:__tostring()
	return ("<pending connection %s to %s>"):format(self.id, tostring(self.target_resolver.hostname))
end

-- What is tried just now, by its connection.
local tried = {}
local listeners = {}

function pending:fail()
	log("debug", "[%s] No more targets to try", self.id)
	if self.listeners.onfail then
		self.listeners.onfail(self.data, self.last_error or self.target_resolver.last_error or "unable to resolve service")
	end
end

function pending:attempt()
	if self.conn then
		tried[self.conn] = nil
		self.conn = nil
	end
	self.target_resolver:next(function (kind, address, port, extra)
		if not kind then
			return self:fail()
		end
		log("debug", "[%s] Next target to try is %s:%d", self.id, address, port)
		local options = self.options
		local conn, problem = server.addclient(address, port, listeners, options.pattern or "*a",
			extra and extra.sslctx or options.sslctx, kind, extra)
		if not conn then
			self.last_error = problem or "unknown reason"
			return self:attempt()
		end
		self.conn, tried[conn] = conn, self
	end)
end

function listeners.onconnect(conn)
	local it = tried[conn]
	if not it then
		log("warn", "Successful connection, but unexpected! Closing.")
		conn:close()
		return
	end
	tried[conn] = nil
	if it.cancelled then
		conn:close()
		return
	end
	log("debug", "[%s] Successfully connected", it.id)
	if it.listeners.onattach then
		it.listeners.onattach(conn, it.data)
	end
	conn:setlistener(it.listeners, it.data)
	if it.listeners.onconnect then
		return it.listeners.onconnect(conn)
	end
end

function listeners.ondisconnect(conn, reason)
	local it = tried[conn]
	if not it then
		return
	end
	tried[conn] = nil
	it.conn = nil
	it.last_error = reason or "unknown reason"
	log("debug", "[%s] Connection attempt failed: %s", it.id, it.last_error)
	if it.cancelled then
		return it:fail()
	end
	it:attempt()
end

-- Gives up; `onfail` is told.
function pending:cancel(reason)
	self.cancelled, self.last_error = true, reason or "cancelled"
	local conn = self.conn
	if conn then
		tried[conn], self.conn = nil, nil
		conn:close()
	end
	self:fail()
end

local function connect(target_resolver, connection_listeners, options, data)
	local it = setmetatable({
		id = new_id(),
		target_resolver = target_resolver,
		listeners = assert(connection_listeners),
		options = options or {},
		data = data,
	}, pending_mt)
	it:attempt()
	return it
end

return { connect = connect }
