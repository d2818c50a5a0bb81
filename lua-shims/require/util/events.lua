-- Counterpart: util/events.lua
-- Named events with handlers by priority. A handler that answers anything but nil, false too, ends its event.
-- Handlers of one priority run in the order in which they were added.

local remove = table.remove
local next, pairs, setmetatable = next, pairs, setmetatable

local function new()
	local priorities = {} -- event → handler → priority
	local handlers = {} -- event → handlers in order; made when first asked for
	local wrappers = {} -- event → functions around its firing
	local global_wrappers
	local debug_hook

	local function build_index(_, event)
		local of_event = priorities[event]
		if not of_event or next(of_event) == nil then
			return nil
		end
		local index, size = {}, 0
		for handler, priority in pairs(of_event) do
			local position = size
			while position > 0 and of_event[index[position]] < priority do
				index[position + 1] = index[position]
				position = position - 1
			end
			index[position + 1] = handler
			size = size + 1
		end
		handlers[event] = index
		return index
	end
	setmetatable(handlers, { __index = build_index })

	local function add_handler(event, handler, priority)
		local of_event = priorities[event]
		if not of_event then
			of_event = {}
			priorities[event] = of_event
		end
		of_event[handler] = priority or 0
		handlers[event] = nil
	end

	local function remove_handler(event, handler)
		local of_event = priorities[event]
		if of_event then
			of_event[handler] = nil
			handlers[event] = nil
			if next(of_event) == nil then
				priorities[event] = nil
			end
		end
	end

	local function add_handlers(list)
		for event, handler in pairs(list) do
			add_handler(event, handler)
		end
	end

	local function remove_handlers(list)
		for event, handler in pairs(list) do
			remove_handler(event, handler)
		end
	end

	local function get_handlers(event)
		return handlers[event]
	end

	local function call_handlers(event, data)
		local list = handlers[event]
		if not list then
			return nil
		end
		for index = 1, #list do
			local result
			if debug_hook then
				result = debug_hook(list[index], event, data)
			else
				result = list[index](data)
			end
			if result ~= nil then
				return result
			end
		end
	end

	-- The function that a wrapper gets to go on with: the next wrapper inwards, then the global ones, then the handlers.
	local function inner(list, position)
		if position == 0 then
			if global_wrappers == nil or list == global_wrappers then
				return call_handlers
			end
			list, position = global_wrappers, #global_wrappers
		end
		return function(event, data)
			return list[position](inner(list, position - 1), event, data)
		end
	end

	local function fire_event(event, data)
		local list = wrappers[event] or global_wrappers
		if list then
			return inner(list, #list)(event, data)
		end
		return call_handlers(event, data)
	end

	-- The event false stands for all events.
	local function add_wrapper(event, wrapper)
		local list
		if event == false then
			list = global_wrappers or {}
			global_wrappers = list
		else
			list = wrappers[event] or {}
			wrappers[event] = list
		end
		list[#list + 1] = wrapper
	end

	local function remove_wrapper(event, wrapper)
		local list
		if event == false then
			list = global_wrappers
		else
			list = wrappers[event]
		end
		if not list then
			return
		end
		for index = #list, 1, -1 do
			if list[index] == wrapper then
				remove(list, index)
			end
		end
		if list[1] == nil then
			if event == false then
				global_wrappers = nil
			else
				wrappers[event] = nil
			end
		end
	end

	-- The hook is called instead of each handler, with (handler, event, data). Answers the hook there was.
	local function set_debug_hook(hook)
		local old = debug_hook
		debug_hook = hook
		return old
	end

	return {
		add_handler = add_handler,
		remove_handler = remove_handler,
		add_handlers = add_handlers,
		remove_handlers = remove_handlers,
		get_handlers = get_handlers,
		add_wrapper = add_wrapper,
		remove_wrapper = remove_wrapper,
		wrappers = { add_handler = add_wrapper, remove_handler = remove_wrapper },
		set_debug_hook = set_debug_hook,
		fire_event = fire_event,
		_handlers = handlers,
		_event_map = priorities,
	}
end

return { new = new }
