-- Counterpart: net/unbound.lua, net/adns.lua
-- Names are looked up by the host. Nothing here validates DNSSEC, so that no answer is ever `secure`.

local host = require "host.dns"
local new_id = require "util.id".short
local promise = require "util.promise"
local log = require "util.logger".init("unbound")

-- Numbers of RFC 1035 and its successors, both ways.
local function both_ways(numbers)
	local all = {}
	for name, number in pairs(numbers) do
		all[name], all[number] = number, name
	end
	return all
end

local types = both_ways({
	A = 1, NS = 2, CNAME = 5, SOA = 6, PTR = 12, MX = 15, TXT = 16, AAAA = 28, SRV = 33, NAPTR = 35, DS = 43, RRSIG = 46, DNSKEY = 48,
	TLSA = 52, SVCB = 64, HTTPS = 65, SPF = 99, ANY = 255, CAA = 257,
})
local classes = both_ways({ IN = 1, CH = 3, HS = 4, NONE = 254, ANY = 255 })
local errors = both_ways({ NOERROR = 0, FORMERR = 1, SERVFAIL = 2, NXDOMAIN = 3, NOTIMP = 4, REFUSED = 5 })

local function shown(template, ...)
	local names = { ... }
	return { __tostring = function (record)
		local values = {}
		for index, name in ipairs(names) do
			values[index] = record[name]
		end
		return template:format(table.unpack(values))
	end }
end

-- How records that are tables are shown, by their types.
local record_metatables = {
	txt = { __tostring = table.concat },
	mx = shown("%d %s", "pref", "mx"),
	srv = shown("%d %d %d %s", "priority", "weight", "port", "target"),
	soa = shown("%s %s %d %d %d %d %d", "mname", "rname", "serial", "refresh", "retry", "expire", "minimum"),
}

local answer_metatable = {}
function answer_metatable:__tostring()
	local lines = { "Status: " .. tostring(self.status) }
	for index, record in ipairs(self) do
		lines[index + 1] = ("%s\t%s\t%s\t%s"):format(self.qname, self.class, self.type, tostring(record))
	end
	return table.concat(lines, "\n")
end

local function new_answer(name, type, class, code, records)
	local answer = {
		qname = name, qtype = types[type], qclass = classes[class], type = type, class = class,
		rcode = code, status = errors[code] or tostring(code),
		havedata = #records > 0, nxdomain = code == errors.NXDOMAIN, secure = false,
	}
	local field = type:lower()
	local metatable = { __index = answer, __tostring = function (record) return tostring(record[field]) end }
	for index, record in ipairs(records) do
		if record_metatables[field] then
			setmetatable(record[field], record_metatables[field])
		end
		answer[index] = setmetatable(record, metatable)
	end
	return setmetatable(answer, answer_metatable)
end

-- What waits for an answer, by its number.
local waiting = {}

-- Whether a module is asked where a server is, and nobody is to look that up.
local leading = false

-- Asks for records and calls back with an answer, or with nil and the reason. Gives what `cancel` takes, or nil and the reason.
local function lookup(callback, name, type, class)
	if leading then
		return nil, "the server looks it up itself"
	end
	type, class = (type or "A"):upper(), (class or "IN"):upper()
	if not types[type] or class ~= "IN" then
		return nil, "unknown type or class"
	end
	local id = new_id()
	log("debug", "Resolve %s %s %s", name, class, type)
	local stop = host.resolve(name, type, function (code, records)
		waiting[id] = nil
		if not code then
			log("error", "Results for %s %s %s: %s", name, class, type, records)
			return callback(nil, records)
		end
		local answer = new_answer(name, type, class, code, records)
		log("debug", "Results for %s %s %s: %s", name, class, type, #answer > 0 and #answer .. " items" or answer.status)
		callback(answer)
	end)
	waiting[id] = { stop = stop, callback = callback }
	return id
end

local function cancel(id)
	local query = waiting[id]
	waiting[id] = nil
	if query and query.stop() then
		query.callback(nil, "canceled")
	end
	return true
end

local function purge()
	for id in pairs(waiting) do
		cancel(id)
	end
	return true
end

local function lookup_promise(_, name, type, class)
	return promise.new(function (resolve, reject)
		local id, problem = lookup(function (answer, why_not)
			if answer then
				resolve(answer)
			else
				reject(why_not)
			end
		end, name, type, class)
		if not id then
			reject(problem)
		end
	end)
end

local function nothing() end

local resolver = {
	lookup = function (_, callback, name, type, class)
		return lookup(callback, name, type, class)
	end,
	lookup_promise = lookup_promise,
	_resolver = { settimeout = nothing, closeall = nothing, purge = purge },
}

local library = {
	lookup = lookup,
	cancel = cancel,
	resolver = function () return resolver end,
	dns = {
		-- An answer that is there when the function returns would have the server wait for it.
		lookup = function () return nil, "not offered: the server would wait for the answer; net.adns does not" end,
		cancel = cancel,
		purge = purge,
		settimeout = nothing,
		peek = nothing,
		types = types,
		classes = classes,
	},
}

-- Modules lead streams with other servers elsewhere by putting their own `lookup` in the place of this one.
host.lead(function (domain)
	if library.lookup == lookup then
		return nil
	end
	local found
	leading = true
	pcall(library.lookup, function (records) found = records end, "_xmpp-server._tcp." .. domain .. ".", "SRV", "IN")
	leading = false
	return found
end)

return library
