-- Counterpart: util/serialization.lua
-- Values as Lua source, in several layouts.

local concat = table.concat
local find, format, gsub, match, rep = string.find, string.format, string.gsub, string.match, string.rep
local envload = require "util.envload".envload
local to_hex = require "util.hex".to
local error, getmetatable, next, pcall, rawget, setmetatable, type = error, getmetatable, next, pcall, rawget, setmetatable, type
local integer_or_float = math.type

local function refuse(value, why)
	error("Can't serialize " .. type(value) .. (why and ": " .. why or ""))
end

local function describe(value, why)
	return format("{__type=%q,__error=%q}", type(value), why or "fail")
end

local escapes = {}
for code = 0, 255 do
	escapes[string.char(code)] = format("\\%03d", code)
end
for letter, byte in next, { a = "\a", b = "\b", f = "\f", n = "\n", r = "\r", t = "\t", v = "\v" } do
	escapes[byte] = "\\" .. letter
end
for _, byte in next, { "\\", '"', "'" } do
	escapes[byte] = "\\" .. byte
end
local to_escape = "[%z\1-\31\"'\\\127-\255]"

local function quote(text)
	if find(text, to_escape) then
		text = gsub(text, to_escape, escapes)
	end
	return '"' .. text .. '"'
end

local function number_text(number)
	if integer_or_float(number) == "integer" then
		return format("%d", number)
	elseif number ~= number then
		return "(0/0)"
	elseif number == math.huge then
		return "(1/0)"
	elseif number == -math.huge then
		return "(-1/0)"
	end
	return format("%.18g", number)
end

local lua_keywords = {}
for word in
	string.gmatch(
		"and break do else elseif end false for function goto if in local nil not or repeat return then true until while",
		"%a+"
	)
do
	lua_keywords[word] = true
end

-- What the presets lay down, and what they only propose.
local presets = {
	debug = {
		always = { freeze = true, fatal = false, fallback = describe, unquoted = true },
		unless_given = { indentwith = "", itemstart = " ", itemlast = "", tend = " }" },
	},
	oneline = { unless_given = { indentwith = "", itemstart = " ", itemlast = "", tend = " }" } },
	compact = {
		always = { unquoted = true },
		unless_given = { indentwith = "", itemstart = "", itemlast = "", equals = "=" },
	},
	pretty = { always = { fatal = false, freeze = true, unquoted = true } },
}

local function with_preset(given)
	local options = {}
	if type(given) ~= "table" then
		given = { preset = given }
	end
	for name, value in next, given do
		options[name] = value
	end
	local preset = given.preset and presets[given.preset]
	if preset then
		for name, value in next, preset.always or {} do
			options[name] = value
		end
		for name, value in next, preset.unless_given or {} do
			options[name] = options[name] or value
		end
	end
	return options
end

-- A function that serializes with these options: a preset's name or a table.
-- Options: preset, fatal, fallback(value, why), freeze (asks __freeze of metatables), unquoted (true or a pattern of keys
-- that need no quotes), keywords, hex (a prefix for strings that are shorter so), maxdepth, multiref, table_iterator, and
-- the layout: indentwith, itemstart, itemsep, itemlast, tstart, tend, kstart, kend, equals.
local function new(given)
	local options = with_preset(given)
	local fallback = options.fallback or options.fatal == false and describe or refuse
	local keywords = options.keywords or lua_keywords
	local indentwith = options.indentwith or "\t"
	local itemstart = options.itemstart or "\n"
	local itemsep = options.itemsep or ";"
	local itemlast = options.itemlast or ";\n"
	local tstart, tend = options.tstart or "{", options.tend or "}"
	local kstart, kend = options.kstart or "[", options.kend or "]"
	local equals = options.equals or " = "
	local unquoted = options.unquoted
	if unquoted == true then
		unquoted = "^[%a_][%w_]*$"
	end
	local hex, freeze, multiref = options.hex, options.freeze, options.multiref
	local maxdepth = options.maxdepth or 127
	local table_iterator = options.table_iterator
	local after_key = kend .. equals
	-- By depth.
	local indents = setmetatable({ [0] = "" }, {
		__index = function(indents, depth)
			local indent = rep(indentwith, depth)
			indents[depth] = indent
			return indent
		end,
	})

	local function string_text(text)
		local quoted = quote(text)
		if type(hex) == "string" and #quoted > #text * 2 + 2 + #hex then
			return hex .. '"' .. to_hex(text) .. '"'
		end
		return quoted
	end

	local function plain(value)
		local kind = type(value)
		if kind == "string" then
			return string_text(value)
		elseif kind == "number" then
			return number_text(value)
		elseif kind == "boolean" then
			return value and "true" or "false"
		elseif kind == "nil" then
			return "nil"
		end
		return fallback(value)
	end

	-- Each of these appends to `out` after its first `size` pieces and answers their new number. Pieces are few and long,
	-- since joining many costs more here than making them.
	-- `seen` holds the tables that this one is in, or all that have been, unless they may be met more than once.
	local write_table

	-- What stands before the value is `start`.
	local function write(start, value, out, size, depth, seen)
		if type(value) == "table" then
			return write_table(start, value, out, size, depth, seen)
		end
		out[size + 1] = start .. plain(value)
		return size + 1
	end

	local function write_pair(start, key, value, out, size, depth, seen)
		if type(key) == "table" then
			size = write_table(start .. kstart, key, out, size, depth, seen)
			return write(after_key, value, out, size, depth, seen)
		elseif unquoted and type(key) == "string" and not keywords[key] and match(key, unquoted) then
			return write(start .. key .. equals, value, out, size, depth, seen)
		end
		return write(start .. kstart .. plain(key) .. after_key, value, out, size, depth, seen)
	end

	function write_table(start, value, out, size, depth, seen)
		if seen[value] then
			out[size + 1] = start .. fallback(value, "table has multiple references")
			return size + 1
		elseif depth > maxdepth then
			out[size + 1] = start .. fallback(value, "max table depth reached")
			return size + 1
		end
		local t = value
		seen[value] = true

		if freeze == true then
			local metatable = getmetatable(t)
			local frozen = type(metatable) == "table" and metatable.__freeze
			if type(frozen) == "function" then
				t = frozen(t)
				if type(t) == "string" then
					out[size + 1] = start .. t
					return size + 1
				end
				if type(metatable.__name) == "string" then
					start = start .. metatable.__name
				end
			end
		end

		-- The first item is preceded by the table's beginning, the others by a separator.
		start = start .. tstart
		local item_layout = itemstart .. indents[depth]
		local before = start .. item_layout
		local between = itemsep .. item_layout
		local next_index = 1
		if table_iterator then
			for key, item in table_iterator(t) do
				if key == next_index then
					next_index = next_index + 1
					size = write(before, item, out, size, depth + 1, seen)
				else
					size = write_pair(before, key, item, out, size, depth + 1, seen)
				end
				before = between
			end
		else
			-- The list part first and in order, as Lua written in C does.
			local item = rawget(t, 1)
			while item ~= nil do
				size = write(before, item, out, size, depth + 1, seen)
				before = between
				next_index = next_index + 1
				item = rawget(t, next_index)
			end
			for key, other in next, t do
				if integer_or_float(key) ~= "integer" or key < 1 or key >= next_index then
					size = write_pair(before, key, other, out, size, depth + 1, seen)
					before = between
				end
			end
		end
		if before == between then
			out[size + 1] = itemlast .. indents[depth - 1] .. tend
		else
			out[size + 1] = start .. tend
		end
		if multiref then
			seen[value] = nil
		end
		return size + 1
	end

	return function(value)
		if type(value) ~= "table" then
			return plain(value)
		end
		local out = {}
		write_table("", value, out, 0, 1, {})
		return concat(out)
	end
end

local function deserialize(text)
	if type(text) ~= "string" then
		return nil
	end
	local chunk, message = envload("return " .. text, "=serialized data", {})
	if not chunk then
		return nil, message
	end
	local ok, value = pcall(chunk)
	if not ok then
		return nil, value
	end
	return value
end

local serialize_default = new()

local function serialize(value, options)
	if options == nil then
		return serialize_default(value)
	end
	return new(options)(value)
end

return { new = new, serialize = serialize, deserialize = deserialize }
