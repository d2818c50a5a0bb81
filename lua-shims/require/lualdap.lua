-- Counterpart: LuaLDAP's lualdap.c
-- What runs in an async context waits for the directory, and nobody else does. Outside of one the answer is what was found the last
-- time, and where that is some seconds old, it is looked up meanwhile for the next time; where there is none yet, an error says so.

local async = require "util.async"
local ldap = require "host.ldap"
local now = require "util.time".now

-- How long what was found is good for those who cannot wait, and after what time it is looked up anew, in seconds; and how much of it
-- is kept.
local lifetime, refreshing, most_kept = 600, 5, 10000

local connection = {}
local connection_mt = { __index = connection, __name = "LuaLDAP connection" }

-- Gives what a function calls back with.
local function await(start, ...)
	local wait, done = async.waiter()
	local results
	local arguments = table.pack(...)
	arguments[arguments.n + 1] = function (...)
		results = table.pack(...)
		done()
	end
	start(table.unpack(arguments, 1, arguments.n + 1))
	wait()
	return table.unpack(results, 1, results.n)
end

-- The native connection, made when it is first needed. Gives nil and the reason where there is none.
function connection:native()
	if not self.handle then
		local problem
		self.handle, problem = await(ldap.open, self.server, self.who, self.password, self.tls)
		if not self.handle then
			return nil, problem
		end
	end
	return self.handle
end

local found, kept = {}, 0
-- What is being looked up for those who cannot wait.
local asked = {}

local function remember(key, entries)
	if not found[key] then
		kept = kept + 1
		if kept > most_kept then
			found, kept = {}, 1
		end
	end
	found[key] = { entries = entries, at = now() }
end

local function key_of(self, options)
	return table.concat({ self.server, self.who, options.base or "", options.scope or "", options.filter or "" }, "\0")
end

-- Asks, and remembers the answer. Raises an error where there is none.
local function ask(self, options, key)
	local handle, problem = self:native()
	local entries
	if handle then
		entries, problem = await(handle.search, handle, options)
	end
	if not entries then
		self:close()
		error(problem, 0)
	end
	remember(key, entries)
	return entries
end

local function each(entries)
	local position = 0
	return function ()
		position = position + 1
		local entry = entries[position]
		if entry then
			return entry.dn, entry.attributes
		end
	end
end

-- An iterator over names and attributes of what is found.
function connection:search(options)
	local key = key_of(self, options)
	if async.ready() then
		return each(ask(self, options, key))
	end
	local known = found[key]
	local age = known and now() - known.at or lifetime
	if age >= refreshing and not asked[key] then
		asked[key] = true
		async.runner(function ()
			pcall(ask, self, options, key)
			asked[key] = nil
		end, { error = function () asked[key] = nil end }):run(true)
	end
	if age < lifetime then
		return each(known.entries)
	end
	error("the directory is being asked, and nothing here waits for it", 0)
end

-- Changes an entry: `{ "=", attribute = value }`. Gives a function that gives true, or nil and the reason.
function connection:modify(dn, changes)
	if not async.ready() then
		error("not offered here: the server would wait (see util.async)", 0)
	end
	local handle, problem = self:native()
	local ok
	if handle then
		ok, problem = await(handle.modify, handle, dn, changes)
		-- whoever changes something finds it changed
		found, kept = {}, 0
	end
	return function ()
		return ok, problem
	end
end

function connection:close()
	if self.handle then
		self.handle:close()
		self.handle = nil
	end
	return 1
end

-- Opens a connection and logs in. Gives it, or nil and the reason. Outside of an async context the connection is made when it is needed.
local function open_simple(server, who, password, tls)
	local it = setmetatable({ server = server, who = who or "", password = password or "", tls = tls or false }, connection_mt)
	if async.ready() then
		local handle, problem = it:native()
		if not handle then
			return nil, problem
		end
	end
	return it
end

return {
	_VERSION = "LuaLDAP 1.3.0",
	open_simple = open_simple,
	open = open_simple,
}
