-- Counterpart: util/filters.lua
-- Functions that see, change or hold back what a session sends and receives: `stanzas/in`, `stanzas/out`, `bytes/in`, `bytes/out`.

-- Where sessions are the host's, what passes them comes here by way of the host.
local on_host, host_filters = pcall(require, "host.filters")

local new_session_hooks = {}

local function prepare(session)
	if session.filters then
		return
	end
	local filters = {}
	session.filters = filters
	session.filter = function(kind, data)
		local list = filters[kind]
		if list then
			for i = 1, #list do
				data = list[i](data, session)
				if data == nil then break end
			end
		end
		return data
	end
end

-- Gives the session's filter function, and tells those who wait for new sessions.
local function initialize(session)
	prepare(session)
	for i = 1, #new_session_hooks do
		new_session_hooks[i](session)
	end
	return session.filter
end

-- Adds a filter behind those of its priority and above. The list holds its functions in order, and the priority of each by function.
local function add_filter(session, kind, callback, priority)
	if not session.filters then
		-- a session of the host was told of when it was new, whether anybody filtered it or not
		if on_host and host_filters.knows(session) then
			prepare(session)
		else
			initialize(session)
		end
	end
	local list = session.filters[kind]
	if not list then
		list = {}
		session.filters[kind] = list
		if on_host then
			list.disconnect = host_filters.connect(session, kind, function(data)
				return session.filter(kind, data)
			end)
		end
	elseif list[callback] then
		return
	end

	priority = priority or 0
	local position = 1
	while list[position] and list[list[position]] >= priority do
		position = position + 1
	end
	table.insert(list, position, callback)
	list[callback] = priority
end

local function remove_value(list, value)
	for i = 1, #list do
		if list[i] == value then
			table.remove(list, i)
			return
		end
	end
end

-- Gives true when the filter was there.
local function remove_filter(session, kind, callback)
	local list = session.filters and session.filters[kind]
	if not list or not list[callback] then
		return
	end
	list[callback] = nil
	remove_value(list, callback)
	if list.disconnect and list[1] == nil then
		list.disconnect()
		session.filters[kind] = nil
	end
	return true
end

local stop_watching

-- Calls a function for each session that is new from now on.
local function add_filter_hook(callback)
	new_session_hooks[#new_session_hooks + 1] = callback
	if on_host and not stop_watching then
		stop_watching = host_filters.watch(initialize)
	end
end

local function remove_filter_hook(callback)
	remove_value(new_session_hooks, callback)
	if stop_watching and #new_session_hooks == 0 then
		stop_watching()
		stop_watching = nil
	end
end

return {
	initialize = initialize,
	add_filter = add_filter,
	remove_filter = remove_filter,
	add_filter_hook = add_filter_hook,
	remove_filter_hook = remove_filter_hook,
}
