local events = require "util.events"

local e = events.new()
local calls = {}
local function handler(name, answer)
	return function(data)
		calls[#calls + 1] = name .. tostring(data)
		return answer
	end
end
local function fire(event, data)
	calls = {}
	local answer = e.fire_event(event, data)
	return answer, calls
end

compare("nobody", "nil {}", fire("a", 1))
local first, second, third = handler("first"), handler("second"), handler("third")
e.add_handler("a", second, 5)
e.add_handler("a", third)
e.add_handler("a", first, 10)
compare("priorities", 'nil {"first1","second1","third1"}', fire("a", 1))
compare("get_handlers", "3 nil", #e.get_handlers("a"), e.get_handlers("none"))
local stop = handler("stop", false)
e.add_handler("a", stop, 7)
compare("false stops", 'false {"firstx","stopx"}', fire("a", "x"))
e.remove_handler("a", stop)
e.remove_handler("none", stop)
compare("removed", 'nil {"firstnil","secondnil","thirdnil"}', fire("a"))
e.add_handler("a", third, 20)
compare("new priority", 'nil {"third1","first1","second1"}', fire("a", 1))
ours_only("equal priorities keep their order", 'nil {"x1","y1","z1"}', function()
	e.add_handler("same", handler("x"))
	e.add_handler("same", handler("y"))
	e.add_handler("same", handler("z"))
	return fire("same", 1)
end)

local list = { b = handler("b", "done"), c = handler("c", 0) }
e.add_handlers(list)
compare("add_handlers", '"done" {"b1"}', fire("b", 1))
e.remove_handlers(list)
compare("remove_handlers", "nil {}", fire("b", 1))

local function wrapper(name)
	return function(inner, event, data)
		calls[#calls + 1] = "before " .. name
		local answer = inner(event, data)
		calls[#calls + 1] = "after " .. name
		return answer
	end
end
local own, own2, all, all2 = wrapper("own"), wrapper("own2"), wrapper("all"), wrapper("all2")
e.add_handler("w", handler("w", 1))
e.add_wrapper("w", own)
compare("wrapper", '1 {"before own","w1","after own"}', fire("w", 1))
e.wrappers.add_handler("w", own2)
compare("two wrappers", '1 {"before own2","before own","w1","after own","after own2"}', fire("w", 1))
e.add_wrapper(false, all)
e.add_wrapper(false, all2)
compare("with global ones", nil, fire("w", 1))
compare("only global ones", nil, fire("b", 2))
e.remove_wrapper("w", own)
e.wrappers.remove_handler("w", own2)
e.wrappers.remove_handler("other", own2)
compare("own removed", nil, fire("w", 1))
e.remove_wrapper(false, all)
e.remove_wrapper(false, all2)
compare("all removed", '1 {"w1"}', fire("w", 1))
e.add_wrapper("w", function(_, _, data)
	return data .. "!"
end)
compare("wrapper that answers itself", '"x!" {}', fire("w", "x"))
e.add_wrapper("v", function(inner, event, data)
	return inner(event, data .. "+")
end)
e.add_handler("v", function(data)
	return data
end)
compare("wrapper that changes data", '"x+"', (fire("v", "x")))

compare("no hook before", "nil", e.set_debug_hook(function(called, event, data)
	calls[#calls + 1] = "hook " .. event
	return called(data)
end))
compare("debug hook", 'nil {"hook a","third1","hook a","first1","hook a","second1"}', fire("a", 1))
compare("hook there was", '"function" nil', type(e.set_debug_hook(nil)), e.set_debug_hook(nil))
compare("during an event", nil, (function()
	local late = handler("late")
	e.add_handler("d", function()
		e.add_handler("d", late, -1)
	end)
	local _, before = fire("d", 1)
	local _, after = fire("d", 1)
	return before, after
end)())
compare("index", "true true", e._handlers.a ~= nil, e._event_map.a[first] == 10)
