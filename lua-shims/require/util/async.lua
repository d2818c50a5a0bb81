-- Counterpart: util/async.lua
-- Code that waits without blocking: a runner works off its queue of items in a coroutine of its own, and what runs in it
-- may wait for something and be continued by it.
-- States of a runner: ready, running, waiting. Its `watchers` are told of the states ready, waiting and error.

local logger = require "util.logger"
local new_id = require "util.id".short
local now = require "util.time".now
local xpcall = require "util.xpcall".xpcall
local coroutine, debug = coroutine, debug
local assert, error, pcall, setmetatable = assert, error, pcall, setmetatable
local insert, remove = table.insert, table.remove

local log = logger.init("util.async")

-- As on a Prosody that has started.
local schedule_task = require "util.timer".add_task
local next_tick = function(f)
	schedule_task(0, f)
end

local runner = {}
local runner_mt = { __index = runner }

-- Runners that wait, with the time since when.
local waiting_runners = {}
-- The same by their coroutines: whoever continues one knows no more than that.
local runner_of_thread = {}

local function check_thread()
	local thread = coroutine.running()
	if not coroutine.isyieldable() then
		error("Not running in an async context, see https://prosody.im/doc/developers/util/async")
	end
	return thread
end

local function ready()
	return pcall(check_thread)
end

local function call_watcher(self, name, ...)
	local watcher = self.watchers[name]
	if not watcher then
		return false
	end
	self:log("debug", "Calling '%s' watcher", name)
	local ok, message = xpcall(watcher, debug.traceback, self, ...)
	if not ok then
		self:log("error", "Error in '%s' watcher: %s", name, message)
		return nil, message
	end
	return true
end

-- Goes on with a coroutine that waits; answers whether that was possible.
local function continue(thread)
	if coroutine.status(thread) ~= "suspended" then
		log("error", "unexpected async state: thread not suspended (%s, %s)", thread, coroutine.status(thread))
		return false
	end
	local waiting = runner_of_thread[thread]
	local ok, state = coroutine.resume(thread)
	if not ok then
		if not waiting then
			log("error", "unexpected async state: unable to locate runner during error handling")
			return false
		end
		runner_of_thread[thread] = nil
		call_watcher(waiting, "error", debug.traceback(thread, state))
		waiting.state = "ready"
		return waiting:run()
	elseif state == "ready" and waiting then
		-- More may have been queued meanwhile.
		runner_of_thread[thread] = nil
		next_tick(function()
			waiting.state = "ready"
			waiting:run()
		end)
	end
	return true
end

-- wait, done = waiter(): wait() returns when done() has been called, `num` times if that is given.
-- `allow_many` lets done() be called more often than that.
local function waiter(num, allow_many)
	local thread = check_thread()
	num = num or 1
	local waiting = false
	local function wait()
		if num == 0 then
			return
		end
		waiting = true
		coroutine.yield("wait")
	end
	local function done()
		num = num - 1
		if num == 0 and waiting then
			continue(thread)
		elseif num < 0 and not allow_many then
			error("done() called too many times")
		end
	end
	return wait, done
end

-- guard = guarder(): between exit = guard(id) and exit() no other coroutine is let in for that id.
-- guard(id, func) does that around a function.
local function guarder()
	local guards = {} -- id → coroutines that wait
	local default_id = {}
	return function(id, func)
		id = id or default_id
		local thread = check_thread()
		local guard = guards[id]
		if guard then
			insert(guard, thread)
			log("debug", "Guarded. %d threads waiting.", #guard)
			coroutine.yield("wait")
		else
			guard = {}
			guards[id] = guard
			log("debug", "New guard!")
		end
		local function exit()
			local first = remove(guard, 1)
			if first then
				log("debug", "guard: Executing next waiting thread (%d left)", #guard)
				continue(first)
			else
				log("debug", "Guard off duty.")
				guards[id] = nil
			end
		end
		if not func then
			return exit
		end
		func()
		exit()
	end
end

local function sleep(seconds)
	local wait, done = waiter()
	schedule_task(seconds, done)
	wait()
end

-- Waits for a promise: answers its value, or nil and the reason.
local function wait_for(promise)
	local wait, done = waiter()
	local value, reason
	promise
		:next(function(result)
			value = result
		end, function(why)
			reason = why
		end)
		:finally(done)
	wait()
	if value then
		return value
	end
	return nil, reason
end

local function default_func(f)
	f()
end

local default_watchers = {
	error = function(self, message)
		self:log("error", "Encountered error: %s", message)
		error(message)
	end,
}

-- A runner that calls func(item) for each item; without a function the items are functions to call.
local function new_runner(func, watchers, data)
	local own_watchers = watchers
	if not own_watchers then
		own_watchers = { error = default_watchers.error }
	end
	return setmetatable({
		func = func or default_func,
		watchers = own_watchers,
		data = data,
		id = new_id(),
		thread = false,
		queue = {},
		state = "ready",
		notified_state = "ready",
	}, runner_mt)
end

-- A coroutine that calls the function with what it is resumed with, again and again.
local function new_thread(self)
	local func, yield = self.func, coroutine.yield
	local thread = coroutine.create(function()
		while true do
			func(yield("ready", self))
		end
	end)
	-- What watches over code that runs too long does so here too.
	debug.sethook(thread, debug.gethook())
	assert(coroutine.resume(thread))
	return thread
end

-- Queues an item, if one is given, and works off the queue unless the runner is busy.
-- Answers true, the state and how many items are queued.
function runner:run(input)
	local queue = self.queue
	if input ~= nil then
		insert(queue, input)
	end
	if self.state ~= "ready" then
		return true, self.state, #queue
	end

	local thread = self.thread
	if not thread or coroutine.status(thread) == "dead" then
		self:log("debug", "creating new coroutine")
		thread = new_thread(self)
		self.thread = thread
	end

	local done, state, err = 0, "ready", nil
	self.state = "running"
	while state == "ready" and not err do
		local item = queue[done + 1]
		if item == nil then
			break
		end
		done = done + 1
		self.current_item = item
		runner_of_thread[thread] = self
		local ok, new_state = coroutine.resume(thread, item)
		if not ok then
			err = debug.traceback(thread, new_state)
			self.thread = nil
		elseif new_state == "wait" then
			state = "waiting"
		end
		if state == "ready" then
			runner_of_thread[thread] = nil
		end
	end

	-- What is left moves up.
	local size = #queue
	for index = 1, size do
		queue[index] = queue[done + index]
	end
	local left = size - done

	self.state = state
	if state == "ready" then
		self.current_item = nil
	end
	local event
	if err then
		event = "error"
	elseif state ~= self.notified_state then
		event = state
		self.notified_state = state
	end
	if event then
		self:log("debug", "changed state to %s", event)
		local watcher = self.watchers[event]
		if watcher then
			watcher(self, err)
		end
	end
	if left > 0 then
		return self:run()
	end
	waiting_runners[self] = state == "waiting" and now() or nil
	return true, state, left
end

-- Queues an item without working on it.
function runner:enqueue(input)
	insert(self.queue, input)
	self:log("debug", "queued new work item, %d items queued", #self.queue)
	return self
end

function runner:log(level, template, ...)
	local own_log = self._log
	if not own_log then
		own_log = logger.init("runner" .. self.id)
		self._log = own_log
	end
	return own_log(level, template, ...)
end

function runner:onready(f)
	self.watchers.ready = f
	return self
end

function runner:onwaiting(f)
	self.watchers.waiting = f
	return self
end

function runner:onerror(f)
	self.watchers.error = f
	return self
end

return {
	ready = ready,
	waiter = waiter,
	guarder = guarder,
	runner = new_runner,
	wait = wait_for, -- its name before 0.12
	wait_for = wait_for,
	sleep = sleep,
	set_nexttick = function(f)
		next_tick = f
	end,
	set_schedule_function = function(f)
		schedule_task = f
	end,
	waiting_runners = waiting_runners,
	default_runner_func = default_func,
	_continue = continue, -- for the host, whose own functions may have to wait
}
