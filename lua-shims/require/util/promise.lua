-- Counterpart: util/promise.lua
-- Promises. What makes them, and what hands a result on, runs a moment later, as on a Prosody that has started.
-- States: pending, then fulfilled with `value` or rejected with `reason`.

local getmetatable, pairs, select, setmetatable, tostring = getmetatable, pairs, select, setmetatable, tostring
local insert, unpack = table.insert, table.unpack
local traceback = debug.traceback
local add_task = require "util.timer".add_task
local xpcall = require "util.xpcall".xpcall

local promise = {}
local promise_mt = { __index = promise, __name = "promise" }

function promise_mt:__tostring()
	return "promise (" .. tostring(self._state or "invalid") .. ")"
end

local function is_promise(value)
	return getmetatable(value) == promise_mt
end

local next_tick = function(f)
	add_task(0, f)
end

-- Gives a value to a handler and settles the promise that was made for its result; without a handler the value itself
-- goes on.
local function pass_on(handler, value, resolve, reject, pass)
	if not handler then
		return pass(value)
	end
	local ok, result = xpcall(handler, traceback, value)
	if ok then
		return resolve(result)
	end
	return reject(result)
end

local function run_handlers(self, entry)
	if self._state == "fulfilled" then
		pass_on(entry.on_fulfilled, self.value, entry.resolve, entry.reject, entry.resolve)
	else
		pass_on(entry.on_rejected, self.reason, entry.resolve, entry.reject, entry.reject)
	end
end

local function settle(self, state, field, value)
	if self._state ~= "pending" then
		return
	end
	local waiting = self._waiting
	self._state, self[field], self._waiting = state, value, nil
	for index = 1, #waiting do
		run_handlers(self, waiting[index])
	end
end

-- The two functions that settle a promise. What is resolved with a promise becomes what that becomes.
local function settlers(self)
	local function reject(reason)
		settle(self, "rejected", "reason", reason)
	end
	local function resolve(value)
		if is_promise(value) then
			value:next(resolve, reject)
		else
			settle(self, "fulfilled", "value", value)
		end
	end
	return resolve, reject
end

local function pending()
	return setmetatable({ _state = "pending", _waiting = {} }, promise_mt)
end

-- Calls f(resolve, reject); an error in it rejects.
local function new(f)
	local self = pending()
	if f then
		next_tick(function()
			local resolve, reject = settlers(self)
			local ok, message = xpcall(f, traceback, resolve, reject)
			if not ok then
				reject(message)
			end
		end)
	end
	return self
end

-- A promise of what the handler for its outcome answers.
function promise:next(on_fulfilled, on_rejected)
	return new(function(resolve, reject)
		local entry = { on_fulfilled = on_fulfilled, on_rejected = on_rejected, resolve = resolve, reject = reject }
		if self._state == "pending" then
			insert(self._waiting, entry)
		else
			run_handlers(self, entry)
		end
	end)
end

function promise:catch(on_rejected)
	return self:next(nil, on_rejected)
end

local function resolve(value)
	return new(function(resolve_it)
		resolve_it(value)
	end)
end

local function reject(reason)
	return new(function(_, reject_it)
		reject_it(reason)
	end)
end

-- Calls a function either way; the outcome stays what it is.
function promise:finally(on_finally)
	return self:next(function(value)
		on_finally()
		return value
	end, function(reason)
		on_finally()
		return reject(reason)
	end)
end

-- Waits for all promises in a table; `collect(results, key, promise, done, reject)` sees to one of them.
local function gather(promises, collect)
	return new(function(resolve_all, reject_all)
		local results, open, all_seen = {}, 0, false
		local function done()
			open = open - 1
			if open == 0 and all_seen then
				resolve_all(results)
			end
		end
		for key, value in pairs(promises) do
			if is_promise(value) then
				open = open + 1
				collect(results, key, value, done, reject_all)
			else
				results[key] = value
			end
		end
		all_seen = true
		if open == 0 then
			resolve_all(results)
		end
	end)
end

-- A promise of a table with the results under the same keys; rejected as soon as one is.
local function all(promises)
	return gather(promises, function(results, key, one, done, reject_all)
		one:next(function(value)
			results[key] = value
			done()
		end, reject_all)
	end)
end

-- A promise of a table of { status = "fulfilled", value = … } and { status = "rejected", reason = … }.
local function all_settled(promises)
	return gather(promises, function(results, key, one, done)
		one:next(function(value)
			results[key] = { status = "fulfilled", value = value }
			done()
		end, function(reason)
			results[key] = { status = "rejected", reason = reason }
			done()
		end)
	end)
end

-- Calls the handler with the results of all promises as arguments.
local function join(handler, ...)
	local count = select("#", ...)
	return all({ ... }):next(function(results)
		return handler(unpack(results, 1, count))
	end)
end

-- What becomes of the first that is settled.
local function race(promises)
	return new(function(resolve_it, reject_it)
		for index = 1, #promises do
			promises[index]:next(resolve_it, reject_it)
		end
	end)
end

local function try(f)
	return resolve():next(function()
		return f()
	end)
end

return {
	new = new,
	resolve = resolve,
	reject = reject,
	join = join,
	all = all,
	all_settled = all_settled,
	race = race,
	try = try,
	is_promise = is_promise,
	set_nexttick = function(f)
		next_tick = f
	end,
}
