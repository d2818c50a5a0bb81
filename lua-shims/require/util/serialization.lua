-- Counterpart: util/serialization.lua
-- Values as Lua source, in several layouts.

local concat = table.concat
local find, format, gsub, match, rep = string.find, string.format, string.gsub, string.match, string.rep
local envload = require "util.envload".envload
local to_hex = require "util.hex".to
local error, getmetatable, next, pcall, type = error, getmetatable, next, pcall, type
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

-- Steps through the list part first and in order, as Lua written in C does.
local function list_first(t)
	local size = 0
	while rawget(t, size + 1) ~= nil do
		size = size + 1
	end
	local index, key = 0, nil
	return function()
		if index < size then
			index = index + 1
			return index, rawget(t, index)
		end
		local value
		repeat
			key, value = next(t, key)
		until size == 0 or integer_or_float(key) ~= "integer" or key < 1 or key > size
		return key, value
	end
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
	local table_iterator = options.table_iterator or list_first

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

	-- Appends a value to `out` after its first `size` pieces; answers their new number.
	-- `seen` holds the tables that this one is in, or all that have been, unless they may be met more than once.
	local function write(value, out, size, depth, seen)
		if type(value) ~= "table" then
			out[size + 1] = plain(value)
			return size + 1
		end
		if seen[value] then
			out[size + 1] = fallback(value, "table has multiple references")
			return size + 1
		elseif depth > maxdepth then
			out[size + 1] = fallback(value, "max table depth reached")
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
					out[size + 1] = t
					return size + 1
				end
				if type(metatable.__name) == "string" then
					size = size + 1
					out[size] = metatable.__name
				end
			end
		end

		size = size + 1
		out[size] = tstart
		local before_item = itemstart .. rep(indentwith, depth)
		local next_index, empty = 1, true
		for key, item in table_iterator(t) do
			empty = false
			size = size + 1
			out[size] = before_item
			if key == next_index then
				next_index = next_index + 1
			elseif unquoted and type(key) == "string" and not keywords[key] and match(key, unquoted) then
				out[size + 1], out[size + 2] = key, equals
				size = size + 2
			else
				size = size + 1
				out[size] = kstart
				size = write(key, out, size, depth + 1, seen)
				out[size + 1], out[size + 2] = kend, equals
				size = size + 2
			end
			size = write(item, out, size, depth + 1, seen) + 1
			out[size] = itemsep
		end
		if not empty then
			-- Instead of the last separator.
			out[size] = itemlast
			size = size + 1
			out[size] = rep(indentwith, depth - 1)
		end
		size = size + 1
		out[size] = tend
		if multiref then
			seen[value] = nil
		end
		return size
	end

	return function(value)
		if type(value) ~= "table" then
			return plain(value)
		end
		local out = {}
		write(value, out, 0, 1, {})
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
