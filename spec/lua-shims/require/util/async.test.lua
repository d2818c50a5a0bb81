local async = require "util.async"
local promise = require "util.promise"
local function at_once(f)
	f()
end
async.set_nexttick(at_once)
promise.set_nexttick(at_once)

local log = {}
local function note(...)
	local parts = {}
	for index = 1, select("#", ...) do
		parts[index] = tostring((select(index, ...)))
	end
	log[#log + 1] = table.concat(parts, " ")
end
local function noted()
	local list = log
	log = {}
	return list
end
local watchers = {
	ready = function(self)
		note("ready", self.state)
	end,
	waiting = function(self)
		note("waiting", self.state)
	end,
	error = function(_, message)
		note("error", (message:match("^[^\n]*"):gsub("^.-:%d+: ", "")))
	end,
}

compare("outside", "false", (async.ready()))
compare("waiter outside", "true", fails(async.waiter))
local simple = async.runner(function(item)
	note("item", item, (async.ready()))
end, watchers)
compare("runs", 'true "ready" 0 {"item 1 true"}', (function()
	local ok, state, queued = simple:run(1)
	return ok, state, queued, noted()
end)())
compare("enqueue", '{"item 2 true","item 3 true"}', (function()
	simple:enqueue(2):enqueue(3)
	simple:run()
	return noted()
end)())
compare("functions", '{"called"}', (function()
	async.runner():run(function()
		note("called")
	end)
	return noted()
end)())
compare("run inside", '{"start a","end a","start b","end b"}', (function()
	local runner
	runner = async.runner(function(item)
		note("start", item)
		if item == "a" then
			runner:run("b")
		end
		note("end", item)
	end)
	runner:run("a")
	return noted()
end)())

local done
local waiting = async.runner(function(item)
	note("begin", item)
	if item == "wait" then
		local wait, finished = async.waiter()
		done = finished
		wait()
	elseif item == "ready" then
		local wait, finished = async.waiter()
		finished()
		wait()
	elseif item == "fail" then
		error("broken")
	end
	note("end", item)
end, watchers)
compare("waits", 'true "waiting" 0 "waiting" {"begin wait","waiting waiting"}', (function()
	local ok, state, queued = waiting:run("wait")
	return ok, state, queued, waiting.state, noted()
end)())
ours_only("known to wait", "true", function()
	return async.waiting_runners[waiting] ~= nil
end)
compare("queues meanwhile", 'true "waiting" 2', (function()
	waiting:run("x")
	return waiting:run("y")
end)())
done()
compare("goes on", '"ready" {"end wait","begin x","end x","begin y","end y","ready ready"}', waiting.state, noted())
ours_only("no longer known to wait", "nil", function()
	return async.waiting_runners[waiting]
end)
waiting:run("ready")
compare("done before it waits", '{"begin ready","end ready"}', noted())
compare("done too often", "true", fails(done))
waiting:run("fail")
compare("error", '{"begin fail","error broken"} "ready"', noted(), waiting.state)
waiting:enqueue("fail"):enqueue("after")
waiting:run("last")
compare("goes on after an error", nil, noted())

local function failing_after_wait(item)
	local wait, finished = async.waiter()
	done = finished
	wait()
	note("woke", item)
	error("after waiting")
end
local broken = async.runner(failing_after_wait, watchers)
broken:run(1)
broken:run(2)
done()
compare("error after waiting", nil, noted(), broken.state)
done()
compare("and again", nil, noted(), broken.state)

local several = async.runner(function()
	local wait, finished = async.waiter(2)
	done = finished
	wait()
	note("both")
end, watchers)
several:run(1)
done()
compare("one of two", '{"waiting waiting"} "waiting"', noted(), several.state)
done()
compare("two of two", '{"both","ready ready"} "ready"', noted(), several.state)
compare("more is allowed", "false", (function()
	local finished
	async.runner():run(function()
		local _
		_, finished = async.waiter(1, true)
	end)
	finished()
	return fails(finished)
end)())
compare("twice in one item", nil, (function()
	local first, second
	async.runner(function()
		local wait
		wait, first = async.waiter()
		wait()
		note("first")
		wait, second = async.waiter()
		wait()
		note("second")
	end, watchers):run(1)
	first()
	note("between")
	second()
	return noted()
end)())

local guard = async.guarder()
local releases = {}
local function guarded(name, id)
	async.runner(function()
		note(name, "asks")
		local exit = guard(id)
		note(name, "in")
		local wait, finished = async.waiter()
		releases[name] = finished
		wait()
		note(name, "out")
		exit()
	end):run(true)
end
guarded("a")
guarded("b")
guarded("c")
guarded("d", "other")
compare("guard", '{"a asks","a in","b asks","c asks","d asks","d in"}', noted())
releases.a()
compare("next in", nil, noted())
releases.b()
releases.c()
releases.d()
compare("all out", nil, noted())
compare("guarded function", '{"inside","outside"}', (function()
	async.runner():run(function()
		guard("f", function()
			note("inside")
		end)
		note("outside")
	end)
	return noted()
end)())

compare("wait_for", "5 nil nil \"no\"", (function()
	local value, none, nothing, reason
	async.runner():run(function()
		value, none = async.wait_for(promise.resolve(5))
		nothing, reason = async.wait_for(promise.reject("no"))
	end)
	return value, none, nothing, reason
end)())
compare("wait_for later", '"late"', (function()
	local resolve_it, value
	async.runner():run(function()
		value = async.wait(promise.new(function(resolve)
			resolve_it = resolve
		end))
	end)
	resolve_it("late")
	return value
end)())

local scheduled
async.set_schedule_function(function(seconds, callback)
	note("sleeps", seconds)
	scheduled = callback
end)
async.runner():run(function()
	async.sleep(3)
	note("woke up")
end)
scheduled()
compare("sleep", '{"sleeps 3","woke up"}', noted())

local ticks = {}
async.set_nexttick(function(f)
	ticks[#ticks + 1] = f
end)
local ticking = async.runner(function()
	local wait, finished = async.waiter()
	done = finished
	wait()
	note("went on")
end, watchers)
ticking:run(1)
done()
compare("before the tick", '"waiting"', ticking.state)
ticks[1]()
compare("after the tick", '"ready" {"waiting waiting","went on","ready ready"}', ticking.state, noted())
compare("watchers by method", '{"w"}', (function()
	local runner = async.runner(function()
		local wait = async.waiter()
		wait()
	end)
	runner:onwaiting(function()
		note("w")
	end)
		:onready(print)
		:onerror(print)
	runner:run(1)
	return noted()
end)())
compare("data", '"data" "string"', async.runner(nil, nil, "data").data, type(async.runner().id))
compare("default watcher raises", "true", fails(function()
	async.runner():run(function()
		error("x")
	end)
end))
