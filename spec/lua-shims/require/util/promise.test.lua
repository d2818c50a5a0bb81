local promise = require "util.promise"
local function at_once(f)
	f()
end
promise.set_nexttick(at_once)

local function outcome(p)
	local state, result = "pending", nil
	p:next(function(value)
		state, result = "fulfilled", value
	end, function(reason)
		state, result = "rejected", reason
	end)
	return state, result
end
-- The first line of an error, without where it was.
local function first_line(text)
	return type(text) == "string" and text:match("^[^\n]*"):gsub("^.-:%d+: ", "") or text
end

local resolve_it, reject_it
local function deferred()
	local p = promise.new(function(resolve, reject)
		resolve_it, reject_it = resolve, reject
	end)
	return p, resolve_it, reject_it
end

compare("pending", '"pending" nil "promise (pending)"', (function()
	local p = deferred()
	local state, result = outcome(p)
	return state, result, tostring(p)
end)())
compare("resolve", '"fulfilled" 5', outcome(promise.resolve(5)))
compare("reject", '"rejected" "no"', outcome(promise.reject("no")))
compare("texts", '"promise (fulfilled)" "promise (rejected)"', tostring(promise.resolve()), tostring(promise.reject()))
compare("is_promise", "true false false", promise.is_promise(promise.resolve()), promise.is_promise {}, promise.is_promise(nil))
compare("later", '"done" "done"', (function()
	local p, resolve = deferred()
	local seen, seen_after
	p:next(function(value)
		seen = value
	end)
	resolve("done")
	resolve("again")
	p:next(function(value)
		seen_after = value
	end)
	return seen, seen_after
end)())
compare("order", '{"a","b"}', (function()
	local p, resolve = deferred()
	local list = {}
	for _, name in ipairs { "a", "b" } do
		p:next(function()
			list[#list + 1] = name
		end)
	end
	resolve()
	return list
end)())
compare("chain", '"fulfilled" 3', outcome(promise.resolve(1)
	:next(function(n)
		return n + 1
	end)
	:next(nil, error)
	:next(function(n)
		return promise.resolve(n + 1)
	end)))
compare("catch", '"fulfilled" "caught no"', outcome(promise.reject("no"):next(print):catch(function(why)
	return "caught " .. why
end)))
compare("error in a handler", '"rejected" "broken"', (function()
	local state, result = outcome(promise.resolve():next(function()
		error("broken")
	end))
	return state, (first_line(result))
end)())
compare("error value in a handler", '"rejected" {["code"]=5}', outcome(promise.resolve():next(function()
	error({ code = 5 })
end)))
compare("error while it is made", '"rejected" "broken"', (function()
	local state, result = outcome(promise.new(function()
		error("broken")
	end))
	return state, (first_line(result))
end)())
compare("error after it is resolved", '"fulfilled" 1', outcome(promise.new(function(resolve)
	resolve(1)
	error("late")
end)))
compare("traceback", "true", (function()
	local _, result = outcome(promise.resolve():next(function()
		error("broken")
	end))
	return result:find("stack traceback:", 1, true) ~= nil
end)())
compare("resolved with a promise", '"pending" "fulfilled" 7', (function()
	local inner, resolve = deferred()
	local outer = promise.resolve(inner)
	local before = outcome(outer)
	resolve(7)
	return before, outcome(outer)
end)())
compare("resolved with a rejected promise", '"rejected" "r"', outcome(promise.resolve(promise.reject("r"))))
compare("finally", '"fulfilled" 1 "rejected" 2 2', (function()
	local count = 0
	local function counted()
		count = count + 1
		return "ignored"
	end
	local state, result = outcome(promise.resolve(1):finally(counted))
	local state2, result2 = outcome(promise.reject(2):finally(counted))
	return state, result, state2, result2, count
end)())
compare("error in finally", '"rejected" {1}', outcome(promise.resolve(1):finally(function()
	error({ 1 })
end)))

compare("all", '"fulfilled" {1,2,3}', outcome(promise.all { promise.resolve(1), 2, promise.resolve(3) }))
compare("all by name", '"fulfilled" {["a"]=1,["b"]=2}', outcome(promise.all { a = promise.resolve(1), b = 2 }))
compare("all of nothing", '"fulfilled" {}', outcome(promise.all {}))
compare("all with a rejection", '"rejected" "x"', outcome(promise.all { promise.resolve(1), promise.reject("x") }))
compare("all later", '"pending" "fulfilled" {1,"b"}', (function()
	local later, resolve = deferred()
	local all = promise.all { promise.resolve(1), later }
	local before = outcome(all)
	resolve("b")
	return before, outcome(all)
end)())
compare("all_settled", nil, outcome(promise.all_settled { promise.resolve(1), promise.reject("x"), "plain" }))
compare("all_settled of nothing", '"fulfilled" {}', outcome(promise.all_settled {}))
compare("race", '"fulfilled" "b"', (function()
	local a, resolve_a = deferred()
	local b, resolve_b = deferred()
	local race = promise.race { a, b }
	resolve_b("b")
	resolve_a("a")
	return outcome(race)
end)())
compare("join", '"fulfilled" "1 nil 3"', outcome(promise.join(function(a, b, c)
	return a .. " " .. tostring(b) .. " " .. c
end, promise.resolve(1), promise.resolve(nil), 3)))
compare("try", '"fulfilled" 4 "rejected" "broken"', (function()
	local state, result = outcome(promise.try(function()
		return 4
	end))
	local state2, result2 = outcome(promise.try(function()
		error("broken", 0)
	end))
	return state, result, state2, (first_line(result2))
end)())
compare("fields", '"fulfilled" 1 "rejected" 2', promise.resolve(1)._state, promise.resolve(1).value, promise.reject(2)._state, promise.reject(2).reason)

local put_off = {}
promise.set_nexttick(function(f)
	put_off[#put_off + 1] = f
end)
compare("put off", '"pending" "fulfilled"', (function()
	local p = promise.resolve(1)
	local before = p._state
	put_off[1]()
	return before, p._state
end)())
