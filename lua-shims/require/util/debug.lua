-- Counterpart: util/debug.lua
-- Tracebacks that show the local variables; secrets are not shown.

local colours = require "util.termcolours"
local getinfo, getlocal, getupvalue = debug.getinfo, debug.getlocal, debug.getupvalue
local concat, insert = table.concat, table.insert
local format, rep, sub = string.format, string.rep, string.sub
local ipairs, pcall, tostring, type = ipairs, pcall, tostring, type

local secret_names = { password = true, passwd = true, pass = true, pwd = true }
local line_length = 65

local paint = colours.getstring
local styles = {
	boundary = colours.getstyle("bright"),
	file = colours.getstyle("bright", "blue"),
	number = colours.getstyle("green"),
	place = colours.getstyle("yellow"),
}

-- Each as { name = …, value = … }. Without a thread, levels count from the caller.
local function get_locals_table(thread, level)
	local list, index = {}, 1
	while true do
		local name, value
		if thread then
			name, value = getlocal(thread, level, index)
		else
			name, value = getlocal(level + 1, index)
		end
		if not name then
			return list
		end
		list[index] = { name = name, value = value }
		index = index + 1
	end
end

local function get_upvalues_table(func)
	local list = {}
	local index = 1
	local name, value
	if func then
		name, value = getupvalue(func, index)
	end
	while name do
		if name == "" then
			name = format("[%d]", index)
		end
		list[index] = { name = name, value = value }
		index = index + 1
		name, value = getupvalue(func, index)
	end
	return list
end

local function show_value(name, value, max_length)
	local text
	if type(value) ~= "string" then
		text = tostring(value)
	elseif secret_names[name:match("%a+$")] then
		text = "<hidden>"
	else
		text = format("%q", value)
	end
	if #text > max_length then
		text = sub(text, 1, max_length - 3) .. "…"
	end
	return text
end

-- "{ a = 1, b = 2 }", nil if there is nothing to show. Lines longer than `max_length` are broken.
local function string_from_var_table(variables, max_length, indent)
	max_length = max_length or math.huge
	local line_break = "\n" .. (indent or "")
	local text, column = "", 0
	for _, variable in ipairs(variables) do
		local name = variable.name
		-- Those of the interpreter are in parentheses.
		if sub(name, 1, 1) ~= "(" then
			local shown = name .. " = " .. show_value(name, variable.value, max_length)
			column = column + #shown
			if text ~= "" then
				text = text .. ", "
			end
			if column > max_length then
				text = text .. line_break
				column = 0
			end
			text = text .. shown
		end
	end
	if text == "" then
		return nil
	end
	return "{ " .. text .. " }"
end

local function get_traceback_table(thread, start_level)
	local levels = {}
	local level = start_level
	while true do
		local info
		if thread then
			info = getinfo(thread, level)
		else
			info = getinfo(level + 1)
		end
		if not info then
			return levels
		end
		insert(levels, {
			level = level,
			info = info,
			locals = get_locals_table(thread, level + 1),
			upvalues = get_upvalues_table(info.func),
		})
		level = level + 1
	end
end

local function boundary(source)
	local dashes = rep("-", (line_length - 6 - #source) // 2)
	local last = #source % 2 == 0 and "-v" or "v "
	return paint(styles.boundary, "v" .. dashes) .. " " .. paint(styles.file, source) .. " " .. paint(styles.boundary, dashes .. last)
end

local function place_of(info)
	local kind = info.namewhat
	if kind ~= "" then
		kind = kind .. " "
	end
	if info.short_src == "[C]" then
		local name = info.name and format("%q", info.name) or "(unknown name)"
		return "[ C ] " .. kind .. "C function " .. paint(styles.place, name)
	end
	local where = "[Lua] " .. paint(styles.place, info.short_src .. " line " .. info.currentline)
	if info.what == "main" then
		return where
	end
	if kind == "global " or kind == "local " then
		kind = kind .. "function "
	end
	local name = info.name and format("%q", info.name) or " "
	return where .. " in " .. kind .. paint(styles.place, name) .. " (defined on line " .. info.linedefined .. ")"
end

-- Takes what debug.traceback takes.
local function build_traceback(thread, message, level)
	if type(thread) == "string" then
		thread, message, level = nil, thread, message
	elseif thread ~= nil and type(thread) ~= "thread" then
		return nil
	end
	thread = thread or coroutine.running()
	local lines = { (message and message .. "\n" or "") .. "stack traceback:" }
	local last_source
	for index, entry in ipairs(get_traceback_table(thread, level or 0)) do
		local info = entry.info
		local source = info.short_src == "[C]" and "C code" or info.short_src or "Unknown"
		if source ~= last_source then
			last_source = source
			insert(lines, "\t " .. boundary(source))
		end
		local number = tostring(index - 1)
		local padding = rep(" ", #number)
		insert(lines, "\t" .. (index == 1 and ">" or " ") .. paint(styles.number, "(" .. number .. ") ") .. place_of(info))
		for title, variables in ipairs { entry.locals, entry.upvalues } do
			local shown = string_from_var_table(variables, line_length, "\t            " .. padding)
			if shown then
				insert(lines, "\t    " .. padding .. (title == 1 and "Locals: " or "Upvals: ") .. shown)
			end
		end
	end
	return concat(lines, "\n")
end

local function traceback(...)
	local ok, text = pcall(build_traceback, ...)
	if not ok then
		return "Error in error handling: " .. tostring(text)
	end
	return text
end

-- Makes it the traceback of everybody.
local function use()
	debug.traceback = traceback
end

return {
	get_locals_table = get_locals_table,
	get_upvalues_table = get_upvalues_table,
	string_from_var_table = string_from_var_table,
	get_traceback_table = get_traceback_table,
	traceback = traceback,
	use = use,
}
