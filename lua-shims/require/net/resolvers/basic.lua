-- Counterpart: net/resolvers/basic.lua
-- The addresses of a name.

local adns = require "net.adns"
local net = require "util.net"
local to_ascii = require "util.encodings".idna.to_ascii

local basic = {}
local basic_mt = { __index = basic }

local function give_next(self, callback)
	local target = table.remove(self.targets, 1)
	if target then
		callback(table.unpack(target, 1, 4))
	else
		callback(nil)
	end
end

function basic:next(callback)
	if self.targets then
		return give_next(self, callback)
	elseif not self.hostname then
		self.last_error = "hostname failed IDNA"
		return callback(nil)
	end
	local extra = self.extra or {}
	local by_kind, left = { A = {}, AAAA = {} }, 2
	local function found(kind, family)
		return function (answer, problem)
			for _, record in ipairs(answer or {}) do
				table.insert(by_kind[kind], { self.conn_type .. family, record[kind:lower()], self.port, self.extra })
			end
			if answer and #answer == 0 then
				self.last_error = answer.status .. " in " .. kind .. " lookup"
			elseif not answer then
				self.last_error = problem
			end
			left = left - 1
			if left > 0 then
				return
			end
			self.targets = by_kind.A
			table.move(by_kind.AAAA, 1, #by_kind.AAAA, #self.targets + 1, self.targets)
			give_next(self, callback)
		end
	end
	local resolver = adns.resolver()
	local function ask(kind, family, wanted)
		local done = found(kind, family)
		if wanted == false then
			done({ status = "nobody asked" })
		else
			resolver:lookup(done, self.hostname, kind, "IN")
		end
	end
	ask("A", "4", extra.use_ipv4)
	ask("AAAA", "6", extra.use_ipv6)
end

local function new(hostname, port, conn_type, extra)
	conn_type = conn_type or "tcp"
	local packed = net.pton(hostname) or net.pton((hostname:match("^%[(.*)%]$") or ""))
	local targets
	if packed then
		hostname = net.ntop(packed)
		targets = { { conn_type .. (#packed == 16 and "6" or "4"), hostname, port, extra } }
	end
	return setmetatable({
		hostname = packed and hostname or to_ascii(hostname),
		port = port,
		conn_type = conn_type,
		extra = extra,
		targets = targets,
	}, basic_mt)
end

return { new = new }
