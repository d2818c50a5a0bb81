-- Counterpart: net/resolvers/service.lua
-- The addresses of a service, which its SRV records name (RFC 2782).

local adns = require "net.adns"
local basic = require "net.resolvers.basic"
local net = require "util.net"
local to_ascii = require "util.encodings".idna.to_ascii

local service = {}
local service_mt = { __index = service }

-- Records by their priority; within one, those of more weight come first more often.
local function ordered(records)
	local all = {}
	for index, record in ipairs(records) do
		all[index] = { srv = record.srv, chance = math.random() ^ (1 / math.max(record.srv.weight, 0.01)) }
	end
	table.sort(all, function (one, other)
		if one.srv.priority ~= other.srv.priority then
			return one.srv.priority < other.srv.priority
		end
		return one.chance > other.chance
	end)
	return all
end

local function give_next(self, callback)
	if not self.resolver then
		local target = table.remove(self.targets, 1)
		if not target then
			return callback(nil)
		end
		self.resolver = basic.new(target.target, target.port, self.conn_type, self.extra)
	end
	local resolver = self.resolver
	resolver:next(function (kind, ...)
		self.last_error = resolver.last_error or self.last_error
		if kind then
			return callback(kind, ...)
		end
		self.resolver = nil
		give_next(self, callback)
	end)
end

function service:next(callback)
	if self.targets then
		return give_next(self, callback)
	elseif not self.hostname then
		self.last_error = "hostname failed IDNA"
		return callback(nil)
	end
	local name = ("_%s._%s.%s"):format(self.service, self.conn_type, self.hostname)
	adns.resolver():lookup(function (answer, problem)
		self.targets = {}
		local default_port = self.extra and self.extra.default_port
		if not answer then
			self.last_error = problem
		elseif #answer == 0 and default_port then
			self.targets[1] = { target = self.hostname, port = default_port }
		elseif #answer == 0 then
			self.last_error = "zero SRV records found"
		elseif #answer == 1 and answer[1].srv.target == "." then
			self.last_error = "service explicitly unavailable"
		else
			for index, record in ipairs(ordered(answer)) do
				self.targets[index] = record.srv
			end
		end
		give_next(self, callback)
	end, name, "SRV", "IN")
end

local function new(hostname, service_name, conn_type, extra)
	local is_address = net.pton(hostname) or net.pton((hostname:match("^%[(.*)%]$") or ""))
	if is_address and extra and extra.default_port then
		return basic.new(hostname, extra.default_port, conn_type, extra)
	end
	return setmetatable({
		hostname = to_ascii(hostname),
		service = service_name,
		conn_type = conn_type or "tcp",
		extra = extra,
	}, service_mt)
end

return { new = new }
