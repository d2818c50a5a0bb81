-- Counterpart: util/human/io.lua
-- Text for people: tables, cut and padded columns, durations; and questions on a terminal.

local array = require "util.array"
local concat = table.concat
local floor, max, tointeger = math.floor, math.max, math.tointeger
local lower, match, rep, sub = string.lower, string.match, string.rep, string.sub
local ipairs, pcall, print, tonumber, tostring, type = ipairs, pcall, print, tonumber, tostring, type
local io, os = io, os
local utf8_len, utf8_offset = utf8.len, utf8.offset

local function read(what)
	local ok, text = pcall(io.read, what)
	if ok then
		return text
	end
end

local function stty(settings)
	return os.execute("stty " .. settings .. " 2>/dev/null")
end

-- The next key, without waiting for the line's end where that is possible.
local function getchar(n)
	if stty("raw -echo") then
		local char = read(n or 1)
		stty("sane")
		return char
	end
	local line = read("*l")
	return line and sub(line, 1, n or 1)
end

local function getline()
	return read("*l")
end

-- A line that is not shown.
local function getpass()
	local quiet = stty("-echo")
	if not quiet then
		io.write("\27[08m") -- hidden text
	end
	local password = read("*l")
	if quiet then
		stty("sane")
	else
		io.write("\27[00m")
	end
	io.write("\n")
	return password
end

-- Whether the answer is yes; the capital letter of a prompt like "[Y/n]" is the default.
local function show_yesno(prompt)
	io.write(prompt, " ")
	local choice = lower(getchar())
	io.write("\n")
	if not match(choice, "%a") then
		choice = match(prompt, "%[.-(%U).-%]$")
		if not choice then
			return nil
		end
	end
	return choice == "y"
end

-- Asks for a new password twice; nil if it is cancelled.
local function read_password()
	while true do
		io.write("Enter new password: ")
		local password = getpass()
		if not password then
			print("No password - cancelled")
			return
		end
		io.write("Retype new password: ")
		if getpass() == password then
			return password
		end
		if not show_yesno("Passwords did not match, try again? [Y/n]") then
			return
		end
	end
end

local function show_prompt(prompt)
	io.write(prompt, " ")
	local line = getline()
	if line and line ~= "" then
		return line
	end
	return nil
end

local function printf(template, ...)
	print(template:format(...))
end

-- In characters; text that is no UTF-8 is counted in bytes.
local function len(text)
	return utf8_len(text) or #text
end

local function padright(text, width)
	return text .. rep(" ", width - len(text))
end

local function padleft(text, width)
	return rep(" ", width - len(text)) .. text
end

-- The first characters of a text.
local function cut(text, length)
	if not utf8_len(text) then
		return sub(text, 1, length)
	end
	local stop = utf8_offset(text, length + 1)
	return stop and sub(text, 1, stop - 1) or text
end

-- The columns of a terminal; this Lua has none of its own, but its user may say how many.
local function term_width(default)
	return tonumber(os.getenv("COLUMNS") or default)
end

-- Text that is too long ends with an ellipsis.
local function ellipsis(text, width)
	if len(text) <= width then
		return text
	elseif width <= 1 then
		return "…"
	end
	return cut(text, width - 1) .. "…"
end

local separator = " | "

local function proportion(column)
	local width = column.width
	return type(width) == "string" and match(width, "[p%%]$") and tonumber(match(width, "([%d%.]+)[p%%]"))
end

local function column_widths(columns, total)
	local widths, proportions = {}, 0
	local free = total - #separator * (#columns - 1)
	for index, column in ipairs(columns) do
		local part = proportion(column)
		if part then
			proportions = proportions + part
		else
			local title = column.title
			local width = max(tonumber(column.width or "0"), title and #title + 1 or 0)
			widths[index] = width
			free = free - width
		end
	end
	for index, column in ipairs(columns) do
		if not widths[index] then
			widths[index] = floor(free * (proportion(column) / proportions))
		end
	end
	return widths
end

-- A function that gives a row of a table as a line, or without a row the line of titles; and the width of all.
-- Columns: width (a number, or a share as "2p" or "50%"), key, title, mapper(value, row, width, column), default, align,
-- ellipsis.
local function new_table(columns, max_width)
	max_width = max_width or term_width(80)
	local widths = column_widths(columns, max_width)

	local function cell(column, width, value)
		if value == nil then
			value = column.default or ""
		else
			value = tostring(value)
		end
		local length = len(value)
		if length > width then
			return (column.ellipsis or ellipsis)(value, width)
		elseif length == width then
			return value
		elseif column.align == "right" then
			return padleft(value, width)
		end
		return padright(value, width)
	end

	return function(row)
		local titles = not row and array.pluck(columns, "title", "")
		local cells = {}
		for index, column in ipairs(columns) do
			local width, value = widths[index], nil
			if titles then
				value = titles[index]
			else
				value = row[column.key or index]
				if column.mapper then
					value = column.mapper(value, row, width, column)
				end
			end
			cells[index] = cell(column, width, value)
		end
		return concat(cells, separator)
	end, max_width
end

local seconds_of = {
	s = 1,
	min = 60,
	h = 3600,
	ho = 3600,
	d = 86400,
	w = 604800,
	mon = 2678400,
	y = 31556952.0,
}
-- Where minutes and months may be told by less.
local lax_seconds_of = { m = seconds_of.mon, mo = seconds_of.mon, mi = seconds_of.min }
for unit, seconds in pairs(seconds_of) do
	lax_seconds_of[unit] = lax_seconds_of[unit] or seconds
end

local function times(count, seconds)
	local product = tonumber(count) * 1.0 * seconds
	if math.type(seconds) == "integer" then
		return tointeger(product) or product
	end
	return product
end

-- Seconds of "3 d" and the like; nil if the unit is unknown.
local function parse_duration(text)
	local count, unit = match(lower(text), "(%d+)%s*([smhdwy]?[io]?n?)")
	if not count or not seconds_of[unit] then
		return nil
	end
	return times(count, seconds_of[unit])
end

-- The same, where an unknown unit stands for seconds.
local function parse_duration_lax(text)
	local count, unit = match(lower(text), "(%d+)%s*([smhdwy]?[io]?)")
	if not count then
		return nil
	end
	return times(count, lax_seconds_of[unit] or 1)
end

return {
	getchar = getchar,
	getline = getline,
	getpass = getpass,
	show_yesno = show_yesno,
	read_password = read_password,
	show_prompt = show_prompt,
	printf = printf,
	padleft = padleft,
	padright = padright,
	term_width = term_width,
	ellipsis = ellipsis,
	table = new_table,
	parse_duration = parse_duration,
	parse_duration_lax = parse_duration_lax,
}
